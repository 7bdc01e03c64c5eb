import { Pool, type PoolClient } from 'pg';
import type { Timers } from '../../timers.ts';
import { CALL_TIMEOUT_MS } from './call-limits.ts';
import { ColumnDescriber } from './column-metadata.ts';
import { DataApiFault, wasCancelled } from './fault.ts';
import { TypeCatalog } from './type-catalog.ts';

export type DatabaseConnection = { host: string; port: number; user: string; password: string; database: string };

/** The connections to one database of the cluster. */
export type Database = { name: string; pool: Pool; types: TypeCatalog; columns: ColumnDescriber };

/** A connection in use. */
export type Session = { client: PoolClient; database: Database };

export type Limits = {
  timers: Timers;
  maxConnections: number;
  /** For tests of the product's statements, which must not depend on these. Default: what the readers of results expect. */
  sessionSettings?: Readonly<Record<string, string>> | undefined;
};

/**
 * What the readers of results and of statements expect, whatever somebody has set for the role or the database. The search path
 * is left as it is, as on a cluster: what depends on it fails here, too.
 */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO,MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  client_min_messages: 'error',
};

/** The connections to the cluster: a pool for each database that a call named, at most `maxConnections` in each. */
export class Sessions {
  readonly #connection: DatabaseConnection;
  readonly #limits: Limits;
  readonly #databases = new Map<string, Database>();
  readonly #running = new Set<PoolClient>();
  /** A connection apart, or a full pool could not be relieved of a statement. */
  readonly #control: Pool;

  constructor(connection: DatabaseConnection, limits: Limits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#control = this.#makePool(connection.database, 1);
  }

  /** Waits while all connections are in use. */
  async take(databaseName = this.#connection.database): Promise<Session> {
    const database = this.#databases.get(databaseName) ?? this.#open(databaseName);
    return { database, client: await database.pool.connect() };
  }

  /**
   * "Before reusing a connection, … on PostgreSQL, RDS Data API runs the `DISCARD ALL` statement": settings, locks, temporary tables
   * and plans are gone, those that functions have kept as well. Done at once, so that nobody waits for it.
   */
  async giveBack({ client }: Session): Promise<void> {
    const isReset = client.query('discard all').then(
      () => true,
      // In a transaction that a caller began by a statement, which ends with the connection.
      () => false,
    );
    client.release(!(await isReset));
  }

  /**
   * Runs `work` on the session within the time a call has. Past it the statement is cancelled, or, with `leave`, goes on by
   * itself; the call fails either way. `after` is called once the work is really over.
   */
  async runInTime<Result>(
    session: Session,
    { work, late, after }: { work: () => Promise<Result>; late: 'cancel' | 'leave'; after: (failure: unknown) => void },
  ): Promise<Result> {
    const { client } = session;
    const processId = processIdOf(client);
    const timeout = () =>
      new DataApiFault('StatementTimeoutException', 'Request timed out', { dbConnectionId: processId });
    this.#running.add(client);
    let cancelled = false;
    const over = work().finally(() => this.#running.delete(client));
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const callOff = this.#limits.timers.after(CALL_TIMEOUT_MS, () => {
      if (late === 'leave') return reject(timeout());
      cancelled = true;
      this.#cancel(processId);
    });
    over.then(
      () => after(undefined),
      (error: unknown) => after(cancelled ? timeout() : error),
    );
    try {
      return await Promise.race([over, tooLate]);
    } catch (error) {
      throw cancelled && wasCancelled(error) ? timeout() : error;
    } finally {
      callOff();
    }
  }

  async close(): Promise<void> {
    for (const client of this.#running) this.#cancel(processIdOf(client));
    await Promise.all([...this.#databases.values()].map(({ pool }) => pool.end()));
    await this.#control.end();
  }

  #open(name: string): Database {
    const database: Database = {
      name,
      pool: this.#makePool(name, this.#limits.maxConnections),
      types: new TypeCatalog(),
      columns: new ColumnDescriber(),
    };
    this.#databases.set(name, database);
    return database;
  }

  #makePool(database: string, max: number): Pool {
    const pool = new Pool({
      ...this.#connection,
      database,
      // The shell's PGSSLMODE is meant for other servers.
      ssl: false,
      max,
      options: optionsOf(this.#limits.sessionSettings ?? SESSION_SETTINGS),
      application_name: 'Data API',
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
    });
    // A connection that dies is noticed by the next statement on it, and replaced: in the pool, and (the second listener) in
    // a transaction between two calls, where an error without a listener would end this process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  #cancel(processId: number): void {
    // When the control connection fails as well, the server is going down and the statement with it.
    this.#control.query('select pg_cancel_backend($1)', [processId]).catch(() => undefined);
  }
}

function optionsOf(settings: Readonly<Record<string, string>>): string {
  // A blank would end the value.
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', String.raw`\ `)}`)
    .join(' ');
}

function processIdOf(client: PoolClient): number {
  const id: unknown = Reflect.get(client, 'processID');
  return typeof id === 'number' ? id : 0;
}
