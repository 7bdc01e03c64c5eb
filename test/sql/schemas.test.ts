// No statement leaves it to a search_path which table is meant. Real: the statements and migrations, and PostgreSQL with its own
// idea of what a name means where nothing is on the path. No doubles.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameSchemas } from '../../shared/runtime/database-schemas.ts';
import { migrations } from '../../sql/compiled-migrations.ts';
import * as queries from '../../sql/compiled-queries.ts';
import { asForeign, FOREIGN_TABLE } from '../support/postgres/application-tables.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';

const SCHEMAS = { surehook: 'Sure-hook', application: 'app' };
/** In `decoys` there is everything the product has, and none of it is usable. */
const PATHS = ["''", 'pg_catalog, app', 'decoys, public'];
const OURS = ['webhook_deliveries', 'webhook_delivery_attempts', 'workflows', 'workflow_runs', 'surehook_migrations'];
const NAMED = /(?<![\w.}'])(?:webhook_deliver\w+|workflows|workflow_runs|surehook_migrations)\b/;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool
    .query(`create schema "${SCHEMAS.surehook}"; create schema ${SCHEMAS.application}; create schema decoys; ${FOREIGN_TABLE}
    create type decoys.webhook_delivery_status as enum ('theirs');
    ${OURS.map((name) => `create table decoys.${name} (theirs text);`).join(' ')}`);
});
afterAll(() => database.drop());

describe.each(PATHS)('under search_path = %s', (path) => {
  test('the migrations go up, every statement is understood, and the migrations go down', async () => {
    const client = await database.pool.connect();
    try {
      await client.query(`set search_path = ${path}`);
      for (const { up } of migrations) await client.query(nameSchemas(up, SCHEMAS));
      for (const [name, { sql, parameters }] of Object.entries(queries)) {
        const numbered = parameters.reduce<string>(
          (text, parameter, index) => text.replaceAll(new RegExp(`(?<!:):${parameter}\\b`, 'g'), `$${index + 1}`),
          asForeign(nameSchemas(sql, SCHEMAS)),
        );
        await client.query(`prepare ${name} as ${numbered}`);
      }
      const prepared = await client.query('select from pg_prepared_statements');
      expect(prepared.rowCount).toBe(Object.keys(queries).length);
      for (const { loses, down } of migrations.toReversed()) {
        if (loses !== undefined) await client.query(nameSchemas(loses, SCHEMAS));
        await client.query(nameSchemas(down, SCHEMAS));
      }
      await client.query(`drop table app.workflow_runs, app.workflows; deallocate all`);
    } finally {
      client.release(true);
    }
  });
});

test('every table and type is named with its schema', () => {
  const parts = [
    ...Object.entries(queries).map(([name, { sql }]) => ({ name, sql })),
    ...migrations.flatMap(({ name, up, down, loses = '' }) => [up, down, loses].map((sql) => ({ name, sql }))),
  ];
  for (const { name, sql } of parts) {
    const code = sql.replaceAll(/--.*$/gm, '').replaceAll(/raise exception '[^']*'/g, '');
    const names = code.replaceAll(/\b(?:constraint|create index(?: if not exists)?|(?:create|drop) trigger) \w+/g, '');
    expect([name, NAMED.exec(names)?.[0]]).toEqual([name, undefined]);
  }
});
