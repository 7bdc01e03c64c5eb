import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** `endpoints.json`, as far as measurements need it. */
export type StackEndpoints = {
  aws: string;
  region: string;
  pid: number;
  functions: Record<string, string>;
  queues: Record<string, string>;
  database: { resourceArn: string; secretArn: string; database: string };
};

export type RunningStack = {
  endpoints: StackEndpoints;
  /** From the spawn to the file that says it is ready. */
  secondsToReady: number;
  /** What it wrote to the terminal so far. */
  said(): string;
  /** Resolves when it has ended by itself or by a signal. */
  exited: Promise<void>;
  /** SIGTERM; rejects when it is still there after 20 s. */
  stop(): Promise<void>;
  /** SIGKILL to the whole process group, as a power cut would come to it. */
  killGroup(): Promise<void>;
};

export type StackPlan = {
  port: number;
  dataDir: string;
  /** Settings of `npm start`; nothing else of this process's environment that could be one reaches it. */
  settings?: Readonly<Record<string, string>>;
};

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** A first start on a machine with better things to do. */
const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 10;

/** Runs what `npm start` runs, in a process group of its own; resolves when it is ready. */
export async function startStack({ port, dataDir, settings = {} }: StackPlan): Promise<RunningStack> {
  const begunAt = performance.now();
  const child = spawn(process.execPath, [join('local', 'start.js')], {
    cwd: PROJECT,
    env: { ...withoutSettings(process.env), ...settings, PORT: String(port), DATA_DIR: dataDir },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listen = (chunk: string): void => void (text = (text + chunk).slice(-100_000));
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  const exited = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const endpoints = await untilReady(child, join(dataDir, 'endpoints.json'), () => text);
  return {
    endpoints,
    secondsToReady: (performance.now() - begunAt) / 1000,
    said: () => text,
    exited,
    async stop() {
      signal(child, 'SIGTERM');
      const late = new AbortController();
      const tooLate = pause(STOP_WITHIN_MS, 'too late' as const, { signal: late.signal }).catch(() => undefined);
      if ((await Promise.race([exited, tooLate])) === 'too late') {
        killGroup(child);
        throw new Error(`the stack did not stop within ${STOP_WITHIN_MS / 1000} s:\n${text.slice(-2_000)}`);
      }
      late.abort();
    },
    async killGroup() {
      killGroup(child);
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess, file: string, said: () => string): Promise<StackEndpoints> {
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the stack did not start:\n${said()}`);
    const endpoints = readEndpoints(file);
    // A killed stack leaves its file behind.
    if (endpoints?.pid === child.pid) return endpoints as StackEndpoints;
    await pause(LOOK_EVERY_MS);
  }
  killGroup(child);
  throw new Error(`the stack was not ready after ${READY_WITHIN_MS / 1000} s:\n${said()}`);
}

/** Written by rename: what is there is whole. */
function readEndpoints(file: string): StackEndpoints | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StackEndpoints;
  } catch {
    return undefined;
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Everybody has gone already.
  }
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(?:WEBHOOK_|EGRESS_|CREDENTIAL_PREFIX|REGISTER_)/.test(name)),
  );
}
