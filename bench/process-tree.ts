import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process of a running stack does: `main`, `postgres`, a function by its file's name, or `other`. */
export type StackProcess = { pid: number; role: string };

type Stat = { pid: number; parent: number; ticks: number; ticksOfEnded: number };

/** Whether the system tells about processes as Linux does. */
export const HAS_PROC = process.platform === 'linux';

/**
 * The living processes of a stack. `functions` are the physical names by role, as in `endpoints.json`. Empty where there is
 * no /proc.
 */
export function processesOf(mainPid: number, functions: Readonly<Record<string, string>>): StackProcess[] {
  return rolesOf(mainPid, functions, readStats()).map(({ pid, role }) => ({ pid, role }));
}

/** Processor seconds used so far, by role; `ended` is what processes of the stack used that are gone. */
export type ProcessorSeconds = Readonly<Record<string, number>>;

/** Undefined where there is no /proc. */
export function processorSeconds(
  mainPid: number,
  functions: Readonly<Record<string, string>>,
): ProcessorSeconds | undefined {
  if (!HAS_PROC) return undefined;
  const ticks = new Map<string, number>();
  const add = (role: string, more: number): void => void ticks.set(role, (ticks.get(role) ?? 0) + more);
  for (const { role, stat } of rolesOf(mainPid, functions, readStats())) {
    add(role, stat.ticks);
    // Of the server's children only its own backends.
    add(role === 'postgres' ? 'postgres' : 'ended', stat.ticksOfEnded);
  }
  return Object.fromEntries([...ticks].map(([role, count]) => [role, count / ticksPerSecond()]));
}

/** Processor seconds used between two looks. */
export function usedBetween(before: ProcessorSeconds, after: ProcessorSeconds): Record<string, number> {
  const roles = new Set([...Object.keys(before), ...Object.keys(after)]);
  // A process that ended in between takes its seconds to `ended`.
  return Object.fromEntries([...roles].map((role) => [role, Math.max(0, (after[role] ?? 0) - (before[role] ?? 0))]));
}

function rolesOf(mainPid: number, functions: Readonly<Record<string, string>>, stats: readonly Stat[]) {
  const main = stats.find(({ pid }) => pid === mainPid);
  if (main === undefined) return [];
  const roleByName = new Map(Object.entries(functions).map(([role, name]) => [name, role]));
  const found = [{ pid: mainPid, role: 'main', stat: main }];
  for (const stat of stats.filter(({ parent }) => parent === mainPid)) {
    const role = roleOf(stat.pid, roleByName);
    found.push({ pid: stat.pid, role, stat });
    if (role !== 'postgres') continue;
    for (const backend of stats.filter(({ parent }) => parent === stat.pid)) {
      found.push({ pid: backend.pid, role, stat: backend });
    }
  }
  return found;
}

function roleOf(pid: number, roleByName: ReadonlyMap<string, string>): string {
  const [program = ''] = readIfThere(`/proc/${pid}/cmdline`).split('\0', 1);
  if (program.endsWith('/postgres')) return 'postgres';
  const name = /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]+)/.exec(readIfThere(`/proc/${pid}/environ`))?.[1];
  return name === undefined ? 'other' : (roleByName.get(name) ?? 'other');
}

function readStats(): Stat[] {
  if (!HAS_PROC) return [];
  return readdirSync('/proc').flatMap((name) => {
    const text = /^\d+$/.test(name) ? readIfThere(`/proc/${name}/stat`) : '';
    // The second field is the program's name in brackets, which may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 15) return [];
    const [parent, user, system, userOfEnded, systemOfEnded] = [1, 11, 12, 13, 14].map((at) => Number(fields[at]));
    return [
      {
        pid: Number(name),
        parent: parent ?? 0,
        ticks: (user ?? 0) + (system ?? 0),
        ticksOfEnded: (userOfEnded ?? 0) + (systemOfEnded ?? 0),
      },
    ];
  });
}

let knownTicks: number | undefined;

function ticksPerSecond(): number {
  knownTicks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return knownTicks;
}

/** Empty for a process that has just ended. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
