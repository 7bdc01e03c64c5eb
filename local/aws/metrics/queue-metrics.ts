import type { Queue } from '../sqs/service.ts';
import type { Timers } from '../../timers.ts';
import type { MetricStore } from './metric-store.ts';

/** The search for the oldest message stops after this many: thousands of delayed messages can come before one that waits. */
const LOOKED_AT_FOR_AGE = 100;
/** "ApproximateAgeOfOldestMessage ignores messages received three times or more" (SQS manual). */
const RECEIVES_THAT_HIDE = 3;

type Recording = { store: MetricStore; timers: Timers };

/** Records what SQS reports about a queue from its own counts, as they are now. */
export function sampleQueue(queue: Queue, { store, timers }: Recording): void {
  const { visible, inFlight, delayed } = queue.depth();
  const record = recorderOf(queue, { store, timers });
  record('ApproximateNumberOfMessagesVisible', visible);
  record('ApproximateNumberOfMessagesNotVisible', inFlight);
  record('ApproximateNumberOfMessagesDelayed', delayed);
  record('ApproximateAgeOfOldestMessage', ageSeconds(queue, timers.nowMs()), 'Seconds');
}

/**
 * Counts what is sent to a queue, received from it and deleted, from now on. It wraps the queue's own methods: the queue
 * knows nothing about metrics.
 */
export function countTraffic(queue: Queue, recording: Recording): void {
  const record = recorderOf(queue, recording);
  const send = queue.send.bind(queue);
  const receive = queue.receive.bind(queue);
  const remove = queue.delete.bind(queue);
  queue.send = (message) => {
    record('NumberOfMessagesSent', 1);
    return send(message);
  };
  queue.receive = async (request) => {
    const received = await receive(request);
    if (received.length > 0) record('NumberOfMessagesReceived', received.length);
    return received;
  };
  queue.delete = (handle) => {
    const result = remove(handle);
    if (result === 'done') record('NumberOfMessagesDeleted', 1);
    return result;
  };
}

function recorderOf(queue: Queue, { store, timers }: Recording) {
  const dimensions = { QueueName: queue.name };
  return (name: string, value: number, unit = 'Count'): void =>
    store.record({ metric: { namespace: 'AWS/SQS', name, dimensions }, value, unit, atMs: timers.nowMs() });
}

function ageSeconds(queue: Queue, nowMs: number): number {
  const oldest = queue
    .peek(LOOKED_AT_FOR_AGE)
    .find(
      ({ state, systemAttributes }) =>
        state !== 'delayed' && Number(systemAttributes['ApproximateReceiveCount']) < RECEIVES_THAT_HIDE,
    );
  return oldest === undefined ? 0 : Math.max(0, (nowMs - Number(oldest.systemAttributes['SentTimestamp'])) / 1000);
}
