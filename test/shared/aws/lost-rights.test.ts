// Rights that the functions' role loses while they run. Real: the stores, the SDK, the local Data API as a role of its own, PostgreSQL
// 17 with its rights. Doubles: the clocks. The rights are those that are read from the statements.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDataApiAcceptStore } from '../../../shared/aws/data-api-accept-store.ts';
import { createDataApiDeliverStore } from '../../../shared/aws/data-api-deliver-store.ts';
import type { DeliverStore } from '../../../shared/deliver/deliver-store.ts';
import { faultFields } from '../../../shared/observe/fault-fields.ts';
import { usedRights } from '../../../shared/operate/used-rights.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import { freshToken, newDelivery, RULES, settledAs, success } from '../../support/store/store-world.ts';
import { failureOf } from './data-api-client-bench.ts';
import { type MigrationsBench, startMigrationsBench } from './data-api-migrations-bench.ts';

const SCHEMAS = { surehook: 'hooks', application: 'app' };
const ROLE = 'loses_rights';
/** Whatever records an attempt, however it ended. */
const RECORDING = [
  queries.settleOrdinaryDeliveries,
  queries.settleDeliveries,
  queries.noteAttempt,
  queries.releaseDeliveries,
].map(({ sql }) => sql);
const RIGHTS = usedRights(RECORDING).flatMap(({ relation, rights }) =>
  [...rights].map((right) => ({
    right,
    relation,
    object: right === 'execute' ? `function hooks.${relation}` : `hooks.${relation}`,
  })),
);

let bench: MigrationsBench;
const soon = () => ({ untilMonotonicMs: bench.clock.monotonicMs() + 60_000 });
let store: DeliverStore;

beforeAll(async () => {
  bench = await startMigrationsBench(SCHEMAS, ROLE);
  await bench.pool.query(`create schema hooks; grant usage, create on schema hooks to ${ROLE};
    create schema app; grant usage on schema app to ${ROLE};
    create table app.workflows (id bigint primary key, organization_id bigint);
    create table app.workflow_runs (id bigint primary key, workflow_id bigint);
    insert into app.workflows values (1, 7); insert into app.workflow_runs select n, 1 from generate_series(1, 100000) n;
    grant select on app.workflows, app.workflow_runs to ${ROLE}`);
  await bench.run({ applicationTables: 'found' });
  await bench.pool.query(`revoke execute on all functions in schema hooks from public;
    grant execute on all functions in schema hooks to ${ROLE}`);
  store = createDataApiDeliverStore(bench.dataApi, RULES);
});
afterAll(() => bench.close());

let deliveryId: number;
beforeEach(async () => {
  const [answer] = await createDataApiAcceptStore(bench.dataApi).acceptDeliveries([newDelivery()], 'refuse', soon());
  if (answer?.kind !== 'stored') throw new Error('not stored');
  ({ deliveryId } = answer);
});

const claim = (attempts = [1]) => store.claimDeliveries([{ deliveryId, attempts, token: freshToken() }], 75, soon());

async function rowsOf(sql: string): Promise<unknown[]> {
  return (await bench.pool.query(sql, [deliveryId])).rows;
}

test('recording needs more than one right, and more than one relation', () => {
  expect(RIGHTS.length).toBeGreaterThan(8);
});

describe.each(RIGHTS)('without $right on $object', ({ right, relation, object }) => {
  test('nothing is claimed, so nothing is sent that could not be recorded; both are named', async () => {
    await bench.pool.query(`revoke ${right} on ${object} from ${ROLE}`);
    try {
      const failure = await failureOf(claim());
      expect(faultFields(failure)).toEqual({ fault: 'StatementRefused', sql_state: '42501', relation, right });
    } finally {
      await bench.pool.query(`grant ${right} on ${object} to ${ROLE}`);
    }
    expect(await rowsOf('select attempt_count, claim_count from hooks.webhook_deliveries where id = $1')).toEqual([
      { attempt_count: 0, claim_count: 0 },
    ]);
    expect(await claim()).toMatchObject([{ kind: 'claimed' }]);
  });
});

test('update on the attempts, lost between the request and its record, sends no second request, and the outcome is kept', async () => {
  const [claimed] = await claim();
  if (claimed?.kind !== 'claimed') throw new Error('not claimed');
  const settled = settledAs(success, claimed.delivery);
  await bench.pool.query(`revoke update on hooks.webhook_delivery_attempts from ${ROLE}`);
  const named = { sql_state: '42501', relation: 'webhook_delivery_attempts', right: 'update' };
  expect(faultFields(await failureOf(store.settleDeliveries([settled], soon())))).toMatchObject(named);
  await bench.pool.query(
    "update hooks.webhook_deliveries set lease_expires_at = now() - interval '1 s' where id = $1",
    [deliveryId],
  );
  expect(faultFields(await failureOf(claim([1, 2])))).toMatchObject(named);
  await bench.pool.query(`grant update on hooks.webhook_delivery_attempts to ${ROLE}`);
  // As a message brings it, that went round meanwhile.
  const written = { ...settled, written: true as const };
  expect((await store.settleDeliveries([written], soon())).answers).toEqual([{ deliveryId, verdict: 'recorded' }]);
  expect(
    await rowsOf(`select d.status::text, d.attempt_count, r.status_code from hooks.webhook_deliveries d
      join hooks.webhook_delivery_attempts r on r.delivery_id = d.id where d.id = $1`),
  ).toEqual([{ status: 'succeeded', attempt_count: 1, status_code: 204 }]);
});

test('a trigger that raises where attempts are written costs the delivery its record, and no second request', async () => {
  await bench.pool
    .query(`create function app.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger no before insert or update on hooks.webhook_delivery_attempts for each row
    when (new.status_code is not null) execute function app.no()`);
  try {
    const [claimed] = await claim();
    if (claimed?.kind !== 'claimed') throw new Error('not claimed');
    expect((await store.settleDeliveries([settledAs(success, claimed.delivery)], soon())).answers).toEqual([
      { deliveryId, verdict: 'recorded', unkept: { sqlState: 'P0001' } },
    ]);
    expect(await claim([1, 2])).toEqual([{ kind: 'passed', deliveryId, because: 'finished' }]);
    expect(await rowsOf('select from hooks.webhook_delivery_attempts where delivery_id = $1')).toEqual([]);
  } finally {
    await bench.pool.query('drop trigger no on hooks.webhook_delivery_attempts');
  }
});

test.each([
  ['the schema', 'usage on schema app', { schema: 'app', right: 'usage' }],
  ['a table of the application', 'select on app.workflow_runs', { relation: 'workflow_runs', right: 'select' }],
  ['our table', 'insert on hooks.webhook_deliveries', { relation: 'webhook_deliveries', right: 'insert' }],
])('a right on %s that enqueue lacks is named beside it', async (_, right, named) => {
  await bench.pool.query(`revoke ${right} from ${ROLE}`);
  const answers = await createDataApiAcceptStore(bench.dataApi).acceptDeliveries([newDelivery()], 'refuse', soon());
  await bench.pool.query(`grant ${right} to ${ROLE}`);
  expect(answers).toEqual([{ kind: 'refused', refusal: { sqlState: '42501', ...named } }]);
});
