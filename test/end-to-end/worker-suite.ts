import { describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { processesOfFunction, stillRunning, withDescendants } from '../support/stack/processes.ts';
import { sqsEvent } from './recorded-function.ts';
import { HalfReadingReceiver } from '../support/receivers/half-reading-receiver.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

export function describeWorkers(stackOf: () => RunningStack): void {
  describe('a worker that is killed in the middle of an attempt', () => {
    it('is one failed invocation and a new process, and its delivery ends all the same', async () => {
      const stack = stackOf();
      const never = new Promise<number>(() => {});
      await using receiver = await RecordingReceiver.open((_, nth) => (nth === 1 ? never : 200));
      // Without a message of its own, so that this invocation is the one that is killed, whatever else the workers do.
      const inThreeDays = new Date(Date.now() + 3 * 86_400_000).toISOString();
      const request = aDelivery({ endpoint_url: receiver.url(), scheduled_for: inThreeDays });
      const { delivery_id, delivery_uuid } = await stack.enqueue(request);
      await stack.change(
        `update webhook_deliveries set scheduled_for = now() - interval '2 minutes', awaits_hand_out = false where id = :id`,
        { id: delivery_id },
      );
      const message = { v: 1, delivery_id, attempt: 1, remaining_seconds: 0 };
      const invoking = stack.invoke('deliver', sqsEvent([message]));
      await receiver.until(({ received }) => received.length === 1);

      const before = workersOf(stack);
      await killWorkers(stack);
      await receiver.until(({ open }) => open === 0);
      await forgetLease(stack, delivery_id);
      await stack.invoke('sweep', {});
      const row = await stack.over(delivery_id);

      expect(await invoking).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
      expect(workersOf(stack).filter((pid) => !before.includes(pid))).not.toEqual([]);
      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(await stack.attempts(delivery_id)).toMatchObject([
        { error_class: 'outcome_unknown' },
        { status_code: 200 },
      ]);
      expect(receiver.of(delivery_uuid).map(({ attempt }) => attempt)).toEqual([1, 2]);
    });
  });

  describe('a worker that is killed in the middle of an upload (REQ-10)', () => {
    it('leaves an attempt of unknown outcome; after its lease the whole body goes out under the same id', async () => {
      const stack = stackOf();
      await using receiver = await HalfReadingReceiver.open();
      const body = JSON.stringify({ text: 'ä'.repeat(120_000) });
      const { delivery_id, delivery_uuid } = await stack.enqueue(
        aDelivery({ endpoint_url: receiver.url, payload: undefined, payload_json: body }),
      );
      const cut = await receiver.cutOff;
      await killWorkers(stack);
      receiver.breakOff();
      await forgetLease(stack, delivery_id);
      await stack.invoke('sweep', {});

      expect(await stack.over(delivery_id)).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(await stack.attempts(delivery_id)).toMatchObject([
        { error_class: 'outcome_unknown', status_code: null },
        { error_class: null, status_code: 200 },
      ]);
      expect(cut).toMatchObject({ id: delivery_uuid, attempt: 1, length: Buffer.byteLength(body) });
      expect(cut.got.length).toBeGreaterThan(0);
      expect(cut.got.length).toBeLessThan(cut.length);
      expect(receiver.whole.map(({ id, attempt }) => [id, attempt])).toEqual([[delivery_uuid, 2]]);
      expect(receiver.whole[0]?.got.toString() === body).toBe(true);
      expect(receiver.whole[0]?.got.subarray(0, cut.got.length).equals(cut.got)).toBe(true);
    });
  });

  describe('a last attempt whose worker is killed', () => {
    it('is a dead letter of unknown outcome as soon as the message comes that waited for its lease', async () => {
      const stack = stackOf();
      const never = new Promise<number>(() => {});
      await using receiver = await RecordingReceiver.open(() => never);
      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), max_attempts: 1 }));
      await receiver.until(({ received }) => received.length === 1);
      await killWorkers(stack);
      await forgetLease(stack, delivery_id);

      const restored = { v: 1, delivery_id, attempt: 1, remaining_seconds: 0 };
      const invoked = await stack.invoke('deliver', sqsEvent([restored]));

      expect(invoked).toEqual({ ok: true, answer: { batchItemFailures: [] } });
      expect(await stack.delivery(delivery_id)).toMatchObject({
        status: 'dead_letter',
        dead_letter_reason: 'outcome_unknown',
        attempt_count: 1,
      });
      expect(await stack.attempts(delivery_id)).toMatchObject([{ error_class: 'outcome_unknown' }]);
    });
  });

  describe('a receiver that is slow', () => {
    it('holds up nobody else', async () => {
      const stack = stackOf();
      let letGo = (): void => {};
      const held = new Promise<number>((resolve) => (letGo = () => resolve(200)));
      await using slow = await RecordingReceiver.open(() => held);
      await using quick = await RecordingReceiver.open();
      const deliveries = Array.from({ length: 40 }, () => aDelivery({ endpoint_url: slow.url() }));
      await stack.invoke('enqueue', { deliveries });
      await slow.until(({ received }) => received.length > 0);

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: quick.url(), organization_id: 8 }));
      await stack.over(delivery_id);
      const stillOpen = slow.open;
      letGo();

      expect(stillOpen).toBeGreaterThan(0);
    });
  });
}

function workersOf(stack: RunningStack): number[] {
  return processesOfFunction(stack.functionName('deliver'), withDescendants(stack.process.pid));
}

/** All of them: which one holds the one delivery under way does not matter, the others are idle. */
async function killWorkers(stack: RunningStack): Promise<void> {
  const workers = workersOf(stack);
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  expect(await stillRunning(workers, 10_000)).toEqual([]);
}

/** As if the lease had ended two minutes ago. */
async function forgetLease(stack: RunningStack, id: number): Promise<void> {
  await stack.change(
    `update webhook_deliveries
     set scheduled_for = now() - interval '2 minutes', lease_expires_at = now() - interval '2 minutes'
     where id = :id`,
    { id },
  );
}
