// Statements over a large table look at what they need, whatever the planner knows of it. Real: the statements, the migrations,
// PostgreSQL 17 and its plans, over 100,000 deliveries of which one in a hundred is a dead letter. No doubles.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client, type PoolClient } from 'pg';
import * as queries from '../../../sql/compiled-queries.ts';
import { type NamedValues, withNumberedParameters } from '../../support/postgres/named-parameters.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import type { MatchLook } from '../../../shared/operate/order-store.ts';
import type { WalkPosition } from '../../../shared/operate/selection.ts';
import { freshToken, LEASE_SECONDS, redelivered, stored } from '../../support/store/store-world.ts';

const ROWS = 100_000;
const LOOK_ROWS = 100;
/** Larger than JSON carries exactly. */
const UNNAMEABLE = '9007199254740993';

let bench: PostgresStoreBench;

/** Half of the dead letters are of one host, and all of that half died at one instant. */
beforeAll(async () => {
  bench = await openPostgresStore({ rowsPerLook: LOOK_ROWS });
  await bench.pool.query(`insert into webhook_deliveries
      (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, dead_letter_reason, scheduled_for, updated_at)
    select n, n % 7, 'node', case when n % 200 = 0 then 'https://down.example:8443/' else 'https://host-' || n % 97 || '.example/' end,
      '{}', s.status, case when s.status = 'dead_letter' then 'status' end, null,
      case when n % 200 = 0 then timestamptz '2026-11-23Z' else timestamptz '2026-01-01Z' + n * interval '1 minute' end
    from generate_series(1, ${ROWS}) n,
      lateral (select (case when n % 100 = 0 then 'dead_letter' else 'succeeded' end)::webhook_delivery_status as status) s`);
});
afterAll(() => bench.close());

type Plan = { text: string; rowsRead: number };

/** The plan as it ran, and the most rows that one of its scans of the table gave or threw away. */
async function planOf(client: PoolClient, sql: string, values: NamedValues): Promise<Plan> {
  const { text, values: numbered } = withNumberedParameters(sql, values);
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, costs off, timing off) ${text}`,
    numbered,
  );
  const lines = rows.map((row) => row['QUERY PLAN']);
  const read = lines.flatMap((line, at) => {
    if (!/Scan.* on webhook_deliver/.test(line) && !/Index Scan on webhook_deliver/.test(line)) return [];
    const [, given = '0', loops = '1'] = /rows=(\d+) loops=(\d+)/.exec(line) ?? [];
    const [, thrown = '0'] = /Rows Removed by Filter: (\d+)/.exec(lines.slice(at + 1, at + 4).join('\n')) ?? [];
    return [(Number(given) + Number(thrown)) * Number(loops)];
  });
  return { text: lines.join('\n'), rowsRead: Math.max(0, ...read) };
}

const look = (filter: NamedValues): NamedValues => ({ look_rows: LOOK_ROWS, statuses: '["dead_letter"]', ...filter });

const LOOKS: [filter: string, values: NamedValues, index: string][] = [
  ['host', { walk: 'dead_host', host: 'down.example' }, 'webhook_deliveries_dead_by_host'],
  ['host with its port', { walk: 'dead_host', host: 'down.example', port: 8443 }, 'webhook_deliveries_dead_by_host'],
  ['host of no dead letter', { walk: 'dead_host', host: 'nobody.example' }, 'webhook_deliveries_dead_by_host'],
  ['host and reason', { walk: 'dead_host', host: 'down.example', reason: 'dns' }, 'webhook_deliveries_dead_by_host'],
  [
    'host, from an instant on',
    { walk: 'dead_host', host: 'down.example', dead_since: '2026-11-24Z' },
    'webhook_deliveries_dead_by_host',
  ],
  ['organization of no dead letter', { walk: 'dead', organization_id: 8 }, 'webhook_deliveries_dead_by_time'],
  ['reason of no dead letter', { walk: 'dead', reason: 'dns' }, 'webhook_deliveries_dead_by_time'],
  ['last instant', { walk: 'dead', dead_until: '2026-11-23Z' }, 'webhook_deliveries_dead_by_time'],
  [
    'instant, behind half of those that died then',
    { walk: 'dead', dead_since: '2026-11-23Z', after_at: '2026-11-23Z', after_id: String(ROWS / 2) },
    'webhook_deliveries_dead_by_time',
  ],
  ['id', { walk: 'ids', ids: '[100, 200, 201]' }, 'webhook_deliveries_pkey'],
];

describe.each([
  ['that has never been analyzed', ''],
  ['that was analyzed', 'analyze webhook_deliveries'],
  [
    'that was analyzed before anybody died',
    `update webhook_deliveries set status = 'succeeded', dead_letter_reason = null where status = 'dead_letter';
     analyze webhook_deliveries;
     update webhook_deliveries set status = 'dead_letter', dead_letter_reason = 'status' where id % 100 = 0`,
  ],
])('in a table %s', (_, made) => {
  test.each(LOOKS)('a look by %s goes along its index, and no further than it may', async (_filter, values, index) => {
    const client = await bench.pool.connect();
    try {
      await client.query('begin');
      if (made !== '') await client.query(made);
      const plan = await planOf(client, queries.matchDeliveries.sql, look(values));
      expect(plan.text).toContain(index);
      expect(plan.rowsRead).toBeLessThanOrEqual(LOOK_ROWS);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

const DEAD: Omit<MatchLook, 'walk' | 'selection'> = {
  statuses: ['dead_letter'],
  withoutCancelled: true,
  diedBy: undefined,
  after: undefined,
};

test('those that died at one instant are found once each, however many', async () => {
  const found: number[] = [];
  let after: WalkPosition | undefined;
  do {
    const selection = { endpointHost: { host: 'down.example', port: undefined } };
    const shown = await bench.store.findMatches({ ...DEAD, walk: 'dead_host', selection, after });
    found.push(...shown.deliveryIds);
    after = shown.next;
  } while (after !== undefined);
  expect(found).toEqual(Array.from({ length: ROWS / 200 }, (_, index) => 200 * (index + 1)));
});

test('what no message can name is not found, and what nobody could send stays dead', async () => {
  await bench.pool.query(`insert into webhook_deliveries
      (id, workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, dead_letter_reason, scheduled_for)
    values (${UNNAMEABLE}, 1, 1, 'unnameable', 'https://large.example/', '{}', 'dead_letter', 'invalid_row', null),
      (${2 * ROWS}, ${UNNAMEABLE}, 1, 'run', 'https://large.example/', '{}', 'dead_letter', 'invalid_row', null)`);
  const selection = { endpointHost: { host: 'large.example', port: undefined } };
  const found = await bench.store.findMatches({ ...DEAD, walk: 'dead_host', selection });
  expect(found.deliveryIds).toEqual([2 * ROWS]);
  await redelivered(bench, found.deliveryIds);
  expect(await bench.delivery(2 * ROWS)).toMatchObject({ status: 'dead_letter' });
});

test('a row whose URL is one endless host can die', async () => {
  const url = `https://${Array.from({ length: 300 }, () => crypto.randomUUID()).join('')}`;
  const { rows } = await bench.pool.query<{ id: string }>(
    `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, attempt_count, max_attempts)
     values (1, 1, 'endless', $1, '{}', 1, 1) returning id`,
    [url],
  );
  const only = [{ id: rows[0]?.id ?? '', dueAt: '' }];
  expect(await bench.store.buryDeliveries({ after: undefined, pageRows: 10, only })).toHaveLength(1);
});

test.each([
  ['a claim', queries.claimDeliveries.sql],
  ['a claim of ordinary deliveries', queries.claimOrdinaryDeliveries.sql],
])('%s leaves every index as it is', async (_, sql) => {
  const deliveryId = await stored(bench, { workflowRunId: 3 * ROWS });
  const { text, values } = withNumberedParameters(sql, {
    claims: JSON.stringify([{ id: deliveryId, attempts: [1], token: freshToken() }]),
    has_company: false,
    lease_seconds: LEASE_SECONDS,
    payload_budget_bytes: 1000,
    slice_bytes: 1000,
  });
  // A session of its own: these statistics are a session's.
  const client = new Client({ connectionString: bench.url });
  await client.connect();
  await client.query('begin');
  await client.query(text, values);
  const { rows } = await client.query(
    `select n_tup_upd as updated, n_tup_hot_upd as hot from pg_stat_xact_user_tables where relname = 'webhook_deliveries'`,
  );
  await client.end();
  expect(rows).toEqual([{ updated: '1', hot: '1' }]);
});
