import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../local/free-port.ts';
import type { Endpoints } from '../../../local/twin/endpoints-file.ts';
import { withDescendants } from './processes.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
/** What stands in package.json behind `exec node`: flags of Node, and the entry. */
export const START_ARGUMENTS = startArguments();
/** Between being told and being taken, somebody else may take a free port. */
const PORT_TRIES = 5;
/** A first start on a machine with better things to do, ms. */
const READY_WITHIN_MS = 180_000;
/** Twice what the contract allows a stop, ms. */
const STOP_WITHIN_MS = 20_000;

export type StackEnd = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

function startArguments(): string[] {
  const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [, words] = /^exec node (.*)$/.exec(manifest.scripts.start) ?? [];
  if (words === undefined) throw new Error('npm start is not what it was');
  return words.split(' ');
}

/** A folder for one stack's data, which nobody needs afterwards. */
export function makeDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-e2e-'));
  // As the contract allows: closed to others, although PostgreSQL runs as somebody else.
  chmodSync(folder, 0o700);
  return folder;
}

export function removeDataDir(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What `npm start` runs, in a process group of its own; ended for sure when this process ends, however it ends. */
export class StackProcess {
  readonly pid: number;
  readonly ended: Promise<StackEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  /**
   * @param circumstances words of a command that runs the stack, as somebody else or by a shell; `npm start`'s come after them
   * @param options what stands behind `npm start --`
   * @param project the checkout whose stack it is
   */
  constructor(
    environment: Readonly<Record<string, string>>,
    circumstances: readonly string[] = [],
    options: readonly string[] = [],
    project = PROJECT,
  ) {
    const [program = '', ...words] = [...circumstances, process.execPath, ...START_ARGUMENTS, ...options];
    this.#child = spawn(program, words, {
      detached: true,
      cwd: project,
      // Nothing of this machine's own settings may reach the stack.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ code: null, signal: null, stdout: '', stderr: error.message }));
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    this.pid = this.#child.pid ?? 0;
    if (this.pid > 0) this.#endWithThisProcess();
  }

  get output(): string {
    return this.#stdout;
  }

  /** To the one process alone, as `kill` does it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** By SIGTERM; rejects, with everybody killed, when it is still there after 20 s. */
  async stop(): Promise<StackEnd> {
    this.signal('SIGTERM');
    return this.#within(STOP_WITHIN_MS, this.ended, 'did not stop');
  }

  /** As `endpoints.json` says; or how it ended instead; rejects, with everybody killed, when it is not ready after 180 s. */
  ready(dataDir: string): Promise<Endpoints | StackEnd> {
    return this.#within(READY_WITHIN_MS, Promise.race([readEndpoints(dataDir, this), this.ended]), 'was not ready');
  }

  async #within<T>(ms: number, awaited: Promise<T>, otherwise: string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`the stack ${otherwise} within ${ms / 1000} s:\n${this.#stdout}${this.#stderr}`));
      void this.killGroup();
    }, ms);
    return Promise.race([awaited, late.promise]).finally(() => clearTimeout(timer));
  }

  /** The whole process group, at once and without a word; resolves when the stack's own process is gone. */
  async killGroup(): Promise<void> {
    try {
      if (this.pid > 0) process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left.
    }
    await this.ended;
  }

  /** A shell that waits for the end of its input, which is this process's end, and kills the group. */
  #endWithThisProcess(): void {
    const script = 'while read -r line; do :; done; kill -KILL "-$1"';
    const watchdog = spawn('/bin/sh', ['-c', script, 'surehook-test-watchdog', String(this.pid)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.unref();
    watchdog.stdin?.on('error', () => undefined);
    void this.ended.then(() => watchdog.kill('SIGKILL'));
  }
}

export type StartedStack = {
  process: StackProcess;
  endpoints: Endpoints;
  /** From the spawn to the file that says it is ready. */
  secondsToReady: number;
};

/** Starts a stack on this folder and a free port; settles when it is ready. Throws with its last words when it ends instead. */
export async function startStack(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
  circumstances: readonly string[] = [],
  project = PROJECT,
): Promise<StartedStack> {
  for (let tries = 1; ; tries++) {
    const port = settings['PORT'] ?? String(await freePort());
    const begunAt = performance.now();
    const stack = new StackProcess({ ...settings, DATA_DIR: dataDir, PORT: port }, circumstances, [], project);
    const ready = await stack.ready(dataDir);
    const secondsToReady = (performance.now() - begunAt) / 1000;
    if ('aws' in ready) return { process: stack, endpoints: ready, secondsToReady };
    const portWasTaken = /port \d+ .* is taken/.test(ready.stderr);
    if (!portWasTaken || tries === PORT_TRIES) throw new Error(`the stack did not start: ${ready.stderr}`);
  }
}

/** The file of an earlier start may still lie there: it is ready when the file is this one's. */
function readEndpoints(dataDir: string, { pid, ended }: StackProcess): Promise<Endpoints> {
  const file = join(dataDir, 'endpoints.json');
  return new Promise((resolve) => {
    const look = (): void => {
      const endpoints = readIfThere(file);
      // A shell or npm may stand between.
      if (endpoints === undefined || !withDescendants(pid).includes(endpoints.pid)) return;
      watcher.close();
      resolve(endpoints);
    };
    const watcher = watch(dataDir, look);
    void ended.then(() => watcher.close());
    look();
  });
}

function readIfThere(file: string): Endpoints | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Endpoints;
  } catch {
    return undefined;
  }
}
