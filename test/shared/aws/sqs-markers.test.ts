// Real: the adapter of the markers' queue, the local SQS over loopback. Double: both clocks, turned by hand.
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { createSqsMarkerQueue, createSqsMarkers } from '../../../shared/aws/sqs-markers.ts';
import type { HeldMarker } from '../../../shared/sweep/markers.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';
import { startSqs } from '../../local/sqs-setup.ts';

async function startMarkers() {
  const sqs = await startSqs({ name: 'markers', visibilityTimeoutSeconds: 240 });
  const QueueUrl = sqs.url('markers');
  const clock = new TurnedClock();
  const markers = createSqsMarkers(sqs.calls, QueueUrl, clock);
  return {
    ...sqs,
    QueueUrl,
    clock,
    markers,
    /** A second passes with each request: the last one is a poll that finds nothing. */
    async take(): Promise<HeldMarker[] | undefined> {
      const taking = markers.take().then((held) => ({ held }));
      for (;;) {
        const over = await Promise.race([sqs.nextRequest(), taking]);
        if (over !== undefined) return over.held;
        await sqs.timers.advance(1_000);
      }
    },
  };
}

describe('markers', () => {
  test('are taken all at once, however many, each with the time at which it was sent', async () => {
    const { markers, take, timers } = await startMarkers();
    const sentAtMs = timers.nowMs();
    for (let n = 0; n < 23; n++) expect(await markers.put()).toBe(true);
    const held = (await take()) ?? [];
    expect(held.map((marker) => marker.sentAtMs)).toEqual(Array.from({ length: 23 }, () => sentAtMs));
    expect(new Set(held.map(({ receiptHandle }) => receiptHandle)).size).toBe(23);
  });

  test('that a sweep holds nobody else sees; those of a sweep that died show after four minutes', async () => {
    const { markers, take, timers } = await startMarkers();
    await markers.put();
    expect(await take()).toHaveLength(1);
    expect(await take()).toEqual([]);
    await timers.advance(240_000);
    expect(await take()).toHaveLength(1);
  });

  test('show at once, after a time, or never again, as they are told; with those gone the others still are', async () => {
    const { markers, take, timers } = await startMarkers();
    for (let n = 0; n < 14; n++) await markers.put();
    const held = (await take()) ?? [];
    const gone = { receiptHandle: 'no handle', sentAtMs: 0 };
    await markers.remove([gone, ...held.slice(0, 11)]);
    await markers.hide([held[11] ?? gone], 0);
    await markers.hide([gone, held[12] ?? gone], 3600.5);
    expect(await take()).toHaveLength(1);
    await timers.advance(240_000);
    // The one that was shown, which nobody removed, and the fourteenth, of which nobody was told.
    expect(await take()).toHaveLength(2);
    await timers.advance(3_600_000);
    expect(await take()).toHaveLength(3);
  });
});

describe('a queue that does not answer', () => {
  test('takes no marker, which is told within two seconds, and rejects nothing', async () => {
    const { calls, clock, QueueUrl, queues } = await startMarkers();
    const missing = createSqsMarkerQueue(calls, `${QueueUrl}-gone`, clock);
    expect(await missing.put()).toBe(false);
    expect(queues.byUrl(`${QueueUrl}-gone`)).toBeUndefined();
  });

  test('leaves a sweep without a word of whether there are markers, or with those it has got', async () => {
    const { calls, clock, QueueUrl } = await startMarkers();
    const missing = createSqsMarkers(calls, `${QueueUrl}-gone`, clock);
    expect(await missing.take()).toBeUndefined();
    await missing.hide([{ receiptHandle: 'any', sentAtMs: 0 }], 0);
    await missing.remove([{ receiptHandle: 'any', sentAtMs: 0 }]);
  });
});

test('a message that somebody else put there says the same', async () => {
  const { client, QueueUrl, take } = await startMarkers();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'by hand' }));
  expect(await take()).toHaveLength(1);
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 }));
  expect(Messages).toBeUndefined();
});
