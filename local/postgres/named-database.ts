import { Client } from 'pg';
import type { Postgres } from './postgres.ts';

/**
 * The same server by the database that the template names, which is made when missing: the role may, as Aurora's master user. A
 * database of another name that an earlier start used stays as it is.
 */
export async function namedDatabase(postgres: Postgres, name: string): Promise<Postgres> {
  const { connection, url } = postgres;
  if (name === connection.database) return postgres;
  const client = new Client({ ...connection, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  const named = new URL(url);
  named.pathname = `/${encodeURIComponent(name)}`;
  return { ...postgres, connection: { ...connection, database: name }, url: named.href };
}
