import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Account,
  handOver,
  missingCapabilities,
  ownerOf,
  standsInUserTable,
  unprivilegedAccount,
} from './accounts.ts';
import type { PostgresBinaries } from './binaries.ts';
import { commandFor, type Launch, WORKING_DIRECTORY } from './command.ts';
import { copyPrograms, placesForCopies } from './program-copy.ts';
import { PostgresStartError } from './start-error.ts';

type Way = { name: string; launch: () => Launch };

export type LaunchPlace = {
  binaries: PostgresBinaries;
  /** Holds a cluster, or nothing yet. */
  dataFolder: string;
  /** A folder of the twin: a note in it tells where a copy of the programs is. */
  folder: string;
};

/**
 * Words that put a command into a user namespace: there it sees itself as another user, but for files and signals it is
 * still the user who started it. Without a map it is the kernel's nobody, which is possible even for a root without any
 * capability; the second form, with a map, is for user tables that have no such user.
 */
const NAMESPACES = [
  () => ['unshare', '--user'],
  ({ uid, gid }: Account) => ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`],
];

/**
 * How PostgreSQL can be run here. An ordinary user runs it as it is. PostgreSQL refuses to run as root: there it runs as
 * another user, who may have no access to the root-owned folders above it. So several ways are tried, those that require
 * least first, and the first that works is used. That user then owns the data.
 *
 * @throws PostgresStartError that says what is missing.
 */
export function findLaunch(place: LaunchPlace): Launch {
  return process.getuid?.() === 0 ? launchOfRoot(place) : launchOfOrdinaryUser(place);
}

function launchOfOrdinaryUser(place: LaunchPlace): Launch {
  const { binaries, dataFolder } = place;
  const itself: Launch = { binaries, prefix: [], spawnAs: {}, owner: undefined, fromInside: false };
  if (holdsCluster(dataFolder) || standsInUserTable()) return itself;
  // initdb needs its user's name.
  let said: string | undefined;
  for (const prefix of NAMESPACES) {
    const named = { ...itself, prefix: prefix(unprivilegedAccount()) };
    said = whatFails(named, dataFolder);
    if (said === undefined) return named;
  }
  const who = `user ${process.getuid?.()} has no entry in the user table (/etc/passwd), which initdb requires`;
  throw new PostgresStartError(`${who}; add one, or allow user namespaces`, said);
}

function launchOfRoot(place: LaunchPlace): Launch {
  const missing = missingCapabilities();
  const owner = ownerOf(place.dataFolder);
  const account = owner ?? unprivilegedAccount();
  const failures = new Set<string>();
  for (const way of waysOfRoot(place, account, { isBound: missing.length > 0, isRoots: owner === undefined })) {
    try {
      const launch = way.launch();
      if (launch.owner !== undefined) handOver(place.dataFolder, launch.owner);
      const said = whatFails(launch, place.dataFolder);
      if (said === undefined) return launch;
      failures.add(`${way.name}: ${said}`);
    } catch (error) {
      failures.add(`${way.name}: ${codeOf(error)}`);
    }
  }
  const why =
    missing.length > 0
      ? `this root lacks ${missing.join(', ')} to run it as another user; start as an ordinary user, or allow user namespaces`
      : `as user ${account.uid} it does not run here`;
  throw new PostgresStartError(`PostgreSQL refuses to run as root, and ${why}`, [...failures].join('; '));
}

/**
 * In the order they are tried. `isBound`: root may not act as other users. `isRoots`: root owns the data, or there are none
 * yet; data of another user stay that user's, who may want to start PostgreSQL, too.
 */
function waysOfRoot(
  { binaries, dataFolder, folder }: LaunchPlace,
  account: Account,
  { isBound, isRoots }: { isBound: boolean; isRoots: boolean },
): Way[] {
  const fromInside = existsSync(WORKING_DIRECTORY);
  const itself: Launch = { binaries, prefix: [], spawnAs: account, owner: account, fromInside };
  // Outside the namespace it is still root: root keeps the data and can pass its own folders.
  const root = { uid: 0, gid: process.getgid?.() ?? 0 };
  const asRoot = NAMESPACES.map((prefix) => ({
    name: 'in a user namespace',
    launch: () => ({ ...itself, prefix: prefix(account), spawnAs: {}, owner: root }),
  }));
  if (isBound) return isRoots ? asRoot : [];
  const asAccount = [
    { name: 'by itself', launch: () => itself },
    { name: 'with setpriv', launch: () => ({ ...itself, prefix: passingAnyFolder(account), spawnAs: {} }) },
  ];
  const copied = placesForCopies().map((place) => ({
    name: `from a copy in ${place}`,
    launch: () => ({ ...itself, binaries: copyPrograms(place, folder, { binaries, account }) }),
  }));
  if (!isRoots) return [...asAccount, ...copied];
  // A cluster that root owns was made in a namespace.
  return holdsCluster(dataFolder) ? [...asRoot, ...asAccount, ...copied] : [...asAccount, ...asRoot, ...copied];
}

/**
 * setpriv lets the other user keep the one capability that opens folders closed to others. PostgreSQL checks its own
 * programs with access(2) before it runs them, and the kernel ignores capabilities in that check unless it is told to keep
 * them apart from user ids.
 */
function passingAnyFolder({ uid, gid }: Account): string[] {
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
}

/** Tries the first steps of the programs without creating anything; returns what they said if that fails. */
function whatFails(launch: Launch, dataFolder: string): string | undefined {
  const { command, args, options } = holdsCluster(dataFolder)
    ? commandFor(launch, 'postgres', dataFolder, readASetting(launch.binaries))
    : commandFor(launch, 'initdb', dataFolder, ['--show']);
  const trial = spawnSync(command, args, { ...options, encoding: 'utf8' });
  return trial.status === 0 ? undefined : (trial.error?.message ?? lastLine(trial.stderr));
}

/** Makes postgres find its own files and the data folder, but not read the data, which may be damaged for other reasons. */
function readASetting({ native }: PostgresBinaries): string[] {
  const settings = join(native, 'share', 'postgresql', 'postgresql.conf.sample');
  return ['-C', 'data_directory', '-c', `config_file=${settings}`];
}

function holdsCluster(dataFolder: string): boolean {
  return existsSync(join(dataFolder, 'PG_VERSION'));
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  return 'code' in error ? String(error.code) : error.message;
}
