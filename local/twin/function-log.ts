import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { FunctionLogLine } from '../aws/lambda/service.ts';

/** A log file that has grown past this at a start is put aside; one such is kept. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** Callers' mistakes are told to the caller: on the terminal they would be noise. */
const CALLERS_MISTAKE =
  /"errorType":"(?:InvalidRequest|PayloadTooLarge|WorkflowRunNotFound|WorkflowRunHasNoOrganization|OrganizationMismatch|NotADeadLetter)"/;

/** What the functions write goes to `functions.log` in the data folder, and what is wrong to the terminal, too. */
export function openFunctionLog(dataDir: string, say: (line: string) => void) {
  const file = join(dataDir, 'functions.log');
  putAside(file);
  const stream: WriteStream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  // A full disk must not end the stack because of its log.
  stream.on('error', () => undefined);
  return {
    write({ functionName, stream: source, text }: FunctionLogLine): void {
      stream.write(`${functionName} ${text}\n`);
      const isWrong = text.includes('"level":"ERROR"') && !CALLERS_MISTAKE.test(text);
      if (source === 'platform' || isWrong) say(`${functionName}: ${text.slice(0, 300)}`);
    },
    close: () => new Promise<void>((resolve) => stream.end(resolve)),
  };
}

function putAside(file: string): void {
  try {
    if (statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // There is none yet.
  }
}
