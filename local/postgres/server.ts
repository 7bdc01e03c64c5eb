import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { commandFor, type Launch } from './command.ts';
import { watchOver } from './watchdog.ts';

export type ServerExit = { code: number | null; signal: NodeJS.Signals | null };

export type Server = {
  pid: number;
  port: number;
  exited: Promise<ServerExit>;
  stop(): Promise<void>;
};

export type ServerPlan = {
  launch: Launch;
  dataFolder: string;
  logFile: string;
  settings: Readonly<Record<string, string>>;
  /** Undefined: a free one. */
  port: number | undefined;
};

/** Why a server did not start, and the line of its log that says so. */
export type ServerFailure = { kind: 'folder in use' | 'port taken' | 'broken'; said: string };

/** How long an orderly shutdown may take, ms: fast shutdown, then immediate, then none. Together 5 s. */
const FAST_SHUTDOWN_MS = 4000;
const IMMEDIATE_SHUTDOWN_MS = 1000;
/** Replaying the log of a busy day takes a while; after this long it is stuck. */
const READY_WITHIN_MS = 120_000;
const POLL_MS = 15;
/** A setting unknown to PostgreSQL: it shows which folder a server uses when its `-D` does not. */
const FOLDER_SETTING = 'surehook.data_folder';
/** An older log is put aside (one generation) when it has grown to this many bytes. */
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * Starts `postgres` itself on a free port of 127.0.0.1; resolves when it accepts connections, or with the reason why it does
 * not.
 */
export async function startServer(plan: ServerPlan): Promise<Server | ServerFailure> {
  // PostgreSQL cannot choose one itself. Until its bind another program may take it: `port taken`.
  const port = plan.port ?? (await freePort());
  turnLog(plan.logFile);
  const log = openSync(plan.logFile, 'a', 0o600);
  const logStart = fstatSync(log).size;
  const child = spawnServer(plan, port, log);
  closeSync(log);
  let end: ServerExit | { error: Error } | undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('error', (error) => resolve(((end = { error }), { code: null, signal: null })));
    child.once('exit', (code, signal) => resolve((end ??= { code, signal }) && { code, signal }));
  });
  const { pid } = child;
  if (pid === undefined) {
    await exited;
    return {
      kind: 'broken',
      said: end !== undefined && 'error' in end ? end.error.message : 'it could not be spawned',
    };
  }
  const callOff = watchOver(pid);
  void exited.then(callOff);
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
    if (isReady(plan.dataFolder, pid)) return { pid, port, exited, stop: () => stop(child, exited) };
    if (end !== undefined) return judge(readFrom(plan.logFile, logStart));
    await Promise.race([pause(POLL_MS), exited]);
  }
  await stop(child, exited);
  return { kind: 'broken', said: `not ready after ${READY_WITHIN_MS / 1000} s` };
}

function spawnServer({ launch, dataFolder, settings }: ServerPlan, port: number, log: number): ChildProcess {
  const all = { ...settings, port: String(port), ...(launch.fromInside ? { [FOLDER_SETTING]: dataFolder } : {}) };
  const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { command, args, options } = commandFor(launch, 'postgres', dataFolder, words);
  return spawn(command, args, {
    ...options,
    // A separate session: Ctrl-C in the terminal must not stop the database before the processes that still write to it.
    detached: true,
    stdio: ['ignore', log, log],
  });
}

/** postmaster.pid holds the pid in its first line and, in its eighth, `ready` once connections are taken. */
function isReady(dataFolder: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** PostgreSQL's exit status is 1 for everything; only its log, in English by LC_ALL=C, tells the cases apart. */
function judge(log: string): ServerFailure {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const said = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? 'it ended without a message';
  if (/lock file ".*" already exists|pre-existing shared memory block/.test(said)) {
    return { kind: 'folder in use', said };
  }
  if (/could not bind .*Address already in use/.test(log)) return { kind: 'port taken', said };
  return { kind: 'broken', said };
}

async function stop(child: ChildProcess, exited: Promise<ServerExit>): Promise<void> {
  child.kill('SIGINT');
  const impatience = new AbortController();
  const insist = async (): Promise<void> => {
    await pause(FAST_SHUTDOWN_MS, undefined, { signal: impatience.signal });
    child.kill('SIGQUIT');
    await pause(IMMEDIATE_SHUTDOWN_MS, undefined, { signal: impatience.signal });
    child.kill('SIGKILL');
  };
  insist().catch(() => undefined);
  await exited;
  impatience.abort();
}

function turnLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
}

function readFrom(file: string, start: number): string {
  const descriptor = openSync(file, 'r');
  const bytes = Buffer.alloc(Math.min(fstatSync(descriptor).size - start, 64 * 1024));
  const read = readSync(descriptor, bytes, 0, bytes.length, start);
  closeSync(descriptor);
  return bytes.toString('utf8', 0, read);
}
