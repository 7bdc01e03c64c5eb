// What moving in costs: the migration beside a busy table of the application, the rows that an order moves, and the schemas that every
// statement names. `npm run bench:moving-in -- --help` names the sizes. Real: PostgreSQL, the Data API over loopback HTTP, the migration,
// the orders, the statements. Doubles: queue, log and metrics.
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { createDataApiEndpoints } from '../shared/aws/data-api-endpoints.ts';
import { createDataApiMigrationTarget } from '../shared/aws/data-api-migrations.ts';
import { createDataApiOrderStore } from '../shared/aws/data-api-order-store.ts';
import { migrateDatabase } from '../shared/operate/migrate-database.ts';
import { operate } from '../shared/operate/operate.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { migrations } from '../sql/compiled-migrations.ts';
import * as queries from '../sql/compiled-queries.ts';
import { adoptingParts } from '../test/shared/operate/adoption-world.ts';
import { applicationTables } from '../test/support/postgres/application-tables.ts';
import { withNumberedParameters } from '../test/support/postgres/named-parameters.ts';
import { inPublic, PUBLIC_SCHEMAS } from '../test/support/postgres/public-schemas.ts';
import { RULES } from '../test/support/store/store-world.ts';
import { type BenchDatabase, connect, openBenchDatabase, say } from './bench-database.ts';

const HELP = `npm run bench:moving-in -- [--pending 20000] [--writers 4] [--seconds 5] [--rounds 40]
  pending     deliveries in the application's table, beside its own
  writers     connections that change them while the migration runs
  seconds     that they are watched before it
  rounds      of fifty calls each, with and without the schemas' names in turn`;

const { values: given } = parseArgs({
  options: {
    pending: { type: 'string', default: '20000' },
    writers: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  },
});
const CALLS_OF_A_ROUND = 50;

type Write = { endedMs: number; tookMs: number };

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

/** Changes one row after the other, as a worker of the application does, until it is told to stop. */
async function write(database: BenchDatabase, writes: Write[], over: AbortSignal): Promise<void> {
  const client = await connect(database.url);
  while (!over.aborted) {
    const began = performance.now();
    await client.query(
      `update app.webhook_deliveries set updated_at = now() - interval '1 hour'
       where id = (select floor(random() * max(id))::int from app.webhook_deliveries)`,
    );
    const endedMs = performance.now();
    writes.push({ endedMs, tookMs: endedMs - began });
  }
  await client.end();
}

/** Who else than its writers holds which lock on the application's relations, seen as often as can be. */
async function watchLocks(database: BenchDatabase, over: AbortSignal): Promise<{ seen: Set<string>; looks: number }> {
  const client = await connect(database.url);
  const seen = new Set<string>();
  let looks = 0;
  while (!over.aborted) {
    const { rows } = await client.query<{ held: string }>(
      `select distinct c.relname || ' ' || l.mode as held from pg_locks l join pg_class c on c.oid = l.relation
       where c.relnamespace = 'app'::regnamespace and l.pid <> pg_backend_pid() and l.mode <> 'RowExclusiveLock' and l.mode <> 'AccessShareLock'`,
    );
    for (const { held } of rows) seen.add(held);
    looks++;
  }
  await client.end();
  return { seen, looks };
}

async function sayMigration(database: BenchDatabase, writers: number, seconds: number): Promise<void> {
  const { dataApi, close } = await database.openDataApi();
  const over = new AbortController();
  const writes: Write[] = [];
  const writing = Array.from({ length: writers }, () => write(database, writes, over.signal));
  const watching = watchLocks(database, over.signal);
  await new Promise<void>((resolve) => void systemClock.after(seconds * 1000, resolve));
  const beganMs = performance.now();
  const target = createDataApiMigrationTarget(dataApi, {
    schemas: PUBLIC_SCHEMAS,
    applicationTables: 'made',
    untilMonotonicMs: systemClock.monotonicMs() + 600_000,
  });
  await migrateDatabase(target, migrations, { direction: 'up' });
  const endedMs = performance.now();
  over.abort();
  await Promise.all(writing);
  const { seen, looks } = await watching;
  say(
    `migration of ${migrations.length} steps beside ${writers} writers: ${((endedMs - beganMs) / 1000).toFixed(2)} s`,
  );
  say(
    `locks on the application's tables beyond those of reading and writing rows: ${[...seen].join(', ') || 'none'} (${looks} looks)`,
  );
  for (const [when, these] of [
    ['before', writes.filter((one) => one.endedMs < beganMs)],
    ['during', writes.filter((one) => one.endedMs >= beganMs && one.endedMs < endedMs)],
  ] as const) {
    const took = these.map(({ tookMs }) => tookMs);
    say(
      `writes ${when} ${String(took.length).padStart(7)}, median ${percentile(took, 0.5).toFixed(2)} ms, ` +
        `99 % ${percentile(took, 0.99).toFixed(1)} ms, longest ${percentile(took, 1).toFixed(1)} ms`,
    );
  }
  await close();
}

async function sayAdoption(database: BenchDatabase): Promise<void> {
  const { dataApi, close } = await database.openDataApi();
  const store = { ...createDataApiOrderStore(dataApi), ...createDataApiEndpoints(dataApi, RULES) };
  const parts = adoptingParts({ store, dataApi, clock: systemClock });
  for (const [what, more] of [
    ['adopt', {}],
    ['adopt back', { back: true }],
  ] as const) {
    await database.client.query("update app.webhook_deliveries set updated_at = now() - interval '1 hour'");
    await database.client.query('vacuum analyze app.webhook_deliveries');
    const began = performance.now();
    const time = () => ({ id: what, stopAtMonotonicMs: systemClock.monotonicMs() + 600_000 });
    const request = { action: 'adopt', table: 'app.webhook_deliveries', ...more };
    const { order_id: order, complete } = await operate(request, parts, time());
    // Whoever asked is answered before a long order is done; the function calls itself then.
    let isOver = complete === true;
    while (!isOver) isOver = (await operate({ order_to_work_on: order }, parts, time()))['progressed'] === 'over';
    const seconds = (performance.now() - began) / 1000;
    const { rows } = await database.client.query<{ done: number }>(
      'select done::int as done from webhook_orders where id = $1',
      [order],
    );
    const changed = rows[0]?.done ?? 0;
    say(
      `${what.padEnd(12)} ${changed} pending rows in ${seconds.toFixed(1)} s: ${Math.round(changed / seconds)} a second`,
    );
  }
  await close();
}

/** The same statement with the names of its schemas and, by a search_path, without, in turn, on one connection. */
async function sayNames(client: Client, rounds: number): Promise<void> {
  await client.query(`insert into workflows (id, organization_id) values (1, 7) on conflict do nothing;
    insert into workflow_runs (id, workflow_id) select n, 1 from generate_series(1, ${rounds * CALLS_OF_A_ROUND * 4}) n`);
  const { sql } = queries.acceptDeliveries;
  const texts = { named: inPublic(sql), unnamed: sql.replaceAll(/\{(?:surehook|application)\}\./g, '') };
  const took: Record<keyof typeof texts, number[]> = { named: [], unnamed: [] };
  let run = 0;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['named', 'unnamed'] as const) : (['unnamed', 'named'] as const);
    for (const which of order) {
      const began = performance.now();
      for (let call = 0; call < CALLS_OF_A_ROUND; call++) {
        const { text, values } = withNumberedParameters(texts[which], {
          deliveries: JSON.stringify([newRow(++run)]),
          chained_delay_seconds: 43_200,
          now: null,
        });
        await client.query(text, [...values]);
      }
      took[which].push((performance.now() - began) / CALLS_OF_A_ROUND);
    }
  }
  const pairs = took.named.map((ms, round) => ms - (took.unnamed[round] ?? ms));
  say(
    `enqueue's statement, ${rounds} rounds of ${CALLS_OF_A_ROUND}: with names ${percentile(took.named, 0.5).toFixed(3)} ms, ` +
      `without ${percentile(took.unnamed, 0.5).toFixed(3)} ms; difference ${percentile(pairs, 0.5).toFixed(3)} ms ` +
      `(middle half ${percentile(pairs, 0.25).toFixed(3)} to ${percentile(pairs, 0.75).toFixed(3)})`,
  );
}

function newRow(runId: number): object {
  return {
    item: 0,
    delivery_uuid: crypto.randomUUID(),
    run_id: runId,
    organization_id: 7,
    node_id: 'node',
    url: 'https://hooks.example.com/hook',
    method: 'POST',
    payload: '{"ok":true}',
    custom_headers: [],
    digest: 'digest',
    max_attempts: 5,
  };
}

async function main(): Promise<void> {
  if (given.help) return say(HELP);
  const [pending, writers, seconds, rounds] = [given.pending, given.writers, given.seconds, given.rounds].map(Number);
  if (!pending || !writers || !seconds || !rounds) throw new RangeError(HELP);
  const database = await openBenchDatabase(0);
  const { client } = database;
  try {
    await client.query(applicationTables('rows'));
    await client.query(
      `insert into app.webhook_deliveries (delivery_uuid, workflow_run_id, organization_id, endpoint_url, http_method, payload,
         webhook_node_id, scheduled_for, created_at, updated_at)
       select gen_random_uuid(), r.id, coalesce(w.organization_id, 1), 'https://hooks.example.com/hook', 'POST', '{"ok": true}', 'more-' || n,
         now(), now(), now() - interval '1 hour'
       from generate_series(1, $1::int) n
       join lateral (select id, workflow_id from app.workflow_runs order by id offset n % 100 limit 1) r on true
       join app.workflows w on w.id = r.workflow_id`,
      [pending],
    );
    await client.query('vacuum analyze');
    await sayMigration(database, writers, seconds);
    await sayAdoption(database);
    await sayNames(client, rounds);
  } finally {
    await database.close();
  }
}

await main();
