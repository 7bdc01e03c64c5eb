// Real: PostgreSQL 17 and the statements of the claim and the settle, run side by side, and somebody else's transactions. A
// double: the statements without their `skip locked`, which must wait or deadlock where the real ones do not, or the tests
// prove nothing.
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settlementColumns } from '../../../shared/aws/delivery-rows.ts';
import type { ClaimedDelivery } from '../../../shared/delivery/delivery.ts';
import { CLAIM_PAYLOAD_BUDGET_BYTES, PAYLOAD_SLICE_BYTES } from '../../../shared/runtime/limits.ts';
import * as queries from '../../../sql/compiled-queries.ts';
import {
  claimed,
  death,
  failure,
  freshToken,
  settledAs,
  soon,
  stored,
  verdictOf,
} from '../../support/store/store-world.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { seededRandom } from '../../support/time/virtual-time.ts';
import { inPublic } from '../../support/postgres/public-schemas.ts';

const WAITING = queries.claimDeliveries.sql.replace(
  '  order by d.id\n  for update of d skip locked',
  '  for update of d',
);

let bench: PostgresStoreBench;
/** Connections made after the settings of the database. */
let side: Pool;

beforeAll(async () => {
  bench = await openPostgresStore();
  // Without the order, rows are reached in the order they were asked for.
  for (const plan of ['hashjoin', 'mergejoin', 'seqscan']) {
    await bench.pool.query(
      `do $$ begin execute format('alter database %I set enable_${plan} = off', current_database()); end $$`,
    );
  }
  side = new Pool({ connectionString: bench.url });
  // The database is dropped while the last of them is saying goodbye.
  side.on('connect', (client) => client.on('error', () => undefined));
  side.on('error', () => undefined);
  // One that is still being closed when its database is dropped says so.
  side.on('connect', (client) => client.on('error', () => undefined));
});

beforeEach(() => bench.reset());

afterAll(async () => {
  await side.end();
  await bench.close();
});

type Asked = { deliveryId: number; attempts: readonly number[]; token: string };

function parametersOf(claims: readonly Asked[]): Record<string, unknown> {
  return {
    claims: JSON.stringify(claims.map(({ deliveryId: id, attempts, token }) => ({ id, attempts, token }))),
    has_company: false,
    lease_seconds: 75,
    payload_budget_bytes: CLAIM_PAYLOAD_BUDGET_BYTES,
    slice_bytes: PAYLOAD_SLICE_BYTES,
    down_after_failures: 5,
    hold_seconds: 259_200,
    max_in_flight: null,
    max_per_second: null,
    chained_delay_seconds: 43_200,
    now: null,
  };
}

/** A statement as PostgreSQL itself takes it. */
function sqlOf(sql: string, parameters: Record<string, unknown>): { text: string; values: unknown[] } {
  const names = Object.keys(parameters);
  const text = inPublic(sql).replaceAll(/(?<![:\w]):([a-z_]+)/g, (_, name: string) => `$${names.indexOf(name) + 1}`);
  return { text, values: Object.values(parameters) };
}

/** Past the Data API, which repeats what a deadlock ended. Answers the SQLSTATE of a failure. */
async function claimAll(sql: string, ids: readonly number[]): Promise<string> {
  const claims = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
  return await run(sql, parametersOf(claims));
}

async function run(sql: string, parameters: Record<string, unknown>): Promise<string> {
  const { text, values } = sqlOf(sql, parameters);
  try {
    await side.query(text, values);
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

/** Two batches that ask for the same deliveries in opposite orders, both under way before either can get the first. */
async function crossing(sql: string): Promise<string[]> {
  const [low, high] = [await stored(bench), await stored(bench)];
  const holder = await bench.pool.connect();
  await holder.query('begin');
  await holder.query('select from webhook_deliveries where id = $1 for update', [low]);
  const first = claimAll(sql, [low, high]);
  await untilWaiting(1);
  const second = claimAll(sql, [high, low]);
  await untilWaiting(2);
  await holder.query('commit');
  holder.release();
  return (await Promise.all([first, second])).toSorted();
}

/** Resolves once so many backends wait for a lock. */
async function untilWaiting(wanted: number): Promise<void> {
  for (let looks = 0; looks < 20_000; looks++) {
    const { rowCount } = await bench.pool.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    if (rowCount === wanted) return;
  }
}

describe('two batches that ask for the same deliveries in opposite orders', () => {
  it('are both answered, one of them that somebody else has the rows', async () => {
    const [low, high] = [await stored(bench), await stored(bench)];
    await using _ = await bench.lock(low);
    const claims = [
      claimAll(queries.claimDeliveries.sql, [low, high]),
      claimAll(queries.claimDeliveries.sql, [high, low]),
    ];
    expect(await Promise.all(claims)).toEqual(['done', 'done']);
  });

  it('deadlock where the claim waits, in the order it was asked (mutant: claim without skip locked)', async () => {
    expect(WAITING).not.toBe(queries.claimDeliveries.sql);
    expect(await crossing(WAITING)).toEqual(['40P01', 'done']);
  });
});

describe('two batches of failures of the same two endpoints, neither of which has a row yet', () => {
  const HOOKS = ['https://receiver.example/a', 'https://receiver.example/b'];
  const DESCENDING = queries.settleDeliveries.sql.replace(
    '  from beginning\n  order by key\n',
    '  from beginning\n  order by key desc\n',
  );

  it('are both recorded', async () => {
    expect(await rounds(3, queries.settleDeliveries.sql)).toEqual(['done']);
    const [row] = await bench.endpoints();
    expect(row).toMatchObject({ failures: 2 });
  });

  it('deadlock where the one goes the other way (mutant: endpoints in no order)', async () => {
    expect(DESCENDING).not.toBe(queries.settleDeliveries.sql);
    expect(await rounds(50, DESCENDING)).toContain('40P01');
  });

  /** Until one ends otherwise, at most so often. */
  async function rounds(most: number, sql: string): Promise<string[]> {
    for (let nth = 1; ; nth++) {
      await bench.reset();
      const ends = new Set(await bothSettle(sql));
      if (nth === most || !ends.has('done') || ends.size > 1) return [...ends];
    }
  }

  /** Both are under way before either can give the first endpoint its row. */
  async function bothSettle(sql: string): Promise<string[]> {
    const batches = [await beginAll(), await beginAll()];
    const holder = await bench.pool.connect();
    await holder.query('begin');
    await holder.query(
      `insert into webhook_endpoints (key, scope)
      select min(cast(key as text))::uuid, 'endpoint'
      from unnest(cast($1 as text[])) u cross join lateral webhook_endpoint_keys(7, u) k where k.scope = 'endpoint'`,
      [HOOKS],
    );
    const first = settleAll(queries.settleDeliveries.sql, batches[0] ?? []);
    await untilWaiting(1);
    const second = settleAll(sql, batches[1] ?? []);
    await untilWaiting(2);
    await holder.query('rollback');
    holder.release();
    return await Promise.all([first, second]);
  }

  async function beginAll() {
    const begun = [];
    for (const endpointUrl of HOOKS) begun.push(await claimed(bench, await stored(bench, { endpointUrl })));
    return begun;
  }

  async function settleAll(sql: string, deliveries: readonly ClaimedDelivery[]): Promise<string> {
    const evidence = { endpoint: 'failure', origin: 'answer' } as const;
    const settlements = deliveries.map((one) => settlementColumns({ ...settledAs(failure, one), evidence }));
    return await run(sql, {
      settlements: JSON.stringify(settlements),
      chained_delay_seconds: 43_200,
      down_after_failures: 5,
      hold_seconds: 259_200,
      exhausted: 'dead_letter',
      probe_delays: '[30]',
      max_in_flight: null,
      lease_seconds: 75,
      outcomes: 'none',
      announce_seconds: 60,
      announce_delivered_seconds: 600,
      announced: '[]',
      now: null,
    });
  }
});

describe('a claim whose first run is still under way', () => {
  it('is answered locked, and what the first run came to once that is over', async () => {
    const deliveryId = await stored(bench);
    const claim = { deliveryId, attempts: [1], token: freshToken() };
    const first = await bench.pool.connect();
    await first.query('begin');
    await first.query(sqlOf(queries.claimDeliveries.sql, parametersOf([claim])));
    expect((await bench.store.claimDeliveries([claim], 75, soon())).map(verdictOf)).toEqual(['locked']);
    await first.query('commit');
    first.release();
    expect((await bench.store.claimDeliveries([claim], 75, soon())).map(verdictOf)).toEqual(['claimed']);
    expect(await bench.delivery(deliveryId)).toMatchObject({ attemptCount: 1, claimCount: 1 });
  });
});

it('forty batches of ten of the same twenty deliveries, in any order and beside settles and sweeps, never deadlock', async () => {
  const ids: number[] = [];
  while (ids.length < 20) ids.push(await stored(bench));
  const random = seededRandom(1);
  const held = [];
  for (const id of ids.slice(0, 5)) held.push(settledAs({ ...death, error: 'gone' }, await claimed(bench, id)));
  const shuffled = () => ids.toSorted(() => random() - 0.5).slice(0, 10);
  const others = [
    bench.store.settleDeliveries(held.toReversed(), soon()),
    bench.store.putBackDeliveries({ after: undefined, pageRows: 20 }),
    bench.store.buryDeliveries({ after: undefined, pageRows: 20 }),
    bench.store.releaseDeliveries(
      ids.map((deliveryId) => ({ deliveryId, token: freshToken(), error: '' })),
      soon(),
    ),
  ];
  const claims = Array.from({ length: 40 }, () => claimAll(queries.claimDeliveries.sql, shuffled()));
  expect(new Set(await Promise.all(claims))).toEqual(new Set(['done']));
  await Promise.all(others);
  const { rows } = await bench.pool.query<{ claims: string }>(
    'select sum(claim_count) as claims from webhook_deliveries',
  );
  // What another batch had just then is locked to it, and would be asked for again.
  expect(Number(rows[0]?.claims)).toBeLessThanOrEqual(20);
  expect(Number(rows[0]?.claims)).toBeGreaterThanOrEqual(5);
});
