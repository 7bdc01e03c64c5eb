// A list goes along an index, and no further than it may, whatever the planner knows. Real: the statements, the migrations,
// PostgreSQL 17 and its plans, over 100,000 deliveries. No doubles.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as queries from '../../../sql/compiled-queries.ts';
import { type NamedValues, withNumberedParameters } from '../../support/postgres/named-parameters.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';

const ROWS = 100_000;
const LOOK_ROWS = 100;

let bench: PostgresStoreBench;

beforeAll(async () => {
  bench = await openPostgresStore();
  await bench.pool.query(`insert into webhook_deliveries
      (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, dead_letter_reason, scheduled_for,
       created_at, updated_at)
    select n, n % 7, 'node', 'https://host-' || n % 97 || '.example/', '{}', s.status,
      case when s.status = 'dead_letter' then 'status' end, case when s.status = 'pending' then t.at end, t.at, t.at
    from generate_series(1, ${ROWS}) n,
      lateral (select timestamptz '2026-01-01Z' + n * interval '1 minute' as at) t,
      lateral (select (case when n % 100 = 0 then 'dead_letter' when n % 100 = 1 then 'pending' else 'succeeded' end)
        ::webhook_delivery_status as status) s`);
});
afterAll(() => bench.close());

const WALKS: [walk: string, values: NamedValues, index: string][] = [
  ['everything', { walk: 'all' }, 'webhook_deliveries_by_age'],
  ['everything since', { walk: 'all', created_since: '2026-02-01Z' }, 'webhook_deliveries_by_age'],
  ['everything of a name that nobody has', { walk: 'all', name: 'nobody' }, 'webhook_deliveries_by_age'],
  ['an organization', { walk: 'organization', organization_id: 3 }, 'webhook_deliveries_by_organization'],
  [
    'an organization, of a host that it does not have',
    { walk: 'organization', organization_id: 3, host: 'nobody.example' },
    'webhook_deliveries_by_organization',
  ],
  ['dead letters', { walk: 'dead', statuses: '["dead_letter"]' }, 'webhook_deliveries_dead_by'],
  ['dead letters of a host', { walk: 'dead_host', host: 'host-3.example' }, 'webhook_deliveries_dead_by_host'],
  ['a run', { walk: 'run', run_id: 5 }, 'webhook_deliveries_once_per_node'],
  [
    'what an endpoint holds',
    { walk: 'held', statuses: '["pending"]', held_by: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
    'webhook_deliveries_held',
  ],
  ['ids', { walk: 'ids', ids: '[100, 200, 201]' }, 'webhook_deliveries_pkey'],
];

/** Of the index that the sweep uses the planner has a choice: without statistics of the backlog it would read and sort all of it. */
const PENDING: typeof WALKS = [
  ['pending ones', { walk: 'pending', statuses: '["pending"]' }, 'webhook_deliveries_due'],
  ['pending ones, the soonest due first', { walk: 'due', statuses: '["pending"]' }, 'webhook_deliveries_due'],
  ['what is due', { walk: 'due', statuses: '["pending"]', phase: 'due' }, 'webhook_deliveries_due'],
  ['what is due later', { walk: 'due', statuses: '["pending"]', phase: 'later' }, 'webhook_deliveries_due'],
];

describe.each([
  ['that has never been analyzed', '', WALKS],
  ['that was analyzed', 'analyze webhook_deliveries', [...WALKS, ...PENDING]],
])('in a table %s', (_, made, walks) => {
  test.each(walks)('a list of %s goes along its index', async (_what, values, index) => {
    const asked = {
      statuses: '["pending","succeeded","dead_letter"]',
      look_rows: LOOK_ROWS,
      page_rows: 50,
      ...values,
    };
    const client = await bench.pool.connect();
    try {
      await client.query('begin');
      if (made !== '') await client.query(made);
      const { text, values: numbered } = withNumberedParameters(queries.listDeliveries.sql, asked);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (analyze, costs off, timing off) ${text}`,
        numbered,
      );
      const lines = rows.map((row) => row['QUERY PLAN']);
      expect(lines.join('\n')).toContain(index);
      const read = lines.flatMap((line, at) => {
        if (!/Scan.* on webhook_deliver|Index Scan on webhook_deliver/.test(line)) return [];
        const [, given = '0', loops = '1'] = /rows=(\d+) loops=(\d+)/.exec(line) ?? [];
        const [, thrown = '0'] = /Rows Removed by Filter: (\d+)/.exec(lines.slice(at + 1, at + 4).join('\n')) ?? [];
        return [(Number(given) + Number(thrown)) * Number(loops)];
      });
      expect(Math.max(0, ...read)).toBeLessThanOrEqual(LOOK_ROWS);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
