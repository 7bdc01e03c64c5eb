import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../../../local/twin/endpoints-file.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** A program of `examples/`, as somebody starts it who was pointed at a local stack. */
export class ExampleProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #said = '';
  #waiting: (() => void)[] = [];

  constructor([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv, cwd = EXAMPLES) {
    this.#child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'], ...env } });
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve(null));
      this.#child.once('close', resolve);
    });
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => this.#hear(line));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    void this.#ended.then(() => this.#wake());
  }

  /** Resolves with the first line that matches; rejects with what the program complained of if it ended before. */
  async line(pattern: RegExp): Promise<string> {
    let ended = false;
    void this.#ended.then(() => (ended = true));
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (ended) throw new Error(`it ended without a line like ${pattern.source}:\n${this.#said}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await Promise.resolve();
    }
  }

  /** Resolves once it has ended by itself. */
  async ended(): Promise<{ code: number | null; said: string }> {
    return { code: await this.#ended, said: this.#said };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #hear(line: string): void {
    this.lines.push(line);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The command of an example in TypeScript. The package is this checkout, by its sources. */
export function typescript(path: string, ...args: string[]): string[] {
  return [process.execPath, '--conditions=surehook-source', path, ...args];
}

/** What the examples' README exports. */
export function exported({ aws, region, functions }: Endpoints): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ENQUEUE_FUNCTION: functions['enqueue'] ?? '',
  };
}
