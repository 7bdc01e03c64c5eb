import { createWriteStream, openSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { FunctionLogLine } from '../aws/lambda/service.ts';

/** A log file that has grown beyond this is set aside and replaces the one set aside before. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;
/** How much may wait in memory for a slow disk; lines beyond that are dropped and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Callers are told about their own mistakes; on the terminal these would be noise. */
const CALLERS_MISTAKE =
  /"errorType":"(?:InvalidRequest|PayloadTooLarge|WorkflowRunNotFound|WorkflowRunHasNoOrganization|OrganizationMismatch|DeliveryNotFound|OrderNotFound)"/;

/** Bytes. */
type LogLimits = { file: number; waiting: number };

/** The functions' output goes to `functions.log` in the data folder; faults also go to the terminal. */
export function openFunctionLog(
  dataDir: string,
  say: (line: string) => void,
  limits: LogLimits = { file: MAX_LOG_BYTES, waiting: MAX_WAITING_BYTES },
) {
  const file = new BoundedFile(join(dataDir, 'functions.log'), limits);
  return {
    write({ functionName, stream: source, text }: FunctionLogLine): void {
      file.write(`${functionName} ${text}\n`);
      const isWrong = text.includes('"level":"ERROR"') && !CALLERS_MISTAKE.test(text);
      if (source === 'platform' || isWrong) say(`${functionName}: ${text.slice(0, 300)}`);
    },
    close: () => file.close(),
  };
}

/** A file of lines and its predecessor; neither exceeds the limit by more than a line. */
class BoundedFile {
  readonly #path: string;
  readonly #limits: LogLimits;
  #stream: WriteStream;
  #bytes: number;
  #leftOut = 0;

  constructor(path: string, limits: LogLimits) {
    this.#path = path;
    this.#limits = limits;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#stream = this.#open();
  }

  write(line: string): void {
    if (this.#bytes > this.#limits.file) this.#putAside();
    if (this.#stream.writableLength > this.#limits.waiting) {
      this.#leftOut += 1;
      return;
    }
    this.#bytes += Buffer.byteLength(line);
    this.#stream.write(this.#whatIsLeftOut() + line);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(this.#whatIsLeftOut(), resolve));
  }

  #whatIsLeftOut(): string {
    const lines = this.#leftOut;
    this.#leftOut = 0;
    return lines === 0 ? '' : `surehook: the disk was too slow for ${lines} lines\n`;
  }

  /** Immediately, so that a rename finds it. */
  #open(): WriteStream {
    const stream = createWriteStream(this.#path, { fd: openSync(this.#path, 'a', 0o600) });
    // A full disk must not end the stack because of its log.
    stream.on('error', () => undefined);
    return stream;
  }

  /** Waiting lines go to the file they were written for, whatever its name is by then. */
  #putAside(): void {
    this.#bytes = 0;
    const full = this.#stream;
    try {
      renameSync(this.#path, `${this.#path}.1`);
      this.#stream = this.#open();
      full.end();
    } catch {
      // The disk or the folder does not allow it: the full file is used until the next try.
    }
  }
}
