import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Where a command reads and writes. */
export type Terminal = {
  /** What was asked for: standard output, a line each. */
  print(line: string): void;
  /** What is said beside it: standard error. */
  say(line: string): void;
  /** A passing line, on a terminal only; the next one takes its place, and an empty one takes it away. */
  progress(line: string): void;
  /** In colour where standard output is a terminal that shows any, and NO_COLOR does not forbid it. */
  styled(style: Style, text: string): string;
  /** Whether somebody can be asked. */
  readonly interactive: boolean;
  /** Width of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Asks for yes or no; anything but `y` and `yes` is no. */
  ask(question: string): Promise<boolean>;
  /** All of standard input. */
  readInput(): Promise<string>;
};

export function processTerminal({ stdin, stdout, stderr }: NodeJS.Process): Terminal {
  // Whoever reads has seen enough (`| head`): the command goes on without words.
  const onFault = (fault: NodeJS.ErrnoException): void => {
    if (fault.code !== 'EPIPE') throw fault;
  };
  stdout.on('error', onFault);
  stderr.on('error', onFault);
  const passing = { shown: false };
  const clear = (): void => {
    if (passing.shown) stderr.write('\r\u001B[K');
    passing.shown = false;
  };
  return {
    print: (line) => {
      clear();
      stdout.write(`${line}\n`);
    },
    say: (line) => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(line);
      passing.shown = line !== '';
    },
    styled: (style, text) => styleText(style, text, { stream: stdout }),
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    columns: stdout.isTTY ? stdout.columns : undefined,
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
    async readInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer));
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
