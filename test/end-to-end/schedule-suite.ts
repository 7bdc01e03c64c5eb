import { describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { invokeRecorded, type RecordedCall, sqsEvent } from './recorded-function.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function describeSchedule(stackOf: () => RunningStack): void {
  describe('a delivery for later', () => {
    it('in 40 minutes is a chain of three messages that touches no database on the way', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const scheduled_for = new Date(Date.now() + 40 * MINUTE_MS).toISOString();
      const request = aDelivery({ endpoint_url: receiver.url(), scheduled_for });

      const enqueued = await invokeRecorded(stack, 'enqueue', request);
      const [first] = messagesOf(enqueued.calls);
      const second = await handOn(stack, first?.body);
      const third = await handOn(stack, second?.body);

      const { delivery_id } = enqueued.answer as { delivery_id: number };
      // Whole seconds, rounded up; some have passed between this test's clock and the database's.
      const remaining = first?.body['remaining_seconds'] as number;
      expect(remaining).toBeGreaterThan(1_440);
      expect(remaining).toBeLessThanOrEqual(1_500);
      expect([first, second, third].map((message) => message?.delaySeconds)).toEqual([900, 900, remaining - 900]);
      expect(third?.body).toEqual({ v: 1, delivery_id, attempt: 1, remaining_seconds: 0 });
      expect(await stack.delivery(delivery_id)).toMatchObject({ status: 'pending', attempt_count: 0, claim_count: 0 });
      expect(receiver.received).toEqual([]);
    });

    it('is sent by the last message of its chain', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const delivery_id = await deliveryDueIn(stack, { url: receiver.url(), seconds: 0 });

      const invoked = await stack.invoke(
        'deliver',
        sqsEvent([{ v: 1, delivery_id, attempt: 1, remaining_seconds: 1 }]),
      );
      const row = await stack.over(delivery_id);

      expect(invoked).toEqual({ ok: true, answer: { batchItemFailures: [] } });
      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    });

    it('is passed on with the rest of its delay when its message comes early', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const delivery_id = await deliveryDueIn(stack, { url: receiver.url(), seconds: 300 });

      const message = { v: 1, delivery_id, attempt: 1, remaining_seconds: 0 };
      const { calls } = await invokeRecorded(stack, 'deliver', sqsEvent([message]));

      const [onward] = messagesOf(calls);
      expect(onward?.delaySeconds).toBeGreaterThan(240);
      expect(onward?.delaySeconds).toBeLessThanOrEqual(300);
      expect(await stack.delivery(delivery_id)).toMatchObject({ attempt_count: 0, claim_count: 0 });
    });

    it('in three days has no message until a sweep hands it out', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const scheduled_for = new Date(Date.now() + 3 * DAY_MS).toISOString();
      const request = aDelivery({ endpoint_url: receiver.url(), scheduled_for });

      const enqueued = await invokeRecorded(stack, 'enqueue', request);
      const { delivery_id } = enqueued.answer as { delivery_id: number };
      const early = await invokeRecorded(stack, 'sweep', {});
      await turnBack(stack, delivery_id, 3 * 86_400 - 600);
      const late = await invokeRecorded(stack, 'sweep', {});
      const again = await invokeRecorded(stack, 'sweep', {});

      const sentFor = ({ calls }: { calls: RecordedCall[] }) =>
        messagesOf(calls).filter(({ body }) => body['delivery_id'] === delivery_id);
      expect(sentFor(enqueued)).toEqual([]);
      expect(sentFor(early)).toEqual([]);
      expect(sentFor(late)).toHaveLength(1);
      expect(sentFor(late)[0]?.delaySeconds).toBeGreaterThan(540);
      expect(sentFor(late)[0]?.delaySeconds).toBeLessThanOrEqual(600);
      expect(sentFor(again)).toEqual([]);
    });

    it('whose message never existed is put back by the sweep', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const delivery_id = await deliveryDueIn(stack, { url: receiver.url(), seconds: -120 });

      const swept = await stack.invoke('sweep', {});
      const row = await stack.over(delivery_id);

      expect(swept).toMatchObject({ ok: true, answer: { complete: true } });
      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(receiver.received).toHaveLength(1);
    });
  });
}

type SentMessage = { delaySeconds: number; body: Record<string, unknown> };

/** What was sent to a queue, in order. */
function messagesOf(calls: readonly RecordedCall[]): SentMessage[] {
  return calls
    .filter(({ service }) => service === 'sqs')
    .flatMap(({ input }) => input['Entries'] as { DelaySeconds?: number; MessageBody: string }[])
    .map(({ DelaySeconds = 0, MessageBody }) => ({
      delaySeconds: DelaySeconds,
      body: JSON.parse(MessageBody) as Record<string, unknown>,
    }));
}

/** What deliver makes of a hop of a chain: one message, and no other call. */
async function handOn(stack: RunningStack, message: object | undefined): Promise<SentMessage | undefined> {
  const { answer, calls } = await invokeRecorded(stack, 'deliver', sqsEvent([message ?? {}]));
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(calls.map(({ service }) => service)).toEqual(['sqs']);
  return messagesOf(calls)[0];
}

/** A row without any message. */
async function deliveryDueIn(stack: RunningStack, { url, seconds }: { url: string; seconds: number }): Promise<number> {
  const request = aDelivery({ endpoint_url: url });
  const runId = Number(request['workflow_run_id']);
  await stack.change(
    `insert into webhook_deliveries
       (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, scheduled_for)
     values (:run_id, 7, 'node', :url, '{}', now() + make_interval(secs => :seconds))`,
    { run_id: runId, url, seconds },
  );
  const [row] = await stack.rows<{ id: number }>('select id from webhook_deliveries where workflow_run_id = :run_id', {
    run_id: runId,
  });
  if (row === undefined) throw new Error('the row was not written');
  return row.id;
}

/** As if so much time had passed for this delivery. */
async function turnBack(stack: RunningStack, id: number, seconds: number): Promise<void> {
  await stack.change(
    `update webhook_deliveries
     set scheduled_for = scheduled_for - make_interval(secs => :seconds)
     where id = :id`,
    { id, seconds },
  );
}
