// Real: deliverBatch with its recorder. Doubles: the store (in memory, held to the contract of the real one), the queue,
// the attempts, time. The ids in titles are rows of the fault catalogue.
import { describe, expect, it } from 'vitest';
import { failed, messagesFor, refused, DeliverBatchBench } from '../../support/protocol/deliver-batch-world.ts';
import {
  claimed,
  LEASE_SECONDS,
  settledAs,
  settleOne,
  success,
  type StoreBench,
} from '../../support/store/store-world.ts';

describe('a batch of ten', () => {
  it('costs one claim and, with quick receivers, one settle; dead letters one more call to forget what is announced', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    ids.forEach((id, index) =>
      bench.answers.set(id, { afterMs: 2 * index, outcome: index % 2 === 0 ? failed : refused }),
    );
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.storeCalls).toEqual(['claim', 'settle', 'clear']);
    expect(
      bench.sent.map(({ deliveryId, attempt, delaySeconds, messageGroup }) => ({
        deliveryId,
        attempt,
        delaySeconds,
        messageGroup,
      })),
    ).toEqual(
      ids
        .filter((_, index) => index % 2 === 0)
        .map((deliveryId) => ({ deliveryId, attempt: 2, delaySeconds: 30, messageGroup: 'organization-7' })),
    );
  });

  it('has nine settled while the tenth receiver still thinks', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const slow = ids[3] ?? 0;
    bench.answers.set(slow, { afterMs: 29_000, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    const state = bench.handOver(messagesFor(ids));
    await bench.time.run(() => false, 100);
    expect(bench.statuses(ids).filter((status) => status === 'succeeded')).toHaveLength(9);
    expect(bench.row(slow).status).toBe('pending');
    await bench.time.run(() => state.comeAgain !== undefined, 40_000);
    expect([state.comeAgain, bench.row(slow).status]).toEqual([[], 'succeeded']);
    expect(bench.storeCalls).toEqual(['claim', 'settle', 'settle']);
  });

  it('of the largest payloads is claimed in parts, and what came first is sent before the next part is asked for', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10, { body: JSON.stringify('x'.repeat(256 * 1024 - 2)) });
    for (const id of ids) bench.answers.set(id, { afterMs: 1000, outcome: refused });
    const attemptsAtClaim: number[] = [];
    bench.instead = {
      claimDeliveries: (...asked) => {
        attemptsAtClaim.push(bench.attempts.length);
        return bench.store.claimDeliveries(...asked);
      },
    };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(attemptsAtClaim).toEqual([0, 2, 4, 6, 8]);
    expect(bench.attempts.map(({ delivery }) => delivery.body?.byteLength)).toEqual(ids.map(() => 256 * 1024));
    expect(bench.statuses(ids)).toEqual(ids.map(() => 'dead_letter'));
  });

  it('has the outcome of the one whose recording failed told by a message, and leaves the queue nothing (QUE-07, REC-02)', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(10);
    const unlucky = ids[4] ?? 0;
    bench.instead = {
      settleDeliveries: async (settlements, limit) => {
        const others = settlements.filter(({ deliveryId }) => deliveryId !== unlucky);
        return await bench.store.settleDeliveries(others, limit);
      },
    };
    expect(await bench.deliver(messagesFor(ids))).toEqual([]);
    expect(bench.sent).toMatchObject([
      { deliveryId: unlucky, attempt: 1, outcome: { token: bench.row(unlucky).leaseToken } },
    ]);
    expect(bench.row(unlucky)).toMatchObject({ status: 'pending', attemptCount: 1 });
    expect(bench.metrics.counts.get('RecordingFailed')).toBe(1);
  });

  it('does not end with an attempt that breaks its promise and rejects', async () => {
    const bench = new DeliverBatchBench();
    const ids = await bench.storedSeveral(3);
    for (const id of ids)
      bench.answers.set(id, { afterMs: 500, outcome: { kind: 'accepted', status: 200, excerpt: '' } });
    const attempt: Parameters<typeof bench.deliver>[1] = {
      parts: {
        attempt: async ({ deliveryId }) => {
          if (deliveryId === ids[1]) throw new Error('a bug');
          const outcome = { kind: 'accepted', status: 200, excerpt: '' } as const;
          await new Promise<void>((resolve) => bench.time.after(500, resolve));
          return { outcome, startedMonotonicMs: 0, durationMs: 500, headers: [], skippedHeaders: 0 };
        },
      },
    };
    expect(await bench.deliver(messagesFor(ids), attempt)).toEqual([`message-${ids[1]}`]);
    expect(bench.statuses(ids)).toEqual(['succeeded', 'pending', 'succeeded']);
  });
});

describe('an attempt', () => {
  it.each(['credential_missing', 'credential_invalid', 'timeout'] as const)(
    'that fails as %s is counted, and apart where the secret cannot be used',
    async (because) => {
      const bench = new DeliverBatchBench();
      const ids = await Promise.all([bench.stored(), bench.stored()]);
      const outcome = { kind: 'failed', because, detail: because } as const;
      const report = { outcome, startedMonotonicMs: 0, durationMs: 1, headers: [], skippedHeaders: 0 };
      await bench.deliver(messagesFor(ids), { parts: { attempt: async () => report } });
      expect(bench.statuses(ids)).toEqual(['pending', 'pending']);
      expect(bench.metrics.counts.get('AttemptsFailed')).toBe(2);
      expect(bench.metrics.counts.get('CredentialsUnusable')).toBe(because === 'timeout' ? undefined : 2);
    },
  );
});

describe('a message', () => {
  it('that nobody understands is set aside, counted, and holds back no other (QUE-05)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    const bodies = [
      '',
      'null',
      '{"v":2,"delivery_id":1}',
      '{"v":1,"delivery_id":1.5,"attempt":1,"remaining_seconds":0}',
      'x'.repeat(100_000),
    ];
    const garbage = bodies.map((body, index) => ({ messageId: `garbage-${index}`, body, messageGroup: undefined }));
    expect(await bench.deliver([...garbage, ...messagesFor([id])])).toEqual([]);
    expect(bench.setAside.map(({ body }) => body)).toEqual(bodies);
    expect(bench.metrics.counts.get('MessagesGarbage')).toBe(5);
    expect(bench.row(id).status).toBe('succeeded');
  });

  it('that nobody understands and nobody could set aside comes again', async () => {
    const bench = new DeliverBatchBench();
    bench.isQueueDown = true;
    const garbage = { messageId: 'garbage', body: '?', messageGroup: undefined };
    expect(await bench.deliver([garbage])).toEqual(['garbage']);
  });

  it('with time left to wait is passed on, without a clock and without the database (QUE-04)', async () => {
    const bench = new DeliverBatchBench();
    expect(await bench.deliver(messagesFor([41], { attempt: 3, remainingSeconds: 2000 }))).toEqual([]);
    expect(bench.sent).toEqual([{ deliveryId: 41, attempt: 3, delaySeconds: 2000, messageGroup: 'organization-7' }]);
    expect(bench.storeCalls).toEqual([]);
    bench.isQueueDown = true;
    expect(await bench.deliver(messagesFor([41], { remainingSeconds: 2000 }))).toEqual(['message-41']);
  });

  it('that comes early is replaced by one for the rest of the time, or comes again (QUE-02)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored({ scheduledForMs: bench.time.nowMs() + 31_500 });
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: 32 }]);
    bench.isQueueDown = true;
    expect(await bench.deliver(messagesFor([id]))).toEqual([`message-${id}`]);
  });

  it('that comes twice in one batch is one attempt', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    const twice = [...messagesFor([id]), ...messagesFor([id]).map((message) => ({ ...message, messageId: 'again' }))];
    expect(await bench.deliver(twice)).toEqual([]);
    expect(bench.attempts).toHaveLength(1);
  });

  it('for what is stale, finished or unknown is done with; only the unknown one is counted as an orphan (CLA-03, QUE-17)', async () => {
    const bench = new DeliverBatchBench();
    const [stale = 0, done = 0] = await bench.storedSeveral(2);
    const storeBench = { store: bench.store } as StoreBench;
    await settleOne(storeBench, settledAs(success, await claimed(storeBench, done)));
    const messages = [...messagesFor([done, 4_000_000]), ...messagesFor([stale], { attempt: 2 })];
    expect(await bench.deliver(messages)).toEqual([]);
    expect([bench.attempts, bench.sent]).toEqual([[], []]);
    expect(bench.metrics.counts.get('Orphans')).toBe(1);
  });

  it('for what another worker holds waits for the end of its lease, in case that one is dead (CLA-04)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    await claimed({ store: bench.store } as StoreBench, id);
    await bench.time.run(() => false, 10_000);
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.sent).toMatchObject([{ deliveryId: id, attempt: 1, delaySeconds: LEASE_SECONDS - 10 }]);
    expect(bench.attempts).toEqual([]);
    await bench.time.run(() => false, LEASE_SECONDS * 1000);
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.attempts.map(({ delivery }) => delivery.attempt)).toEqual([2]);
  });

  it.each([
    [3, 1],
    [1, 3],
  ])('for an earlier or later attempt beside the true one leaves that true: %i, then %i', async (first, second) => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    const messages = [first, second].flatMap((attempt) => messagesFor([id], { attempt }));
    expect(await bench.deliver(messages)).toEqual([]);
    expect(bench.attempts.map(({ delivery }) => delivery.attempt)).toEqual([1]);
  });
});

describe('what is due again', () => {
  it('further off than messages reach gets none', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.answers.set(id, {
      outcome: { kind: 'failed', because: 'status', detail: 'status 429', retryAfterSeconds: 86_400 },
    });
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect([bench.sent, bench.row(id).awaitsHandOut]).toEqual([[], true]);
  });

  it('and whose message could not be sent is counted and left to the sweep (QUE-14, REC-07)', async () => {
    const bench = new DeliverBatchBench();
    const id = await bench.stored();
    bench.answers.set(id, { outcome: failed });
    bench.isQueueDown = true;
    expect(await bench.deliver(messagesFor([id]))).toEqual([]);
    expect(bench.metrics.counts.get('MessagesUnsent')).toBe(1);
    await bench.time.run(() => false, 100_000);
    expect(await bench.store.putBackDeliveries({ after: undefined, pageRows: 10 })).toMatchObject([
      { deliveryId: id, attempt: 2 },
    ]);
  });
});
