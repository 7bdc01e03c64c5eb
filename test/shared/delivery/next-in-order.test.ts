import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import { callNext } from '../../../shared/delivery/next-in-order.ts';
import type { OrderingKey } from '../../../shared/delivery/ordering-key.ts';

const KEY = { organizationId: 7, orderingKey: 'customer 9' };

function parts() {
  const asked: (readonly OrderingKey[])[] = [];
  const sent: OutgoingMessage[] = [];
  return {
    asked,
    sent,
    store: {
      async callNextDeliveries(keys: readonly OrderingKey[]) {
        asked.push(keys);
        return [{ ...KEY, deliveryId: 42, attempt: 1, delaySeconds: 30 }];
      },
    },
    queue: {
      async send(messages: readonly OutgoingMessage[]) {
        sent.push(...messages);
        return { unsent: [] };
      },
      setAside: async () => ({ unsent: [] }),
    },
    metrics: { count: () => undefined },
  };
}

test('whoever comes next of a key gets a message, when it is due', async () => {
  const bench = parts();
  await callNext([KEY], bench);
  expect(bench.asked).toEqual([[KEY]]);
  expect(bench.sent).toEqual([{ deliveryId: 42, attempt: 1, delaySeconds: 30, messageGroup: 'organization-7' }]);
});

test('without a key the database is not asked', async () => {
  const bench = parts();
  await callNext([], bench);
  expect([bench.asked, bench.sent]).toEqual([[], []]);
});
