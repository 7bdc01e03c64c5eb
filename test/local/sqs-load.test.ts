// Real: the queues, in process. Double: the clock, which also counts the timers that run.
// How long things take must not be asserted here: only what a queue does.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IndexedHeap, type Place } from '../../local/aws/sqs/indexed-heap.ts';
import type { Queue } from '../../local/aws/sqs/queue.ts';
import { createQueues } from '../../local/aws/sqs/queues.ts';
import type { Timers } from '../../local/timers.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const { signal } = new AbortController();

function oneQueue(timers: Timers = new ManualTimers()): Queue {
  const queues = createQueues({ timers, accountId: '000000000000', region: 'us-east-1', baseUrl: 'http://127.0.0.1' });
  const limits = { retentionSeconds: 345_600, maximumMessageBytes: 1_048_576 };
  return queues.add({ name: 'delivery', delaySeconds: 0, visibilityTimeoutSeconds: 360, ...limits });
}

async function bodies(queue: Queue, max = 10): Promise<string[]> {
  return (await queue.receive({ max, waitMs: 0, signal })).map((message) => message.body);
}

describe('a hundred thousand delayed messages', () => {
  test('keep no timer running, and one while somebody polls', async () => {
    const clock = new ManualTimers();
    const running = new Set<() => void>();
    const queue = oneQueue({
      nowMs: () => clock.nowMs(),
      after(delayMs, fire) {
        running.add(fire);
        const cancel = clock.after(delayMs, () => (running.delete(fire), fire()));
        return () => (running.delete(fire), cancel());
      },
    });
    for (let index = 0; index < 100_000; index++) queue.send({ body: 'hint', delaySeconds: 1 + (index % 900) });
    expect(queue.depth()).toEqual({ visible: 0, inFlight: 0, delayed: 100_000 });
    expect(running.size).toBe(0);

    const poll = queue.receive({ max: 10, waitMs: 20_000, signal });
    // The poll's own end, and the earliest of the delays.
    expect(running.size).toBe(2);
    await clock.advance(1000);
    expect(await poll).toHaveLength(10);
    expect(running.size).toBe(0);
    await clock.advance(99_000);
    expect(queue.depth()).toEqual({ visible: 11_190, inFlight: 10, delayed: 88_800 });
  });
});

describe('fair queues', () => {
  const fill = (queue: Queue, messageGroupId: string, count: number): void => {
    for (let index = 0; index < count; index++) queue.send({ body: messageGroupId, messageGroupId });
  };
  const takeMany = async (queue: Queue, count: number): Promise<string[]> => {
    const taken: string[] = [];
    while (taken.length < count) taken.push(...(await bodies(queue, Math.min(10, count - taken.length))));
    return taken;
  };

  test('serve a quiet group before the backlog of a noisy one', async () => {
    const queue = oneQueue();
    fill(queue, 'noisy', 1000);
    await takeMany(queue, 30);
    fill(queue, 'quiet', 3);
    queue.send({ body: 'no group' });
    expect(await bodies(queue, 5)).toEqual(['quiet', 'quiet', 'quiet', 'no group', 'noisy']);
  });

  test('take messages in turn while no group has 30 in flight', async () => {
    const queue = oneQueue();
    fill(queue, 'first', 29);
    fill(queue, 'second', 1);
    await takeMany(queue, 28);
    expect(await bodies(queue)).toEqual(['first', 'second']);
  });

  test('do not call a group noisy that has a tenth of what is in flight', async () => {
    const queue = oneQueue();
    for (let other = 0; other < 300; other++) queue.send({ body: 'other' });
    fill(queue, 'steady', 32);
    fill(queue, 'late', 1);
    await takeMany(queue, 330);
    expect(await bodies(queue)).toEqual(['steady', 'steady', 'late']);
  });

  test('serve the backlog again once its group has become quiet', async () => {
    const queue = oneQueue();
    fill(queue, 'noisy', 40);
    const taken = await queue.receive({ max: 30, waitMs: 0, signal });
    fill(queue, 'quiet', 20);
    expect(await bodies(queue, 1)).toEqual(['quiet']);
    for (const message of taken) queue.delete(message.receiptHandle);
    expect(await bodies(queue, 1)).toEqual(['noisy']);
    expect(queue.depth()).toEqual({ visible: 28, inFlight: 2, delayed: 0 });
  });
});

test('the console sees every message without receiving it', async () => {
  const timers = new ManualTimers();
  const queue = oneQueue(timers);
  queue.send({ body: 'received' });
  queue.send({ body: 'visible' });
  queue.send({ body: 'delayed', delaySeconds: 60 });
  await bodies(queue, 1);
  const peeked = queue
    .peek(10)
    .map(({ body, state, visibleAtMs }) => ({ body, state, inMs: visibleAtMs - timers.nowMs() }));
  expect(peeked).toEqual([
    { body: 'received', state: 'in flight', inMs: 360_000 },
    { body: 'visible', state: 'visible', inMs: 0 },
    { body: 'delayed', state: 'delayed', inMs: 60_000 },
  ]);
  expect(queue.peek(1)).toHaveLength(1);
  expect(queue.depth()).toEqual({ visible: 1, inFlight: 1, delayed: 1 });
});

test('a heap gives back what was not taken out, lowest key first and in the order it came', () => {
  const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(5) }), fc.record({ remove: fc.nat(50) })), {
    maxLength: 100,
  });
  fc.assert(
    fc.property(steps, (steps) => {
      const heap = new IndexedHeap<number>();
      const expected: Place<number>[] = [];
      let serial = 0;
      for (const step of steps) {
        if ('push' in step) expected.push(heap.push(step.push, serial++));
        else for (const place of expected.splice(step.remove % (expected.length + 1), 1)) heap.remove(place);
      }
      expected.sort((a, b) => a.key - b.key || a.value - b.value);
      const given = Array.from({ length: heap.size }, () => heap.takeFirst()?.value);
      expect(given).toEqual(expected.map((place) => place.value));
    }),
  );
});
