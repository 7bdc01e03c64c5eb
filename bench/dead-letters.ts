// What finding dead letters costs in a table that has grown. `npm run bench:dead-letters -- --help` names the sizes.
// Real: PostgreSQL, the Data API over loopback HTTP, the statements and the redelivery; its messages go nowhere.
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { createDataApiOrderStore } from '../shared/aws/data-api-order-store.ts';
import { giveOrder } from '../shared/operate/give-order.ts';
import type { Selection } from '../shared/operate/selection.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import * as queries from '../sql/compiled-queries.ts';
import { costOfStatement, openBenchDatabase, say } from './bench-database.ts';
import { NO_ADOPTION } from '../test/support/store/no-adoption.ts';

const HELP = `npm run bench:dead-letters -- [--rows 1000000]
  rows  deliveries in the table. One in ten is a dead letter; of these three in ten are of one host, one in a hundred of another`;

const { values: given } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, help: { type: 'boolean', default: false } },
});

const CHUNK = 1_000_000;
const INDEXES = `select indexname as name, indexdef as definition from pg_indexes
  where tablename = 'webhook_deliveries' and indexname not in (select conname from pg_constraint)`;

/** One delivery each three seconds. Most of the indexes are built at the end. */
async function fill(client: Client, rows: number): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(INDEXES);
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  for (let from = 0; from < rows; from += CHUNK) {
    await client.query(`insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload,
        status, attempt_count, scheduled_for, dead_letter_reason, death_counted, created_at, updated_at)
      select n, 1 + n % 997, 'node',
        case when n % 1000 = 0 then 'https://rare.example.com/' when n % 100 < 30 then 'https://big.example.com:8443/'
          else 'https://host-' || n / 100 % 1000 || '.example.com/' end,
        repeat(md5(n::text), 6), s.status, 1, null, case when s.status = 'dead_letter' then 'status' end, s.status = 'dead_letter',
        t.at, t.at
      from generate_series(${from + 1}, ${Math.min(rows, from + CHUNK)}) n,
        lateral (select (case when n % 10 = 0 then 'dead_letter' else 'succeeded' end)::webhook_delivery_status as status) s,
        lateral (select now() - make_interval(secs => 3 * (${rows} - n)) as at) t`);
    say(`  ${Math.min(rows, from + CHUNK)} rows`);
  }
  for (const { name, definition } of indexes) {
    const begun = performance.now();
    await client.query(definition);
    say(`  ${name} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
  await client.query('vacuum analyze webhook_deliveries');
}

/** What a look costs that counts, and one that names. */
async function sayLook(client: Client, name: string, filter: Readonly<Record<string, string | number>>): Promise<void> {
  for (const [kind, look] of [
    ['counts', { look_rows: 10_000, by: '[]' }],
    ['names', { look_rows: 2_000 }],
  ] as const) {
    const { ms, pages } = await costOfStatement(client, queries.matchDeliveries.sql, {
      walk: filter['host'] === undefined ? 'dead' : 'dead_host',
      statuses: '["dead_letter"]',
      ...filter,
      ...look,
    });
    say(`${name.padEnd(34)} ${kind.padEnd(7)} ${ms.toFixed(1).padStart(8)} ms ${String(pages).padStart(8)} pages`);
  }
}

const quiet = { info() {}, warn() {}, error() {} };
const uncounted = {
  count() {},
  deadLetters() {},
  milliseconds() {},
  seconds() {},
  gauge() {},
  standing() {},
  flush() {},
};
const nowhere = {
  send: () => Promise.resolve({ unsent: [] }),
  setAside: () => Promise.resolve({ unsent: [] }),
};

function wireOf({ organizationId, endpointHost }: Selection): Record<string, unknown> {
  return {
    ...(organizationId === undefined ? {} : { organization_id: organizationId }),
    ...(endpointHost === undefined ? {} : { endpoint_host: endpointHost.host }),
  };
}

async function main(): Promise<void> {
  const rows = Number(given.rows);
  if (given.help || !(rows > 0)) return say(HELP);
  const database = await openBenchDatabase();
  const { client } = database;
  try {
    await fill(client, rows);
    say('\none look by');
    await sayLook(client, 'host of 1 in 100 dead letters', { host: 'rare.example.com' });
    await sayLook(client, 'host of 3 in 10', { host: 'big.example.com' });
    await sayLook(client, 'that host and a reason of none', { host: 'big.example.com', reason: 'dns' });
    await sayLook(client, 'host of none', { host: 'nobody.example.com' });
    await sayLook(client, 'organization of 1 in 1,000', { organization_id: 7 });
    await sayLook(client, 'reason of none', { reason: 'dns' });
    await sayLook(client, 'time, all of them', { dead_since: '2020-01-01Z' });

    const { dataApi, close } = await database.openDataApi();
    const parts = {
      store: createDataApiOrderStore(dataApi),
      adoption: NO_ADOPTION,
      queue: nowhere,
      clock: systemClock,
      log: quiet,
      metrics: uncounted,
    };
    say('\na whole request by');
    const request = async (name: string, selection: Selection, dryRun: boolean): Promise<void> => {
      const begun = performance.now();
      const order = {
        action: 'redeliver' as const,
        selection,
        request: wireOf(selection),
        note: undefined,
        by: undefined,
        orderKey: undefined,
        dryRun,
        moreAttempts: 5,
        perSecond: 10,
      };
      const limit = { stopAtMonotonicMs: systemClock.monotonicMs() + 600_000, orderKey: name, moreAttempts: 5 };
      const { matched, changed } = await giveOrder(parts, order, limit);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      say(`${name.padEnd(34)} ${dryRun ? `counts ${matched}` : `brings back ${changed}`} in ${seconds} s`);
    };
    await request('time, all of them', { deadSinceMs: 0 }, true);
    await request('reason of none', { reason: 'dns' }, true);
    await request('organization of 1 in 1,000', { organizationId: 7 }, false);
    await request('host of 3 in 10', { endpointHost: { host: 'big.example.com', port: undefined } }, true);
    await request('host of 1 in 100', { endpointHost: { host: 'rare.example.com', port: undefined } }, false);
    await close();
  } finally {
    await database.close();
  }
}

await main();
