// Deliver's code is replaced while it sends: what runs goes on, and the new code is asked for the same deliveries. Real: two instances
// of the handler with settings of their own, the SDK, PostgreSQL, a receiver on loopback. Doubles: AWS, by the local endpoints; stdout
// and stderr, caught. That an invocation under way keeps its code is Lambda's; which process an invocation gets is not shown here.
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { contextOf, type PlatformBench, sqsEvent, startPlatform } from '../support/stack/platform-world.ts';

type Deliver = (event: SQSEvent, context: Context) => Promise<unknown>;

const NOTHING_FAILED = { batchItemFailures: [] };
/** Timeouts of an attempt before and after the deployment: leases of 75 s and of 55 s. */
const OLD_SECONDS = '30';
const NEW_SECONDS = '10';

let platform: PlatformBench;
let receiver: RecordingReceiver;
let before: Deliver;
let after: Deliver;
let nodes = 0;
/** What the first and the second request of a delivery wait for. */
let answers: PromiseWithResolvers<number>[];

beforeAll(async () => {
  platform = await startPlatform();
  const { handler: migrate } = await import('../../functions/migrate.ts');
  await migrate({}, contextOf(600));
  before = await deployed(OLD_SECONDS);
  after = await deployed(NEW_SECONDS);
});
beforeEach(async () => {
  answers = [Promise.withResolvers(), Promise.withResolvers()];
  receiver = await RecordingReceiver.open((_, nth) => answers[nth - 1]?.promise ?? 500);
  return () => receiver[Symbol.asyncDispose]();
});
afterAll(() => platform.close());

/** A new process' instance of the function, which reads its settings when it starts. */
async function deployed(timeoutSeconds: string): Promise<Deliver> {
  vi.resetModules();
  const { handler } = await import('../../functions/deliver.ts');
  return (event, context) => {
    vi.stubEnv('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', timeoutSeconds);
    return handler(event, context);
  };
}

async function enqueued(): Promise<{ id: number; message: (attempt: number) => ReturnType<typeof sqsEvent> }> {
  const { handler: enqueue } = await import('../../functions/enqueue.ts');
  const answer = await enqueue(
    {
      workflow_run_id: 1,
      organization_id: 7,
      webhook_node_id: `node ${(nodes += 1)}`,
      endpoint_url: receiver.url(),
      payload: {},
    },
    contextOf(60),
  );
  const { delivery_id: id } = answer as { delivery_id: number };
  const message = (attempt: number) =>
    sqsEvent(JSON.stringify({ v: 1, delivery_id: id, attempt, remaining_seconds: 0 }));
  return { id, message };
}

async function rowOf(id: number): Promise<Record<string, unknown>> {
  const { rows } = await platform.pool.query(
    `select status, attempt_count, (select array_agg(error_class order by attempt) from webhook_delivery_attempts
     where delivery_id = id) as classes from webhook_deliveries where id = $1`,
    [id],
  );
  return rows[0];
}

/** As if this much time had passed for a delivery. */
async function passed(id: number, seconds: number): Promise<void> {
  await platform.pool.query(
    `update webhook_deliveries set claimed_at = claimed_at - make_interval(secs => $2), scheduled_for = scheduled_for - make_interval(secs => $2),
       lease_expires_at = lease_expires_at - make_interval(secs => $2) where id = $1`,
    [id, seconds],
  );
}

describe('deliver is replaced while it sends (DEP-02)', () => {
  test('what runs goes on under its own lease: the new code sends nothing of it, and its outcome is recorded', async () => {
    const { id, message } = await enqueued();
    const running = before(message(1), contextOf(60));
    await receiver.until(({ received }) => received.length === 1);
    // Longer than the new code's lease, shorter than that of the old one.
    await passed(id, 60);
    expect(await after(message(1), contextOf(40))).toEqual(NOTHING_FAILED);
    expect(await rowOf(id)).toMatchObject({ status: 'pending', attempt_count: 1 });
    answers[0]?.resolve(200);
    expect(await running).toEqual(NOTHING_FAILED);
    expect(await rowOf(id)).toEqual({ status: 'succeeded', attempt_count: 1, classes: [null] });
    expect(receiver.received).toHaveLength(1);
  });

  test('what it leaves unfinished is claimed by the new code when its lease is over, and sent once more under the same id', async () => {
    const { id, message } = await enqueued();
    const left = before(message(1), contextOf(60));
    await receiver.until(({ received }) => received.length === 1);
    await passed(id, 76);
    const taken = after(message(1), contextOf(40));
    await receiver.until(({ received }) => received.length === 2);
    answers[1]?.resolve(200);
    expect(await taken).toEqual(NOTHING_FAILED);
    const over = { status: 'succeeded', attempt_count: 2, classes: ['outcome_unknown', null] };
    expect(await rowOf(id)).toEqual(over);
    expect(receiver.received.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(receiver.received.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    // And should the old one come back after all, nothing changes.
    answers[0]?.resolve(200);
    expect(await left).toEqual(NOTHING_FAILED);
    expect(await rowOf(id)).toMatchObject({ status: 'succeeded', attempt_count: 2 });
  });
});
