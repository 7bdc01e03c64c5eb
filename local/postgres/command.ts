import type { SpawnOptions } from 'node:child_process';
import type { PostgresBinaries } from './binaries.ts';
import type { Account } from './accounts.ts';

/** How PostgreSQL's programs are run here: as whom, and from which files. */
export type Launch = {
  binaries: PostgresBinaries;
  /** Words in front of a command that make it run as another user. */
  prefix: readonly string[];
  /** For spawn, when no prefix is used. */
  spawnAs: Partial<Account>;
  /** Who must own the data; undefined: the user who creates them. */
  owner: Account | undefined;
  /** The data folder is reached as the program's own working directory, even if the folders above it are closed to it. */
  fromInside: boolean;
};

export type Command = {
  command: string;
  args: string[];
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>;
};

/** The working directory by a link of the kernel's: an absolute path, as PostgreSQL wants it, that passes no other folder. */
export const WORKING_DIRECTORY = '/proc/self/cwd';

/** What to spawn to run one of the programs on a data folder. `words` come after `-D`. */
export function commandFor(
  launch: Launch,
  program: 'postgres' | 'initdb',
  dataFolder: string,
  words: readonly string[],
): Command {
  const { binaries, prefix, spawnAs, fromInside } = launch;
  const [command = binaries[program], ...args] = [
    ...prefix,
    binaries[program],
    '-D',
    fromInside ? WORKING_DIRECTORY : dataFolder,
    ...words,
  ];
  return {
    command,
    args,
    options: {
      ...spawnAs,
      cwd: fromInside ? dataFolder : '/',
      env: { ...binaries.environment, PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    },
  };
}
