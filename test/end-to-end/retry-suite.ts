import { describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

/** The bench's schedule: after the first failure 1 s, after every other 2 s. */
export const RETRY_SCHEDULE = '1,2';
/** A settle's two instants, the attempt's end and the row's due time, lie this far apart on a busy machine, ms. */
const SETTLED_WITHIN_MS = 5_000;

export function describeRetries(stackOf: () => RunningStack): void {
  describe.concurrent('a delivery that fails', () => {
    it('is one delivery through three attempts, each due when the policy says', async ({ expect }) => {
      const stack = stackOf();
      let deliveryId = 0;
      const dueAt: number[] = [];
      await using receiver = await RecordingReceiver.open(async (_, nth) => {
        if (nth === 1) return 500;
        // A claim leaves the due time as it was.
        dueAt.push((await stack.delivery(deliveryId)).due_ms ?? 0);
        return nth === 2 ? 503 : 204;
      });

      const accepted = await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      deliveryId = accepted.delivery_id;
      const row = await stack.over(deliveryId);

      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 3, last_status_code: 204, last_error: null });
      expect(receiver.received.map((request) => [request.deliveryId, request.attempt])).toEqual([
        [accepted.delivery_uuid, 1],
        [accepted.delivery_uuid, 2],
        [accepted.delivery_uuid, 3],
      ]);
      const attempts = await stack.attempts(deliveryId);
      expect(attempts.map(({ status_code }) => status_code)).toEqual([500, 503, 204]);
      expectDelay((dueAt[0] ?? 0) - (attempts[0]?.ended_ms ?? 0), 1_000);
      expectDelay((dueAt[1] ?? 0) - (attempts[1]?.ended_ms ?? 0), 2_000);
    });

    it('is a dead letter at once when the receiver says that it is gone', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open(() => 404);

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      const row = await stack.over(delivery_id);

      expect(row).toMatchObject({
        status: 'dead_letter',
        dead_letter_reason: 'status',
        attempt_count: 1,
        last_status_code: 404,
        due_ms: null,
      });
      expect(receiver.received).toHaveLength(1);
    });

    it('is a dead letter with its reason when all its attempts are used up', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open(() => 503);

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), max_attempts: 2 }));
      const row = await stack.over(delivery_id);

      expect(row).toMatchObject({ status: 'dead_letter', dead_letter_reason: 'status', attempt_count: 2 });
      expect(row.last_error).toMatch(/503/);
      expect(receiver.received.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it('waits as long as the receiver asks', async ({ expect }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open(() => ({ status: 429, headers: { 'Retry-After': '3600' } }));

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      const row = await stack.log.until(async () => {
        const found = await stack.delivery(delivery_id);
        return found.last_status_code === null ? undefined : found;
      });

      const [attempt] = await stack.attempts(delivery_id);
      expect(row.status).toBe('pending');
      expectDelay((row.due_ms ?? 0) - (attempt?.ended_ms ?? 0), 3_600_000);
    });

    it('is tried again when its receiver answers too late', async ({ expect }) => {
      const stack = stackOf();
      const never = new Promise<number>(() => {});
      await using receiver = await RecordingReceiver.open((_, nth) => (nth === 1 ? never : 200));

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      const row = await stack.over(delivery_id);

      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 2 });
      expect(await stack.attempts(delivery_id)).toMatchObject([{ error_class: 'timeout' }, { status_code: 200 }]);
    });

    it('that became a dead letter is delivered when its receiver is mended and somebody redelivers it', async ({
      expect,
    }) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open(() => 404);
      const accepted = await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      await stack.over(accepted.delivery_id);

      receiver.behaviour = () => 200;
      const redelivered = await stack.invoke('operate', { action: 'redeliver', delivery_ids: [accepted.delivery_id] });
      const row = await stack.over(accepted.delivery_id);

      expect(redelivered).toMatchObject({ ok: true, answer: { matched: 1, changed: 1, refused: [], complete: true } });
      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 2, dead_letter_reason: null });
      expect(receiver.received.map((request) => [request.deliveryId, request.attempt])).toEqual([
        [accepted.delivery_uuid, 1],
        [accepted.delivery_uuid, 2],
      ]);
    });
  });
}

/** The policy's figure and up to a tenth more. */
function expectDelay(actualMs: number, figureMs: number): void {
  // The database keeps microseconds, the attempt's duration whole milliseconds.
  expect(actualMs).toBeGreaterThanOrEqual(figureMs - 1);
  expect(actualMs).toBeLessThanOrEqual(figureMs * 1.1 + SETTLED_WITHIN_MS);
}
