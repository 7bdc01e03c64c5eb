import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { locateBinaries } from './binaries.ts';
import { openCluster } from './cluster.ts';
import { removeProgramCopy } from './program-copy.ts';
import { type Server, type ServerExit, type ServerPlan, startServer } from './server.ts';
import { lockHolder, removeLockOfTheGone } from './stale-lock.ts';
import { PostgresStartError } from './start-error.ts';
import { systemTimers, type Timers } from '../timers.ts';

export type PostgresOptions = {
  /**
   * Where the database lives; made when missing. The caller holds whatever lock guards it: a server found running here is
   * assumed to have outlived its parent, and is ended.
   */
  folder: string;
  /** Made when missing, owned by the role of `connection`. Default `postgres`. */
  database?: string;
  /** Of 127.0.0.1. Default: a free one. */
  port?: number;
  /** More `postgres` settings, e.g. `{ fsync: 'off' }` for a disposable database. */
  settings?: Readonly<Record<string, string>>;
  /** The folder `native` of a PostgreSQL package. Default: of the installed one. */
  native?: string;
  timers?: Pick<Timers, 'nowMs'>;
  /** Called with a line for the user. */
  log?: (line: string) => void;
};

export type PostgresConnection = { host: string; port: number; user: string; password: string; database: string };

export type Postgres = {
  /** The application's role: as on Aurora, it owns the database and is no superuser. */
  connection: PostgresConnection;
  /** The same as `postgresql://…`. */
  url: string;
  /** Resolves when the server has ended, by `stop` or by itself. */
  exited: Promise<ServerExit>;
  /** Ends it within 5 s; the data stay. */
  stop(): Promise<void>;
};

const ROLE = 'surehook';
const HOST = '127.0.0.1';
/** A killed server's zombie and its last busy backend keep the folder for seconds. */
const FOLDER_IN_USE_MS = 15_000;
/**
 * A watchdog needs up to 5 s to end a server whose parent died; a server that still runs later has lost its watchdog too.
 */
const ORPHAN_AFTER_MS = 6_000;
const RETRY_PAUSE_MS = 100;
const PORT_TRIES = 5;

const SETTINGS = {
  listen_addresses: HOST,
  // A path to a socket must stay under 104 bytes, and a path in a data folder may be longer.
  unix_socket_directories: '',
  max_connections: '120',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  // Terse, and never the statement: details and statements hold customers' data.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

/**
 * Starts PostgreSQL 17 on `folder`, making the database on the first start (about 1 s, later starts 0.1 s), and ties its
 * life to this process. It listens on a free port of 127.0.0.1 and requires a password, which keeps other users out.
 *
 * @throws PostgresStartError with one line that says why.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const folder = resolve(options.folder);
  makeFolder(folder);
  removeProgramCopy(folder);
  try {
    return await startIn(folder, options);
  } catch (error) {
    removeProgramCopy(folder);
    throw error;
  }
}

async function startIn(folder: string, options: PostgresOptions): Promise<Postgres> {
  const { dataFolder, password, launch } = await openCluster(
    folder,
    locateBinaries(join(folder, 'lib'), options.native),
  );
  const logFile = join(folder, 'postgres.log');
  const settings = { ...SETTINGS, ...options.settings };
  const server = await startOnFolder({ launch, dataFolder, logFile, settings, port: options.port }, options);
  const exited = server.exited.then((exit) => {
    try {
      removeProgramCopy(folder);
    } catch {
      // The next start tries again, and says why not.
    }
    return exit;
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await exited;
  };
  const database = options.database ?? 'postgres';
  const { port } = server;
  try {
    await prepareDatabase({ host: HOST, port, user: 'postgres', password, database: 'postgres' }, database);
  } catch (cause) {
    await stop();
    throw new PostgresStartError('PostgreSQL runs but cannot be set up', messageOf(cause), cause);
  }
  const url = `postgresql://${ROLE}:${password}@${HOST}:${port}/${encodeURIComponent(database)}`;
  const connection = { host: HOST, port, user: ROLE, password, database };
  return { connection, url, exited, stop };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  } catch (cause) {
    throw new PostgresStartError('PostgreSQL has no folder', messageOf(cause), cause);
  }
}

async function startOnFolder(plan: ServerPlan, { timers = systemTimers, log }: PostgresOptions): Promise<Server> {
  const begunMs = timers.nowMs();
  let portTries = 0;
  let toldToWait = false;
  for (;;) {
    removeLockOfTheGone(plan.dataFolder);
    const started = await startServer(plan);
    if ('pid' in started) return started;
    const waitedMs = timers.nowMs() - begunMs;
    const again =
      started.kind === 'folder in use'
        ? waitedMs < FOLDER_IN_USE_MS
        : started.kind === 'port taken' && ++portTries < PORT_TRIES;
    if (!again) throw new PostgresStartError('PostgreSQL did not start', started.said);
    if (started.kind === 'folder in use') {
      if (!toldToWait) log?.('waiting for the last PostgreSQL on this folder to end');
      toldToWait = true;
      if (waitedMs >= ORPHAN_AFTER_MS) endOrphan(plan.dataFolder);
      await pause(RETRY_PAUSE_MS);
    }
  }
}

function endOrphan(dataFolder: string): void {
  const holder = lockHolder(dataFolder);
  if (holder?.is !== 'server') return;
  try {
    process.kill(holder.pid, 'SIGQUIT');
  } catch {
    // It has just ended, or belongs to another user; the next try will show.
  }
}

/** The role and the database of the application, both made once. */
async function prepareDatabase(superuser: PostgresConnection, database: string): Promise<void> {
  const client = new Client({ ...superuser, ssl: false, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const role = await client.query('select from pg_roles where rolname = $1', [ROLE]);
    if (role.rowCount === 0) {
      const secret = client.escapeLiteral(superuser.password);
      // The rights of Aurora's master user: to create databases and roles, nothing else.
      await client.query(`create role ${ROLE} login createdb createrole password ${secret}`);
    }
    const name = client.escapeIdentifier(database);
    const found = await client.query('select from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${name}`);
    await client.query(`alter database ${name} owner to ${ROLE}`);
  } finally {
    await client.end();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
