import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import type { PostgresBinaries } from './binaries.ts';
import { PostgresStartError } from './start-error.ts';

/** Somebody PostgreSQL agrees to run as: it refuses to run as root. */
export type Identity = {
  /** Words in front of a command that make it run so. */
  prefix: readonly string[];
  /** For spawn, where no prefix does it. */
  spawnAs: { uid?: number; gid?: number };
  /** Hands a file or folder over to that somebody. */
  own(path: string): void;
};

type Account = { uid: number; gid: number };

/**
 * The first identity with which this machine's `postgres` starts at all: that tries libraries, permissions on the way to
 * the binaries, and capabilities in one go.
 *
 * @param dataFolder its owner, when it exists, is who PostgreSQL must run as.
 */
export function findIdentity(binaries: PostgresBinaries, dataFolder: string): Identity {
  let said = '';
  for (const identity of candidates(dataFolder)) {
    const [command = binaries.postgres, ...words] = [...identity.prefix, binaries.postgres, '--version'];
    const trial = spawnSync(command, words, {
      ...identity.spawnAs,
      cwd: '/',
      env: { ...binaries.environment, PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
    if (trial.status === 0) return identity;
    said = trial.error?.message ?? lastLine(trial.stderr);
  }
  throw new PostgresStartError('PostgreSQL does not run on this machine', said);
}

function candidates(dataFolder: string): Identity[] {
  if (process.getuid?.() !== 0) return [{ prefix: [], spawnAs: {}, own: () => undefined }];
  const account = ownerOf(dataFolder) ?? nobody();
  const own = (path: string): void => chownSync(path, account.uid >>> 0, account.gid >>> 0);
  // setpriv keeps the one capability that opens folders closed to others, such as a project below /root.
  const setpriv = [
    'setpriv',
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  return [
    { prefix: setpriv, spawnAs: {}, own },
    // macOS has no setpriv, and a container may have given the capability away.
    { prefix: [], spawnAs: account, own },
  ];
}

function ownerOf(dataFolder: string): Account | undefined {
  const stats = statSync(dataFolder, { throwIfNoEntry: false });
  return stats === undefined || stats.uid === 0 ? undefined : { uid: stats.uid, gid: stats.gid };
}

/** initdb asks the passwd database who it is, so the uid must be one that stands there. */
function nobody(): Account {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new PostgresStartError('PostgreSQL refuses to run as root, and /etc/passwd has no user nobody to run it as');
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
