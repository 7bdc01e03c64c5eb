import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { chown } from './accounts.ts';
import type { PostgresBinaries } from './binaries.ts';
import { commandFor, type Launch } from './command.ts';
import { findLaunch, lastLine } from './find-launch.ts';
import { PostgresStartError } from './start-error.ts';

/** What a PostgreSQL folder contains: `cluster/data` (PGDATA), `cluster/password`, `postgres.log`. */
export type Cluster = { dataFolder: string; password: string; launch: Launch };

/** The major version of the installed binaries, which is Aurora's; PGDATA of another one cannot be opened. */
const MAJOR_VERSION = '17';

/**
 * Opens the cluster in `folder`, or makes it. It is made under another name and renamed when complete, so that a start
 * killed half way leaves nothing that looks like a database.
 */
export async function openCluster(folder: string, binaries: PostgresBinaries): Promise<Cluster> {
  const place = join(folder, 'cluster');
  const dataFolder = join(place, 'data');
  removeHalfMade(folder);
  let launch: Launch | undefined;
  if (!existsSync(place)) {
    const making = join(folder, `cluster.${randomBytes(4).toString('hex')}.tmp`);
    launch = await makeCluster(making, folder, binaries);
    renameSync(making, place);
  }
  const version = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  if (version !== MAJOR_VERSION) {
    throw new PostgresStartError(`${place} was made by PostgreSQL ${version}, this is ${MAJOR_VERSION}`);
  }
  launch ??= findLaunch({ binaries, dataFolder, folder });
  return { dataFolder, password: readFileSync(join(place, 'password'), 'utf8'), launch };
}

/** No other start uses this folder: the caller holds its lock. */
function removeHalfMade(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^cluster\.[0-9a-f]+\.tmp$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function makeCluster(place: string, folder: string, binaries: PostgresBinaries): Promise<Launch> {
  const dataFolder = join(place, 'data');
  const passwordFile = join(place, 'password');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  // Others may pass through the folder but not list it: PostgreSQL started by root runs as another user.
  chmodSync(place, 0o711);
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const launch = findLaunch({ binaries, dataFolder, folder });
  if (launch.owner !== undefined) chown(passwordFile, launch.owner);
  await runInitdb(launch, dataFolder, [
    '--username=postgres',
    `--pwfile=${launch.fromInside ? '../password' : passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Not the machine's locale: the same order and case rules everywhere.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  return launch;
}

async function runInitdb(launch: Launch, dataFolder: string, words: string[]): Promise<void> {
  const { command, args, options } = commandFor(launch, 'initdb', dataFolder, words);
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new PostgresStartError('PostgreSQL could not make its database', errorLine(said));
}

/** initdb ends its output with what it removed again; the reason comes before that. */
function errorLine(said: string): string {
  const reason = said.split('\n').find((line) => /error|fatal/i.test(line));
  return reason?.trim() ?? lastLine(said);
}
