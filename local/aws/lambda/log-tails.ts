import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FunctionLogLine } from './lambda-function.ts';

/** "the last 4 KB of the execution log" (Invoke, LogType) */
const TAIL_BYTES = 4 * 1024;

/** The ends of the logs of those invocations whose caller asked for them. */
export class LogTails {
  readonly #tails = new Map<string, string>();

  follow(requestId: string): void {
    this.#tails.set(requestId, '');
  }

  /** The same log, heard on the way. */
  heard(log: (line: FunctionLogLine) => void): (line: FunctionLogLine) => void {
    return (line) => {
      const { requestId = '', text } = line;
      const tail = this.#tails.get(requestId);
      if (tail !== undefined) this.#tails.set(requestId, `${tail}${text}\n`.slice(-TAIL_BYTES));
      log(line);
    };
  }

  /** What an invocation wrote, once it is over; follows it no longer. */
  async take(requestId: string): Promise<string> {
    // A process writes its lines before its answer, but they come by another pipe.
    await nextTurn();
    await nextTurn();
    const tail = this.#tails.get(requestId) ?? '';
    this.#tails.delete(requestId);
    return tail;
  }
}
