import { runProgram } from '../../cli/run-program.ts';
import type { Terminal } from '../../cli/terminal.ts';

export type Said = { code: number; out: string; err: string };

export type Circumstances = {
  /** Standard input. */
  input?: string;
  /** What somebody at the terminal answers; without it nobody can be asked. */
  answers?: boolean;
  env?: Readonly<Record<string, string>>;
  now?: string;
  /** What happens before somebody ends a command that runs until then. */
  untilInterrupted?: (said: { out: string }) => Promise<unknown>;
};

/** Runs one command as a shell does, with everything that it says. */
export async function surehook(args: readonly string[], circumstances: Circumstances = {}): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = scriptedTerminal(circumstances, { out, err });
  const code = await runProgram(args, {
    // A stack that runs beside the tests is none of theirs.
    env: { DATA_DIR: '/nowhere/.surehook', ...circumstances.env },
    terminal,
    nowMs: () => Date.parse(circumstances.now ?? '2026-11-26T12:00:00Z'),
    wait: async () => undefined,
    untilInterrupted: async () => circumstances.untilInterrupted?.({ out: out.join('\n') }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** A terminal whose reader and writer is a test. */
export function scriptedTerminal(
  { input = '', answers }: Circumstances,
  { out, err }: { out: string[]; err: string[] },
): Terminal {
  return {
    print: (line) => void out.push(line),
    say: (line) => void err.push(line),
    progress: () => undefined,
    styled: (_style, text) => text,
    interactive: answers !== undefined,
    columns: undefined,
    async ask(question) {
      err.push(question);
      return answers ?? false;
    },
    readInput: async () => input,
  };
}
