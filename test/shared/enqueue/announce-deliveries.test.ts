// Real: enqueue by invoke and from the intake queue, with its parsing. Doubles: the store, in memory and held to the contract of the
// real one; the queues, which record and can lose messages; the clock, which stands still.
import { beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { enqueueByInvoke } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { enqueueFromIntake } from '../../../shared/enqueue/enqueue-from-intake.ts';
import { ENQUEUE_ANSWER_SECONDS, MAX_ANNOUNCED, SEND_BATCH_SECONDS } from '../../../shared/runtime/limits.ts';
import { claimed, freshToken, newDelivery, noonAnd, NOON, soon } from '../../support/store/store-world.ts';
import { EnqueueBench, request } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

beforeEach(() => {
  bench = new EnqueueBench();
});

/** So many that an application has inserted, without a message. */
async function inserted(count: number, scheduledForMs?: number): Promise<string[]> {
  const deliveries = Array.from({ length: count }, () => newDelivery({ scheduledForMs }));
  const answers = await bench.rows.store.acceptDeliveries(deliveries, 'register', soon());
  for (const answer of answers) if (answer.kind === 'stored') await bench.rows.insertedByOther(answer.deliveryId);
  return deliveries.map(({ deliveryUuid }) => deliveryUuid);
}
/** From now on, what each question of the store names. */
function askedOf(): (readonly string[])[] {
  const asked: (readonly string[])[] = [];
  const { announcements } = bench.parts;
  bench.parts.announcements = {
    announceDeliveries: (uuids, limit) => {
      asked.push(uuids);
      return announcements.announceDeliveries(uuids, limit);
    },
  };
  return asked;
}
const announcement = (...delivery_uuids: unknown[]) => ({ announce: { delivery_uuids } });
const invoke = (event: unknown) => enqueueByInvoke(event, bench.parts, bench.limit);
const refusal = async (event: unknown) =>
  invoke(event).then(
    () => 'taken',
    (fault: Error) => `${fault.name}: ${fault.message}`,
  );

/** By the intake queue; bodies of messages `m-0`, `m-1`, …, so many seconds old. */
async function receive(ageSeconds: number, ...bodies: unknown[]): Promise<string[]> {
  const messages = bodies.map((body, index) => ({
    messageId: `m-${index}`,
    receiptHandle: `handle-${index}`,
    body: JSON.stringify(body),
    sentAtMs: bench.clock.nowMs() - ageSeconds * 1000,
    receives: 1,
  }));
  return (await enqueueFromIntake(messages, bench.parts, bench.limit)).comeAgain;
}

describe('an announcement by invoke', () => {
  test('sends a message for each, and says so in the order of the request, twice where it is named twice', async () => {
    const [one = '', other = ''] = await inserted(2);
    const asked = askedOf();
    expect(await invoke(announcement(other, one.toUpperCase(), other))).toEqual({
      results: [other, one, other].map((delivery_uuid) => ({ delivery_uuid, result: 'sent', scheduled_for: NOON })),
    });
    expect(asked).toEqual([[other, one]]);
    expect(bench.sent).toMatchObject([
      { attempt: 1, delaySeconds: 0, messageGroup: 'organization-7' },
      { attempt: 1, delaySeconds: 0, messageGroup: 'organization-7' },
    ]);
    expect(bench.lines).toEqual([
      {
        level: 'info',
        event: 'announced',
        fields: { sent: 2, left_to_sweep: 0, under_way: 0, over: 0, not_found: 0 },
      },
    ]);
  });

  test('sends with a delay what is for later, and leaves to the sweep what is for much later', async () => {
    const [soonDue = ''] = await inserted(1, Date.parse(noonAnd(3600)));
    const [far = ''] = await inserted(1, Date.parse(noonAnd(13 * 3600)));
    expect(await invoke(announcement(soonDue, far))).toEqual({
      results: [
        { delivery_uuid: soonDue, result: 'sent', scheduled_for: noonAnd(3600) },
        { delivery_uuid: far, result: 'left_to_sweep', scheduled_for: noonAnd(13 * 3600) },
      ],
    });
    expect(bench.sent).toMatchObject([{ delaySeconds: 3600 }]);
  });

  test('tells of what needs no message that it needs none, and nothing else of it', async () => {
    const [flying = ''] = await inserted(1);
    await claimed(bench.rows, 1);
    const unknown = freshToken();
    expect(await invoke(announcement(flying, unknown))).toEqual({
      results: [
        { delivery_uuid: flying, result: 'under_way' },
        { delivery_uuid: unknown, result: 'not_found' },
      ],
    });
    expect(bench.sent).toEqual([]);
  });

  test('leaves to the sweep what no message can name', async () => {
    const deliveryUuid = freshToken();
    bench.parts.announcements = {
      announceDeliveries: async () => ({ found: [{ deliveryUuid, state: 'unnameable' }] }),
    };
    expect(await invoke(announcement(deliveryUuid))).toEqual({
      results: [{ delivery_uuid: deliveryUuid, result: 'left_to_sweep' }],
    });
    expect(bench.sent).toEqual([]);
  });

  test('again sends again: whoever repeats it does not know whether the first was sent', async () => {
    const uuids = await inserted(1);
    expect(await invoke(announcement(...uuids))).toEqual(await invoke(announcement(...uuids)));
    expect(bench.sent).toHaveLength(2);
  });

  test('says of a message that could not be sent that it is left to the sweep, and counts it', async () => {
    const uuids = await inserted(2);
    bench.loses = (message) => 'deliveryId' in message && message.deliveryId === 1;
    expect(await invoke(announcement(...uuids))).toMatchObject({
      results: [{ result: 'left_to_sweep' }, { result: 'sent' }],
    });
    expect(bench.counts.get('MessagesUnsent')).toBe(1);
  });

  test('is answered in time while the queue does not answer: what has not begun by then is left to the sweep', async () => {
    const uuids = await inserted(MAX_ANNOUNCED);
    const began = bench.clock.monotonicMs();
    const { queue } = bench.parts;
    bench.parts.queue = {
      ...queue,
      send: async (messages) => {
        await bench.clock.turn(SEND_BATCH_SECONDS * 1000);
        return { unsent: [...messages] };
      },
    };
    expect(await invoke(announcement(...uuids))).toMatchObject({
      results: uuids.map((delivery_uuid) => ({ delivery_uuid, result: 'left_to_sweep' })),
    });
    const tookSeconds = (bench.clock.monotonicMs() - began) / 1000;
    expect(tookSeconds).toBeLessThanOrEqual(bench.parts.answerWithinSeconds + SEND_BATCH_SECONDS);
    expect(SEND_BATCH_SECONDS).toBeLessThan(ENQUEUE_ANSWER_SECONDS);
    expect(bench.counts.get('MessagesUnsent')).toBe(MAX_ANNOUNCED);
  });

  test.each<[unknown, string]>([
    [{ announce: null }, 'announce: must be {"delivery_uuids":[…]}'],
    [{ announce: [] }, 'announce: must be {"delivery_uuids":[…]}'],
    [{ announce: {} }, 'announce.delivery_uuids: must be a list of 1 to 1000 UUIDs'],
    [announcement(), 'announce.delivery_uuids: must be a list of 1 to 1000 UUIDs'],
    [
      announcement(...Array.from({ length: MAX_ANNOUNCED + 1 }, () => 'x')),
      'announce.delivery_uuids: must be a list of 1 to 1000 UUIDs',
    ],
    [
      {
        announce: { delivery_uuids: ['00000000-0000-4000-8000-00000000000', 5, freshToken()], uuid: 'secret' },
        workflow_run_id: 1,
      },
      'workflow_run_id: unknown field next to announce; announce.uuid: unknown field; announce.delivery_uuids[0]: must be a UUID; announce.delivery_uuids[1]: must be a UUID',
    ],
    [{ ...announcement(freshToken()), deliveries: [] }, 'deliveries: unknown field next to announce'],
  ])('is refused with every fault at once: %j', async (event, words) => {
    expect(await refusal(event)).toBe(`InvalidRequest: ${words}`);
    expect(bench.counts.get('EnqueueMistakes')).toBe(1);
    expect(bench.sent).toEqual([]);
  });

  test('while the database is away is TemporaryFailure, and refused by it DatabaseRefused', async () => {
    const [uuid = ''] = await inserted(1);
    bench.parts.announcements = { announceDeliveries: () => Promise.reject(new StoreUnavailable('away')) };
    expect(await refusal(announcement(uuid))).toBe(
      'TemporaryFailure: the database is unavailable; send the same request again',
    );
    bench.parts.announcements = { announceDeliveries: async () => ({ refusal: { sqlState: '42501' } }) };
    expect(await refusal(announcement(uuid))).toMatch(/^DatabaseRefused: the database refused to look for them/);
    expect(bench.counts.get('InternalFaults')).toBe(2);
  });
});

describe('an announcement by the intake queue', () => {
  test('is done with once its messages are sent, beside requests to enqueue', async () => {
    const uuids = await inserted(2);
    expect(await receive(0, announcement(uuids[0]), request(), announcement(uuids[1]))).toEqual([]);
    expect(bench.sent.map(({ deliveryId }) => deliveryId).toSorted()).toEqual([1, 2, 3]);
    expect(bench.rejected).toEqual([]);
  });

  test('of several messages asks once for up to a thousand', async () => {
    const uuids = await inserted(MAX_ANNOUNCED + 1);
    const asked = askedOf();
    await receive(
      0,
      announcement(...uuids.slice(0, 400)),
      announcement(...uuids.slice(400, 1000)),
      announcement(uuids[1000]),
    );
    expect(asked.map(({ length }) => length)).toEqual([1000, 1]);
    expect(bench.sent).toHaveLength(MAX_ANNOUNCED + 1);
  });

  test('before the commit is asked again for a minute, and what is known by then goes at once', async () => {
    const [known = ''] = await inserted(1);
    const early = announcement(known, freshToken());
    expect(await receive(0, early)).toEqual(['m-0']);
    expect(bench.sent).toHaveLength(1);
    expect(bench.postponed).toEqual([{ messageId: 'm-0', receiptHandle: 'handle-0', seconds: 1 }]);
    expect(await receive(59.5, early)).toEqual(['m-0']);
    expect(bench.postponed.at(-1)).toMatchObject({ seconds: 1 });
    expect(bench.rejected).toEqual([]);
  });

  test('of what is unknown for a minute moves with that alone, and how many it is', async () => {
    const [known = ''] = await inserted(1);
    const unknown = freshToken();
    expect(await receive(60, announcement(unknown, known, unknown))).toEqual([]);
    expect(bench.rejected).toEqual([
      {
        messageId: 'm-0',
        body: JSON.stringify(announcement(unknown, unknown)),
        errorType: 'DeliveryNotFound',
        errorMessage: 'announce.delivery_uuids: no delivery of 2 of them is committed',
      },
    ]);
  });

  test('that is malformed moves at once, unchanged', async () => {
    const broken = announcement('x');
    expect(await receive(0, broken)).toEqual([]);
    expect(bench.rejected).toMatchObject([{ body: JSON.stringify(broken), errorType: 'InvalidRequest' }]);
  });

  test('comes again soon while the database is away, and the requests beside it are taken', async () => {
    bench.parts.announcements = { announceDeliveries: () => Promise.reject(new StoreUnavailable('away')) };
    expect(await receive(0, announcement(freshToken()), request())).toEqual(['m-0']);
    expect(bench.postponed).toMatchObject([{ messageId: 'm-0' }]);
    expect(bench.sent).toHaveLength(1);
  });

  test('comes again in the queue’s own time where the database refuses', async () => {
    bench.parts.announcements = { announceDeliveries: async () => ({ refusal: { sqlState: '42501' } }) };
    expect(await receive(0, announcement(freshToken()))).toEqual(['m-0']);
    expect(bench.postponed).toEqual([]);
  });
});
