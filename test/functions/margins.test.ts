// What a function still begins when its timeout is near. Real: the handlers, the SDK, PostgreSQL. Doubles: AWS, by the local
// endpoints; what Lambda says is left of the time; stdout and stderr, caught.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { handler as enqueue } from '../../functions/enqueue.ts';
import { handler as migrate } from '../../functions/migrate.ts';
import { handler as operate } from '../../functions/operate.ts';
import { handler as sweep } from '../../functions/sweep.ts';
import { contextOf, type PlatformBench, startPlatform } from '../support/stack/platform-world.ts';

/** The longest that a page can take while nothing answers: two statements, its messages, and the answer. */
const PAGE_SECONDS = 110;
/** For messages and the answer, once the last statement of an enqueue has ended. */
const ANSWER_SECONDS = 15;

let platform: PlatformBench;

beforeAll(async () => {
  platform = await startPlatform();
  await migrate({}, contextOf(600));
});
beforeEach(() => platform.pool.query('truncate webhook_deliveries, webhook_orders restart identity cascade'));
afterAll(() => platform.close());

async function stored(columns: string, values: string): Promise<void> {
  await platform.pool.query(
    `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, ${columns})
     values (1, 7, 'node', 'https://receiver.example.com/', '{}', ${values})`,
  );
}

test('a sweep begins nothing so near its timeout, and says that it is not done', async () => {
  await stored('scheduled_for', "now() - interval '10 minutes'");
  expect(await sweep({}, contextOf(PAGE_SECONDS))).toMatchObject({ put_back: 0, complete: false });
  expect(await sweep({}, contextOf(PAGE_SECONDS + 60))).toMatchObject({ put_back: 1, complete: true });
});

test('an order is worked on no further so near the timeout, and goes on later', async () => {
  await stored('scheduled_for, status, dead_letter_reason', "null, 'dead_letter', 'status'");
  const order = { action: 'dismiss', organization_id: 7, order_key: 'one' };
  expect(await operate(order, contextOf(PAGE_SECONDS))).toMatchObject({ changed: 0, complete: false });
  expect(await sweep({}, contextOf(PAGE_SECONDS + 200))).toMatchObject({ orders_worked: 1 });
  expect(await operate(order, contextOf(PAGE_SECONDS + 200))).toMatchObject({ changed: 1, complete: true });
});

test('enqueue asks the database nothing so near its timeout: its caller is told in time', async () => {
  const request = {
    workflow_run_id: 1,
    organization_id: 7,
    webhook_node_id: 'node',
    endpoint_url: 'https://receiver.example.com/',
    payload: {},
  };
  await expect(enqueue(request, contextOf(ANSWER_SECONDS))).rejects.toMatchObject({ name: 'TemporaryFailure' });
  expect((await platform.pool.query('select from webhook_deliveries')).rowCount).toBe(0);
  expect(await enqueue(request, contextOf(ANSWER_SECONDS + 30))).toMatchObject({ created: true });
});
