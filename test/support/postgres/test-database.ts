import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client, escapeIdentifier, Pool } from 'pg';
import { inject } from 'vitest';

/** A database of one test file's own, on the PostgreSQL server that a run of the tests shares. */
export type TestDatabase = {
  url: string;
  database: string;
  pool: Pool;
  /** Ends the pool and every other connection, and removes the database, and a role that was made for it. */
  drop(role?: string): Promise<void>;
};

/**
 * Makes an empty database, or a copy of `template` (some 30 ms). Call it in `beforeAll`, and `drop` in `afterAll`.
 *
 * @param options.template the name of a database nobody is connected to; `prepareTemplate` makes one.
 * @param options.settings what every session gets that sets nothing itself, such as `timezone = 'Asia/Kathmandu'`
 */
export async function createTestDatabase(
  options: { template?: string; settings?: readonly string[] } = {},
): Promise<TestDatabase> {
  const database = `test_${randomBytes(6).toString('hex')}`;
  const { template = 'template1', settings = [] } = options;
  await asAdmin(async (admin) => {
    const name = escapeIdentifier(database);
    await admin.query(`create database ${name} template ${escapeIdentifier(template)}`);
    for (const setting of settings) await admin.query(`alter database ${name} set ${setting}`);
  });
  const url = await urlOf(database);
  const pool = new Pool({ connectionString: url });
  // A test that ends backends on purpose must not fail by the pool's complaint about it.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const drop = async (role?: string): Promise<void> => {
    await pool.end();
    await asAdmin((admin) => admin.query(`drop database ${escapeIdentifier(database)} with (force)`));
    if (role !== undefined) await asAdmin((admin) => admin.query(`drop role ${escapeIdentifier(role)}`));
  };
  return { url, database, pool, drop };
}

/**
 * Makes the database `name` once for the whole run, whichever test file comes first, and has `fill` put into it what every
 * copy shall hold. `fill` must have closed its connections when it resolves.
 *
 * @returns `name`, for `createTestDatabase({ template })`.
 */
export async function prepareTemplate(name: string, fill: (url: string) => Promise<void>): Promise<string> {
  await asAdmin(async (admin) => {
    await admin.query('select pg_advisory_lock(hashtext($1))', [name]);
    const found = await admin.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount !== 0) return;
    // Named at the end: a fill that failed leaves no template.
    const making = `${name}_${randomBytes(4).toString('hex')}`;
    await admin.query(`create database ${escapeIdentifier(making)}`);
    await fill(await urlOf(making));
    await admin.query(`alter database ${escapeIdentifier(making)} rename to ${escapeIdentifier(name)}`);
  });
  return name;
}

let serverUrl: Promise<string> | undefined;

async function urlOf(database: string): Promise<string> {
  serverUrl ??= askForServer();
  const url = new URL(await serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function askForServer(): Promise<string> {
  const answer = await text(connect(inject('postgresSocket')));
  if (!answer.startsWith('postgresql://')) throw new Error(`no PostgreSQL for the tests: ${answer}`);
  return answer;
}

/** A connection of its own, beside every database under test; its end also lets go of an advisory lock. */
async function asAdmin<Result>(work: (admin: Client) => Promise<Result>): Promise<Result> {
  const admin = new Client({ connectionString: await urlOf('postgres') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
