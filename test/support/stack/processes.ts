import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

type Listed = { pid: number; parent: number; zombie: boolean };

/** A process and all that it started, itself first. */
export function withDescendants(pid: number): number[] {
  const listed = listProcesses();
  const found = [pid];
  for (const ancestor of found) {
    for (const process of listed) if (process.parent === ancestor) found.push(process.pid);
  }
  return found;
}

/** Processes of a function, told by the variables that Lambda gives them. */
export function processesOfFunction(functionName: string, among: readonly number[]): number[] {
  return among.filter((pid) => environmentOf(pid).includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`));
}

/**
 * Which of these still run after `withinMs`; none when all are gone before. Nobody is told of the end of a process that
 * is not his child, so this looks again and again.
 */
export async function stillRunning(pids: readonly number[], withinMs: number): Promise<number[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const alive = new Set(listProcesses().flatMap(({ pid, zombie }) => (zombie ? [] : [pid])));
    const left = pids.filter((pid) => alive.has(pid));
    if (left.length === 0 || performance.now() > until) return left;
    await pause(25);
  }
}

function listProcesses(): Listed[] {
  if (process.platform !== 'linux') return listWithPs();
  return readdirSync('/proc').flatMap((name) => {
    // The command's name stands in parentheses and may hold anything; state and parent follow the last one.
    const [state, parent] = /^\d+$/.test(name) ? (readProc(name, 'stat').split(') ').at(-1)?.split(' ') ?? []) : [];
    return parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent), zombie: state === 'Z' }];
  });
}

function listWithPs(): Listed[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), zombie: state.startsWith('Z') }];
  });
}

function environmentOf(pid: number): string[] {
  if (process.platform === 'linux') return readProc(String(pid), 'environ').split('\0');
  return spawnSync('ps', ['-Eww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.split(' ');
}

/** Empty for a process that has just ended. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
