import { announceEach, type DueDelivery } from '../delivery/announce.ts';
import { isWithinChain } from '../delivery/delivery-message.ts';
import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../runtime/clock.ts';
import { CONCURRENT_BATCHES, QUEUE_BATCH_ENTRIES } from '../runtime/limits.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { AnnouncedDelivery, AnnounceStore } from './announce-store.ts';
import { failedOver, type ItemFailed, refusedByDatabase } from './enqueue-items.ts';

export type AnnounceParts = {
  announcements: AnnounceStore;
  queue: DeliveryQueue;
  clock: Clock;
  metrics: Metrics;
  log: Log;
};

/** As many as are sent at once: where the queue does not answer, the next of them begin only if there is time left. */
const SENT_AT_ONCE = CONCURRENT_BATCHES * QUEUE_BATCH_ENTRIES;

/**
 * What became of one announced UUID. `sent`: its message is on its way, for `scheduled_for`. `left_to_sweep`: no message, because it
 * is due further ahead than messages reach, or none could be sent; the sweep hands it out. `under_way`: somebody has taken it already,
 * and it needs nothing. `over`: it has ended. `not_found`: no such row is committed.
 */
export type AnnounceResult = {
  delivery_uuid: string;
  result: 'sent' | 'left_to_sweep' | 'under_way' | 'over' | 'not_found';
  /** RFC 3339: the first attempt is not before it. */
  scheduled_for?: string;
};

export type Announced = { kind: 'announced'; resultOf: ReadonlyMap<string, AnnounceResult> } | ItemFailed;

/** Sends the messages of deliveries that an application has inserted and committed: one question, then the messages. Never rejects. */
export async function announceDeliveries(
  deliveryUuids: readonly string[],
  parts: AnnounceParts,
  limit: CallLimit,
): Promise<Announced> {
  const asked = [...new Set(deliveryUuids)];
  try {
    const answer = await parts.announcements.announceDeliveries(asked, limit);
    if ('refusal' in answer) return refusedByDatabase(answer.refusal, 'look for them');
    const unsent = await send(answer.found.flatMap(dueOf), parts, limit);
    const found = new Map(answer.found.map((delivery) => [delivery.deliveryUuid, delivery]));
    const resultOf = new Map(asked.map((uuid) => [uuid, resultFor(uuid, found.get(uuid), unsent)]));
    parts.log.info('announced', countsOf(resultOf));
    return { kind: 'announced', resultOf };
  } catch (fault) {
    return failedOver(fault);
  }
}

/** Returns those that could not be sent, or not in time: whoever waits is to be answered while he does. */
async function send(due: readonly DueDelivery[], parts: AnnounceParts, limit: CallLimit): Promise<Set<number>> {
  const unsent = new Set<number>();
  for (let at = 0; at < due.length; at += SENT_AT_ONCE) {
    const share = due.slice(at, at + SENT_AT_ONCE);
    const isTooLate = parts.clock.monotonicMs() > limit.untilMonotonicMs;
    if (isTooLate) parts.metrics.count('MessagesUnsent', share.length);
    const left = isTooLate ? share.map(({ deliveryId }) => deliveryId) : await announceEach(share, parts);
    for (const deliveryId of left) unsent.add(deliveryId);
  }
  return unsent;
}

/** In the order of the request, whatever is in it twice. */
export function inOrder(
  deliveryUuids: readonly string[],
  { resultOf }: Extract<Announced, { kind: 'announced' }>,
): AnnounceResult[] {
  return deliveryUuids.flatMap((uuid) => resultOf.get(uuid) ?? []);
}

function dueOf(delivery: AnnouncedDelivery): DueDelivery[] {
  if (delivery.state !== 'waiting') return [];
  const { deliveryId, organizationId, dueInSeconds } = delivery;
  return [{ deliveryId, organizationId, attempt: 1, delaySeconds: dueInSeconds }];
}

function resultFor(uuid: string, delivery: AnnouncedDelivery | undefined, unsent: ReadonlySet<number>): AnnounceResult {
  switch (delivery?.state) {
    case undefined:
      return { delivery_uuid: uuid, result: 'not_found' };
    case 'over':
    case 'under_way':
      return { delivery_uuid: uuid, result: delivery.state };
    case 'unnameable':
      return { delivery_uuid: uuid, result: 'left_to_sweep' };
    case 'waiting': {
      const isSent = isWithinChain(delivery.dueInSeconds) && !unsent.has(delivery.deliveryId);
      return {
        delivery_uuid: uuid,
        result: isSent ? 'sent' : 'left_to_sweep',
        scheduled_for: new Date(delivery.scheduledForMs).toISOString(),
      };
    }
  }
}

function countsOf(resultOf: ReadonlyMap<string, AnnounceResult>): Record<AnnounceResult['result'], number> {
  const counts = { sent: 0, left_to_sweep: 0, under_way: 0, over: 0, not_found: 0 };
  for (const { result } of resultOf.values()) counts[result]++;
  return counts;
}
