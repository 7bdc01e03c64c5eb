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
import type { PostgresBinaries } from './binaries.ts';
import { type Identity, lastLine } from './identity.ts';
import { PostgresStartError } from './start-error.ts';

/** What stands in a PostgreSQL folder: `cluster/data` (PGDATA), `cluster/password`, `postgres.log`. */
export type Cluster = { dataFolder: string; password: string };

/** The major version of the installed binaries, which is Aurora's; PGDATA of another one cannot be opened. */
const MAJOR_VERSION = '17';

export function dataFolderOf(folder: string): string {
  return join(folder, 'cluster', 'data');
}

/**
 * Opens the cluster in `folder`, or makes it. It is made under another name and renamed when complete, so that a start
 * killed half way leaves nothing that looks like a database.
 */
export async function openCluster(folder: string, binaries: PostgresBinaries, identity: Identity): Promise<Cluster> {
  const place = join(folder, 'cluster');
  removeHalfMade(folder);
  if (!existsSync(place)) {
    const making = join(folder, `cluster.${randomBytes(4).toString('hex')}.tmp`);
    await makeCluster(making, binaries, identity);
    renameSync(making, place);
  }
  const version = readFileSync(join(dataFolderOf(folder), 'PG_VERSION'), 'utf8').trim();
  if (version !== MAJOR_VERSION) {
    throw new PostgresStartError(`${place} was made by PostgreSQL ${version}, this is ${MAJOR_VERSION}`);
  }
  return { dataFolder: dataFolderOf(folder), password: readFileSync(join(place, 'password'), 'utf8') };
}

/** No second start works in this folder: the caller holds its lock. */
function removeHalfMade(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^cluster\.[0-9a-f]+\.tmp$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function makeCluster(place: string, binaries: PostgresBinaries, identity: Identity): Promise<void> {
  const dataFolder = join(place, 'data');
  const passwordFile = join(place, 'password');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  // Others may pass through, not look: without setpriv PostgreSQL is one of the others here.
  chmodSync(place, 0o711);
  identity.own(dataFolder);
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  identity.own(passwordFile);
  await run(binaries, identity, [
    '-D',
    dataFolder,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Not the machine's locale: the same order and case rules everywhere.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
}

async function run(binaries: PostgresBinaries, identity: Identity, args: string[]): Promise<void> {
  const [command = binaries.initdb, ...words] = [...identity.prefix, binaries.initdb, ...args];
  const child = spawn(command, words, {
    ...identity.spawnAs,
    cwd: '/',
    env: { ...binaries.environment, PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new PostgresStartError('PostgreSQL could not make its database', errorLine(said));
}

/** initdb ends with what it removed again; the reason stands before that. */
function errorLine(said: string): string {
  const reason = said.split('\n').find((line) => /error|fatal/i.test(line));
  return reason?.trim() ?? lastLine(said);
}
