import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type LockHolder = {
  pid: number;
  /** `server`: a living PostgreSQL on this very folder. `gone`: dead, a zombie, or another program with its old pid. */
  is: 'server' | 'gone';
};

/** Who `postmaster.pid` names; undefined without such a file. */
export function lockHolder(dataFolder: string): LockHolder | undefined {
  const pid = Number.parseInt(readIfThere(join(dataFolder, 'postmaster.pid')), 10);
  if (!(pid > 1)) return undefined;
  return { pid, is: commandOf(pid).includes(dataFolder) ? 'server' : 'gone' };
}

/**
 * Removes a lock file whose server is gone. PostgreSQL itself checks only the pid: a zombie that nobody collects, or a
 * program that got the pid after a reboot, would keep it from ever starting again.
 */
export function removeLockOfTheGone(dataFolder: string): void {
  if (lockHolder(dataFolder)?.is === 'gone') rmSync(join(dataFolder, 'postmaster.pid'), { force: true });
}

/** The command line of a living process; empty for a zombie, which has none. */
function commandOf(pid: number): string {
  if (process.platform === 'linux') return readIfThere(`/proc/${pid}/cmdline`);
  const listed = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return listed.status === 0 ? listed.stdout : '';
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
