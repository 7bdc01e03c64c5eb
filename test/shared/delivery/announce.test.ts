// Real: the rule which message follows a row. Doubles: a queue that keeps what it is given or does not take it, a counter.
import { describe, expect, test } from 'vitest';
import { announce, type DueDelivery } from '../../../shared/delivery/announce.ts';
import type { OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import type { DeliveryQueue } from '../../../shared/delivery/delivery-queue.ts';
import { MAX_CHAINED_DELAY_SECONDS } from '../../../shared/runtime/limits.ts';

function world({ refuses = [] as number[] } = {}) {
  const sent: OutgoingMessage[][] = [];
  const counted: [string, number][] = [];
  const queue: DeliveryQueue = {
    async send(messages) {
      sent.push([...messages]);
      return { unsent: messages.filter(({ deliveryId }) => refuses.includes(deliveryId)) };
    },
    setAside: async () => ({ unsent: [] }),
  };
  const metrics = { count: (name: string, amount: number) => void counted.push([name, amount]) };
  return { sent, counted, announce: (...due: DueDelivery[]) => announce(due, { queue, metrics }) };
}

/** Only what is due when matters. */
function due(deliveryId: number, delaySeconds = 0): DueDelivery {
  return { deliveryId, organizationId: 7, attempt: 2, delaySeconds };
}

describe('what is due', () => {
  test('gets one message each, with its attempt and delay, in the group of its organization', async () => {
    const { sent, announce } = world();
    expect(await announce(due(41), { ...due(42, 30), organizationId: 8, attempt: 1 })).toBe(0);
    expect(sent).toEqual([
      [
        { deliveryId: 41, attempt: 2, delaySeconds: 0, messageGroup: 'organization-7' },
        { deliveryId: 42, attempt: 1, delaySeconds: 30, messageGroup: 'organization-8' },
      ],
    ]);
  });

  test('further off than messages reach is left to the sweep, to the second', async () => {
    const { sent, announce } = world();
    await announce(due(41, MAX_CHAINED_DELAY_SECONDS), due(42, MAX_CHAINED_DELAY_SECONDS + 1));
    expect(sent.flat().map(({ deliveryId }) => deliveryId)).toEqual([41]);
  });

  test('only then asks nothing of the queue, and counts nothing', async () => {
    const { sent, counted, announce } = world();
    expect(await announce(due(42, MAX_CHAINED_DELAY_SECONDS + 1))).toBe(0);
    expect(await announce()).toBe(0);
    expect([sent, counted]).toEqual([[], []]);
  });

  test('and whose message could not be sent is counted', async () => {
    const { counted, announce } = world({ refuses: [42, 43] });
    expect(await announce(due(41), due(42), due(43))).toBe(2);
    expect(counted).toEqual([['MessagesUnsent', 2]]);
  });
});
