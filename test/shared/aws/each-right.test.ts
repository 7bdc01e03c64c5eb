// Every right that the product uses, one at a time: the migration names it, and without it some statement would fail. Real: the look, the
// runner, the SDK, the local Data API, PostgreSQL 17 with its rights, and every statement of the product, explained as that role.
// Doubles: the clocks. The rights are those that are read from the statements, so a new statement is tested without a word here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as queries from '../../../sql/compiled-queries.ts';
import { explained, FOUND, type LookBench, NEWEST, objectOf, startLookBench, USED } from './database-look-world.ts';

const ROLE = 'mover_by_right';
const RIGHTS = USED.flatMap(({ place, relation, rights }) =>
  rights
    // Unknown runs are registered only where the two tables are Surehook's own.
    .filter((right) => place === 'surehook' || right === 'select')
    .map((right) => ({ right, relation })),
);

let bench: LookBench;

beforeAll(async () => {
  bench = await startLookBench(ROLE);
  await bench.everythingThere();
});
afterAll(() => bench.close());

test('every statement of the product runs with the rights read from the statements, and with nothing else', async () => {
  await bench.pool.query(`
    create role exactly; grant exactly to current_user; grant usage on schema hooks, app to exactly; grant usage on type hooks.webhook_delivery_status to exactly;
    revoke execute on all functions in schema hooks from public;
    ${USED.map(({ relation, rights }) => `grant ${rights.join(', ')} on ${objectOf(relation, rights[0])} to exactly;`).join(' ')}`);
  const client = await bench.pool.connect();
  try {
    await client.query('set role exactly');
    const plans = [];
    for (const { sql, parameters } of Object.values(queries))
      plans.push(await client.query(explained(sql, parameters)));
    expect(plans).toHaveLength(Object.keys(queries).length);
    await client.query('reset role; drop owned by exactly; drop role exactly');
  } finally {
    client.release(true);
  }
});

describe.each(RIGHTS)('without $right on $relation', ({ right, relation }) => {
  test('the migration says so before anything changes, and some statement would have failed', async () => {
    const object = objectOf(relation, right);
    await bench.pool.query(
      right === 'execute'
        ? `revoke execute on ${object} from public, ${ROLE}`
        : `alter table ${relation} owner to current_user;
          grant select, insert, update, delete on ${relation} to ${ROLE}; revoke ${right} on ${relation} from ${ROLE}`,
    );
    const quoted = object.replace(/\w+(?=\.)/, '"$&"');
    expect(new Set(await bench.mendsOf())).toEqual(new Set([`grant ${right} on ${quoted} to ${ROLE}`]));
    const client = await bench.pool.connect();
    await client.query(`set role ${ROLE}`);
    const refused: unknown[] = [];
    for (const { sql, parameters } of Object.values(queries)) {
      await client.query(explained(sql, parameters)).catch((fault: { code?: string }) => refused.push(fault.code));
    }
    client.release(true);
    expect(refused).toContain('42501');
    await bench.mend(await bench.mendsOf());
    expect(await bench.run(FOUND)).toEqual({ applied: [], version: NEWEST });
  });
});
