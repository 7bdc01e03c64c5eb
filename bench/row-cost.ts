// What one delivery writes: WAL by statement, and what the table and each index grow by. `npm run bench:rows -- --help` names the
// sizes. Real: PostgreSQL, the Data API over loopback HTTP, the stores of enqueue and deliver.
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { createDataApiAcceptStore } from '../shared/aws/data-api-accept-store.ts';
import type { EndpointRules } from '../shared/endpoints/endpoint-policy.ts';
import { createDataApiDeliverStore } from '../shared/aws/data-api-deliver-store.ts';
import type { Claim, SettledAttempt } from '../shared/delivery/store-answers.ts';
import * as queries from '../sql/compiled-queries.ts';
import { type BenchDatabase, connect, costOfStatement, openBenchDatabase, say } from './bench-database.ts';

const HELP = `npm run bench:rows -- [--deliveries 5000] [--kept 100000] [--payload 1024] [--batch 10] [--alter SQL] [--held]
  deliveries  that are enqueued, claimed and delivered, one batch after the other
  kept        delivered ones that the table holds before
  payload     bytes of each body
  batch       deliveries in one call of enqueue and in one claim
  alter       a statement to be tried before: a storage setting, for example
  held        a transaction is open meanwhile; then what the sweep's statements cost`;

const { values: given } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '5000' },
    kept: { type: 'string', default: '100000' },
    payload: { type: 'string', default: '1024' },
    batch: { type: 'string', default: '10' },
    alter: { type: 'string' },
    held: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Of a 30 s attempt. */
const LEASE_SECONDS = 75;
/** As by default. */
const RULES: EndpointRules = {
  downAfterFailures: 5,
  holdSeconds: 259_200,
  exhausted: 'dead_letter',
  maxInFlight: undefined,
  leaseSeconds: LEASE_SECONDS,
  maxPerSecond: undefined,
  probeDelays: () => [30, 60, 120, 240, 480, 600],
};
const LIMIT_MS = 60_000;

type Wal = { enqueue: number; claim: number; settle: number };

/** Random text, as JSON does not compress to nothing. */
const BODY = `left(string_agg(md5(random()::text), ''), $1)`;

async function fill(client: Client, kept: number, payloadBytes: number): Promise<void> {
  await client.query(
    `with body as (select ${BODY} as text from generate_series(1, 1 + $1::integer / 32))
     insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status,
       attempt_count, scheduled_for)
     select -n, 1 + n % 50, 'node', 'https://hooks.example.com/hook', body.text, 'succeeded', 1, null
     from body, generate_series(1, $2::integer) as n`,
    [payloadBytes, kept],
  );
  await client.query('vacuum analyze webhook_deliveries');
}

function randomBody(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(Math.ceil(bytes / 2)));
  return `"${Buffer.from(random)
    .toString('hex')
    .slice(0, Math.max(0, bytes - 2))}"`;
}

/** Enqueues, claims and settles batch after batch, as live traffic does; answers the WAL of each step, bytes. */
async function deliver(database: BenchDatabase, count: number, batch: number, payloadBytes: number): Promise<Wal> {
  const { dataApi, close } = await database.openDataApi();
  const store = {
    ...createDataApiAcceptStore(dataApi),
    ...createDataApiDeliverStore(dataApi, { ...RULES, outcomes: 'failures' }),
  };
  const wal: Wal = { enqueue: 0, claim: 0, settle: 0 };
  const limit = () => ({ untilMonotonicMs: performance.now() + LIMIT_MS });
  const measured = async <Answer>(step: keyof Wal, work: () => Promise<Answer>): Promise<Answer> => {
    const before = await walPosition(database.client);
    const answer = await work();
    wal[step] += (await walPosition(database.client)) - before;
    return answer;
  };
  for (let done = 0; done < count; done += batch) {
    if (done > 0 && done % (count / 10) < batch) await database.client.query('vacuum webhook_deliveries');
    const deliveries = Array.from({ length: Math.min(batch, count - done) }, (_, index) => ({
      deliveryUuid: crypto.randomUUID(),
      workflowRunId: 1 + done + index,
      organizationId: 1 + (index % 50),
      webhookNodeId: 'node',
      webhookName: undefined,
      endpointUrl: 'https://hooks.example.com/hook',
      httpMethod: 'POST' as const,
      body: randomBody(payloadBytes),
      customHeaders: [],
      requestDigest: crypto.randomUUID(),
      maxAttempts: 5,
      scheduledForMs: undefined,
    }));
    const accepted = await measured('enqueue', () => store.acceptDeliveries(deliveries, 'register', limit()));
    const claims: Claim[] = accepted.flatMap((answer) =>
      answer.kind === 'stored' ? [{ deliveryId: answer.deliveryId, attempts: [1], token: crypto.randomUUID() }] : [],
    );
    await measured('claim', () => store.claimDeliveries(claims, LEASE_SECONDS, limit()));
    const settled: SettledAttempt[] = claims.map(({ deliveryId, token }) => ({
      deliveryId,
      token,
      attempt: 1,
      settlement: { kind: 'succeeded', statusCode: 200, excerpt: 'ok' },
      durationMs: 100,
      startedMsAgo: 110,
    }));
    await measured('settle', () => store.settleDeliveries(settled, limit()));
  }
  // Its sessions end, and their statistics are there.
  await close();
  return wal;
}

async function walPosition(client: Client): Promise<number> {
  const { rows } = await client.query<{ at: string }>("select pg_current_wal_insert_lsn() - '0/0' as at");
  return Number(rows[0]?.at);
}

async function sizes(client: Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `select c.relname as name, pg_relation_size(c.oid) as bytes
     from pg_class c left join pg_index i on i.indexrelid = c.oid
     where c.oid = 'webhook_deliveries'::regclass or i.indrelid = 'webhook_deliveries'::regclass
     union all
     select 'payloads out of line', pg_total_relation_size(reltoastrelid) from pg_class where oid = 'webhook_deliveries'::regclass
     order by name`,
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

async function updates(client: Client): Promise<{ all: number; hot: number }> {
  await client.query('select pg_stat_clear_snapshot()');
  const { rows } = await client.query<{ all: string; hot: string }>(
    `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables where relname = 'webhook_deliveries'`,
  );
  return { all: Number(rows[0]?.all), hot: Number(rows[0]?.hot) };
}

/** What the statements of an idle sweep cost. */
async function saySweep(client: Client): Promise<void> {
  const page = { after_due: null, after_id: null, page_rows: 500, only: null, now: null };
  const pauses = { grace_seconds: 60, horizon_seconds: 900, pause_seconds: 300, max_pause_seconds: 7200 };
  for (const [name, { sql }, parameters] of [
    ['bury_deliveries', queries.buryDeliveries, page],
    ['put_back_deliveries', queries.putBackDeliveries, { ...page, ...pauses }],
    ['measure_backlog', queries.measureBacklog, { now: null }],
  ] as const) {
    const { ms, pages } = await costOfStatement(client, sql, parameters);
    say(`${name.padEnd(20)} ${ms.toFixed(1).padStart(8)} ms ${String(pages).padStart(9)} pages`);
  }
}

async function main(): Promise<void> {
  if (given.help) return say(HELP);
  const [deliveries, kept, payload, batch] = [given.deliveries, given.kept, given.payload, given.batch].map(Number);
  if (!deliveries || !batch || kept === undefined || payload === undefined) throw new RangeError(HELP);
  const database = await openBenchDatabase();
  const { client } = database;
  try {
    if (given.alter !== undefined) await client.query(given.alter);
    say(`filling: ${kept} delivered`);
    await fill(client, kept, payload);
    const stranger = given.held ? await connect(database.url) : undefined;
    await stranger?.query('begin isolation level repeatable read; select from webhook_deliveries limit 1');
    const before = await sizes(client);
    const wal = await deliver(database, deliveries, batch, payload);
    const after = await sizes(client);
    const perDelivery = (bytes: number): string => (bytes / deliveries).toFixed(0).padStart(8);
    say(`\nbytes for each of ${deliveries} deliveries of ${payload} bytes, ${batch} at once, one attempt each`);
    for (const [step, bytes] of Object.entries(wal)) say(`WAL of ${step.padEnd(32)} ${perDelivery(bytes)}`);
    say(`WAL ${' '.repeat(35)} ${perDelivery(wal.enqueue + wal.claim + wal.settle)}`);
    for (const [name, bytes] of after) say(`${name.padEnd(39)} ${perDelivery(bytes - (before.get(name) ?? 0))}`);
    const { all, hot } = await updates(client);
    say(`updates ${all}, off the indexes (HOT) ${hot}: ${((100 * hot) / deliveries).toFixed(0)} % of the claims`);
    if (stranger !== undefined) {
      say('\nan idle sweep while a transaction is open that is older than these deliveries');
      await saySweep(client);
      await stranger.query('commit');
      await stranger.end();
      await client.query('vacuum webhook_deliveries');
      say('and when it has ended, and autovacuum has come');
      await saySweep(client);
    }
  } finally {
    await database.close();
  }
}

await main();
