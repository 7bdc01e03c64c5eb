// Two pipelines at once: enqueue knows what stands in the other one's table. Real: enqueue by invoke, both stores, the SDK, the local
// Data API, PostgreSQL 17. Doubles: the queues, log and metrics, which record.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAlongsideAcceptStore } from '../../../shared/aws/data-api-alongside.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { MOVED } from '../../../shared/runtime/foreign-table.ts';
import { FOREIGN, FOREIGN_TABLE } from '../../support/postgres/application-tables.ts';
import { openPostgresStore, type PostgresStoreBench } from '../../support/store/postgres-store-world.ts';
import { EnqueueBench, request } from './enqueue-deliveries-world.ts';

const UUID = '3f0c9a52-98f4-4c2c-8d2f-0d8a2f1b7c11';

let rows: PostgresStoreBench;
let bench: EnqueueBench;

beforeAll(async () => {
  rows = await openPostgresStore();
  await rows.pool.query(FOREIGN_TABLE);
});
beforeEach(async () => {
  await rows.reset();
  await rows.pool.query('truncate theirs.webhook_deliveries');
  bench = new EnqueueBench();
  bench.parts.store = createAlongsideAcceptStore(rows.store, rows.dataApi, FOREIGN);
  bench.parts.clock = { ...systemClock, uuid: () => systemClock.uuid() };
});
afterAll(() => rows.close());

const enqueue = (event: unknown) =>
  enqueueByInvoke(event, bench.parts, { untilMonotonicMs: systemClock.monotonicMs() + 30_000 });

async function standsThere(columns: Record<string, unknown> = {}): Promise<void> {
  const { workflow_run_id, organization_id, webhook_node_id } = request();
  const row = {
    id: 77,
    delivery_uuid: UUID,
    workflow_run_id,
    organization_id,
    webhook_node_id,
    endpoint_url: 'https://receiver.example/',
    http_method: 'POST',
    payload: '{}',
    status: 'succeeded',
    attempt_count: 1,
    last_status_code: 200,
    ...columns,
  };
  const names = Object.keys(row);
  await rows.pool.query(
    `insert into theirs.webhook_deliveries (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  );
}

const storedHere = async () => (await rows.pool.query('select from webhook_deliveries')).rowCount;

describe('a run and node that stand in the other table', () => {
  test('exist: the answer is how they stand there, nothing is stored or sent here', async () => {
    await standsThere();
    expect(await enqueue(request())).toEqual({
      delivery_id: 77,
      delivery_uuid: UUID,
      created: false,
      status: 'succeeded',
      scheduled_for: null,
      attempt_count: 1,
      last_status_code: 200,
      last_error: null,
      warnings: [expect.stringContaining('stand in theirs.webhook_deliveries')],
    });
    expect(await storedHere()).toBe(0);
    expect(bench.sent).toEqual([]);
  });

  test('are answered to their own organization alone', async () => {
    await standsThere({ organization_id: 999 });
    await expect(enqueue(request())).rejects.toMatchObject({ name: 'OrganizationMismatch' });
  });

  test('and have moved here are answered by what stands here', async () => {
    await standsThere({ status: 'dead_letter', last_error: `${MOVED}: order 1` });
    expect(await enqueue(request())).toMatchObject({ created: true, warnings: [] });
  });

  test('do not keep the others of a batch from being created, each in its place', async () => {
    await standsThere();
    const deliveries = ['a', request()['webhook_node_id'], 'b'].map((webhook_node_id) => request({ webhook_node_id }));
    const answer = await enqueue({ deliveries });
    expect(answer).toMatchObject({
      results: [{ created: true }, { created: false, delivery_uuid: UUID }, { created: true }],
    });
    expect(await storedHere()).toBe(2);
  });
});

test('a table that cannot be read is a refusal of the database, and nothing is stored', async () => {
  bench.parts.store = createAlongsideAcceptStore(rows.store, rows.dataApi, { ...FOREIGN, table: 'gone' });
  await expect(enqueue(request())).rejects.toMatchObject({
    name: 'DatabaseRefused',
    message: expect.stringContaining('SQLSTATE 42P01'),
  });
  expect(await storedHere()).toBe(0);
});
