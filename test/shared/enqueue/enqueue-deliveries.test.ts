// Real: enqueue by invoke, with its parsing. Doubles: the store, in memory and held to the contract of the real one; the queue;
// the clock, which stands still; log and metrics, which record. Parsing itself is in enqueue-request.test.ts.
import { beforeEach, describe, expect, test } from 'vitest';
import type { AcceptStore } from '../../../shared/enqueue/accept-store.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { enqueueByInvoke, EnqueueRefused, type EnqueueResponse } from '../../../shared/enqueue/enqueue-deliveries.ts';
import { EnqueueBench, request, requests, uuidOf } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

beforeEach(() => {
  bench = new EnqueueBench();
});

function enqueue(event: unknown): Promise<EnqueueResponse> {
  return enqueueByInvoke(event, bench.parts, bench.limit);
}

/** The refusal of a request; fails when it is accepted. */
async function refusalOf(enqueued: Promise<unknown>): Promise<EnqueueRefused> {
  const error: unknown = await enqueued.catch((thrown: unknown) => thrown);
  if (!(error instanceof EnqueueRefused)) throw new Error('the request was not refused');
  return error;
}

/** A store whose accepting fails like this. */
function failingStore(fault: Error): AcceptStore {
  return { acceptDeliveries: async () => Promise.reject(fault) };
}

/** Objects within objects, beyond what a recursive serialiser bears. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}

describe('one request', () => {
  test('is answered as callers know it', async () => {
    expect(await enqueue(request())).toEqual({
      delivery_id: 1,
      delivery_uuid: uuidOf(1),
      created: true,
      status: 'pending',
      scheduled_for: '2026-11-23T12:00:00.000Z',
      warnings: [],
    });
  });

  test('that is disabled is skipped, and nothing is written', async () => {
    expect(await enqueue(request({ enabled: false }))).toEqual({ skipped: true, reason: 'disabled' });
    expect(await bench.rows.delivery(1)).toBeUndefined();
    expect(bench.sent).toEqual([]);
  });

  test.each([
    ['is no object', 'text', 'InvalidRequest'],
    ['lacks a field', request({ organization_id: undefined }), 'InvalidRequest'],
    ['has an unknown field', request({ retries: 3 }), 'InvalidRequest'],
    ['has too large a body', request({ payload: 'x'.repeat(300_000) }), 'PayloadTooLarge'],
    ['is nested too deeply', request({ payload: nested(100_000) }), 'InvalidRequest'],
  ])('that %s is refused by its name, and counts as a caller’s mistake', async (_case, event, name) => {
    expect(await refusalOf(enqueue(event))).toMatchObject({ name, code: 'enqueue_refused' });
    expect(bench.counts.get('EnqueueMistakes')).toBe(1);
    expect(bench.counts.get('InternalFaults')).toBeUndefined();
  });

  test.each<[string, number | undefined]>([
    ['WorkflowRunNotFound', 8_000_000],
    ['WorkflowRunHasNoOrganization', undefined],
    ['OrganizationMismatch', 8],
  ])('for a run that is not its organization’s is refused: %s', async (name, organizationId) => {
    if (organizationId !== 8_000_000) await bench.rows.addRun(9001, organizationId);
    expect(await refusalOf(enqueueByInvoke(request(), bench.strictParts(), bench.limit))).toMatchObject({ name });
    expect(bench.counts.get('EnqueueMistakes')).toBe(1);
  });

  test('that is refused is told without any of its values, in the error and in the log', async () => {
    const error = await refusalOf(
      enqueue(
        request({
          endpoint_url: 'https://user:canary@hooks.example.com/canary',
          organization_id: 'canary',
          custom_headers: [{ key: 'X-A', value: 'canary\r\n' }],
          payload: undefined,
          payload_json: '{"canary',
        }),
      ),
    );
    expect(error.message).toContain('organization_id');
    expect(`${error.stack ?? ''}${JSON.stringify(bench.lines)}`).not.toContain('canary');
  });
});

describe('a request that is too large', () => {
  const rendering = (render_context: unknown) =>
    request({ payload: undefined, payload_template: '{{x}}', render_context });

  test.each([
    ['of empty objects', Array.from({ length: 1_100_000 }, () => ({}))],
    ['of empty lists', Array.from({ length: 1_100_000 }, () => [])],
    ['of empty strings', Array(1_100_000).fill('')],
    ['of names', Object.fromEntries(Array.from({ length: 1_100_000 }, (_, n) => [n.toString(36), 0]))],
    ['of lists in lists', Array(2_300).fill(JSON.parse('['.repeat(500) + ']'.repeat(500)))],
  ])('by what it weighs is refused before it is looked at: %s', async (_what, c) => {
    bench.parts.context.judgeUrl = () => expect.fail('looked at');
    const message = 'more than 1000000 objects, lists, names and strings in all';
    expect(await refusalOf(enqueue(rendering({ c })))).toMatchObject({ name: 'PayloadTooLarge', message });
    expect(await refusalOf(enqueue({ deliveries: [rendering({ c })] }))).toMatchObject({
      name: 'PayloadTooLarge',
      message: `deliveries: ${message}`,
    });
    expect(bench.counts.get('EnqueueMistakes')).toBe(2);
  });

  test('by its bytes is refused alone as well as in a batch', async () => {
    expect(await enqueue(rendering({ x: '1', c: 'é'.repeat(2_490_000) }))).toMatchObject({ created: true });
    expect(await refusalOf(enqueue(rendering({ x: '1', c: 'é'.repeat(2_500_000) })))).toMatchObject({
      name: 'PayloadTooLarge',
      message: 'more than 5000000 bytes in all',
    });
  });

  test('is none while ordinary data is of 5 MB', async () => {
    const customer = (id: number) => ({
      id,
      name: `customer ${id}`,
      tags: ['a', 'b'],
      nested: { amount: 1.5, on: true },
    });
    const c = Array.from({ length: 50_000 }, (_, id) => customer(id));
    expect(JSON.stringify(c).length).toBeGreaterThan(4_000_000);
    expect(await enqueue(rendering({ x: '1', c }))).toMatchObject({ created: true });
  });
});

describe('a batch request', () => {
  test('answers every item in its order: stored, skipped or refused with its path', async () => {
    await bench.rows.addRun(8, 8);
    const deliveries = [
      request({ webhook_node_id: 'a' }),
      request({ enabled: false }),
      request({ http_method: 'BREW', webhook_node_id: '' }),
      request({ workflow_run_id: 8 }),
      request({ webhook_node_id: 'b' }),
    ];
    expect(await enqueue({ deliveries })).toEqual({
      results: [
        expect.objectContaining({ delivery_id: 1, created: true }),
        { skipped: true, reason: 'disabled' },
        {
          error: {
            errorType: 'InvalidRequest',
            errorMessage: expect.stringMatching(
              /^deliveries\[2\]\.webhook_node_id: .*; deliveries\[2\]\.http_method: must be one of/,
            ),
          },
        },
        {
          error: {
            errorType: 'OrganizationMismatch',
            errorMessage: 'deliveries[3].organization_id: run 8 belongs to another organization',
          },
        },
        expect.objectContaining({ delivery_id: 2, created: true }),
      ],
    });
    expect(bench.sent).toHaveLength(2);
  });

  test('of a hundred is taken, of a hundred and one refused whole', async () => {
    expect(await enqueue({ deliveries: requests(100) })).toHaveProperty('results.length', 100);
    expect(await refusalOf(enqueue({ deliveries: requests(101) }))).toMatchObject({ name: 'InvalidRequest' });
    expect(await refusalOf(enqueue({ deliveries: [] }))).toMatchObject({ name: 'InvalidRequest' });
  });

  test('whose items are all refused succeeds as an invocation: each says why', async () => {
    const answer = await enqueue({ deliveries: [{}, 5] });
    expect(answer).toMatchObject({
      results: [
        { error: { errorType: 'InvalidRequest' } },
        { error: { errorMessage: 'deliveries[1]: must be a JSON object' } },
      ],
    });
    expect(bench.counts.get('ItemsRefused')).toBe(2);
    expect(bench.counts.get('EnqueueMistakes')).toBeUndefined();
  });

  test('of more than 5 MB is refused whole, and nothing is stored', async () => {
    const payload = 'x'.repeat(200_000);
    const deliveries = requests(26).map((item) => ({ ...item, payload }));
    expect(await refusalOf(enqueue({ deliveries }))).toMatchObject({
      name: 'PayloadTooLarge',
      message: 'deliveries: more than 5000000 bytes in all',
    });
    expect(await bench.rows.delivery(1)).toBeUndefined();
    expect(await enqueue({ deliveries: deliveries.slice(0, 24) })).toHaveProperty('results.length', 24);
  });

  test('with one item nested beyond measure refuses that item alone', async () => {
    const [first = {}, , third = {}] = requests(3);
    const answer = await enqueue({ deliveries: [first, request({ payload: nested(100_000) }), third] });
    expect(answer).toMatchObject({
      results: [
        { delivery_id: 1 },
        { error: { errorType: 'InvalidRequest', errorMessage: expect.stringMatching(/^deliveries\[1\]\.payload/) } },
        { delivery_id: 2 },
      ],
    });
  });
});

describe('an internal fault', () => {
  test('of the database is TemporaryFailure: the same request may be sent again', async () => {
    bench.parts.store = failingStore(new StoreUnavailable('the database could not be asked: canary'));
    const error = await refusalOf(enqueue(request()));
    expect(error.name).toBe('TemporaryFailure');
    expect(error.message).not.toContain('canary');
    expect(bench.counts.get('InternalFaults')).toBe(1);
    expect(bench.counts.get('EnqueueMistakes')).toBeUndefined();
    bench.parts.store = bench.rows.store;
    expect(await enqueue(request())).toMatchObject({ created: true });
  });

  test('is waited out for twenty seconds by invoke, or less where the function has less', async () => {
    const limits: number[] = [];
    const { store } = bench.rows;
    bench.parts.store = {
      ...store,
      acceptDeliveries: (deliveries, unknownRuns, limit) => {
        limits.push(limit.untilMonotonicMs - bench.clock.monotonicMs());
        return store.acceptDeliveries(deliveries, unknownRuns, limit);
      },
    };
    await enqueue(request());
    await enqueueByInvoke(request(), bench.parts, { untilMonotonicMs: bench.clock.monotonicMs() + 7_000 });
    await enqueueByInvoke(request(), { ...bench.parts, answerWithinSeconds: 3 }, bench.limit);
    expect(limits).toEqual([20_000, 7_000, 3_000]);
  });

  test('fails a batch whole, and what was stored by then is found again', async () => {
    await enqueue(request({ webhook_node_id: 'node 0' }));
    bench.parts.store = failingStore(new StoreUnavailable('no answer'));
    expect(await refusalOf(enqueue({ deliveries: requests(2) }))).toMatchObject({ name: 'TemporaryFailure' });
    bench.parts.store = bench.rows.store;
    expect(await enqueue({ deliveries: requests(2) })).toMatchObject({
      results: [{ created: false }, { created: true }],
    });
  });

  test('that nobody foresaw is TemporaryFailure too, wherever it happens: its own name stands in the log', async () => {
    bench.parts.store = failingStore(new TypeError('canary is undefined'));
    const error = await refusalOf(enqueue(request()));
    expect(error).toMatchObject({ name: 'TemporaryFailure', message: expect.not.stringContaining('canary') });
    expect(bench.lines).toEqual([{ level: 'error', event: 'enqueue_failed', fields: { fault: 'TypeError' } }]);
    bench.parts.context.judgeUrl = () => {
      throw new RangeError('canary');
    };
    expect(await refusalOf(enqueue(request()))).toMatchObject({ name: 'TemporaryFailure' });
    expect(bench.counts.get('InternalFaults')).toBe(2);
  });

  test('over one item of a batch is told in its place, and the others are accepted', async () => {
    const [first = {}, second = {}, third = {}] = requests(3);
    bench.parts.store = {
      ...bench.rows.store,
      acceptDeliveries: async (deliveries, ...rest) => {
        if (deliveries.some(({ webhookNodeId }) => webhookNodeId === 'node 1')) throw new TypeError('a bug');
        return bench.rows.store.acceptDeliveries(deliveries, ...rest);
      },
    };
    expect(await enqueue({ deliveries: [first, second, third] })).toEqual({
      results: [
        expect.objectContaining({ created: true, delivery_uuid: uuidOf(1) }),
        {
          error: {
            errorType: 'TemporaryFailure',
            errorMessage: 'deliveries[1]: an unexpected fault occurred; send the same request again',
          },
        },
        expect.objectContaining({ created: true, delivery_uuid: uuidOf(3) }),
      ],
    });
    expect(bench.sent).toHaveLength(2);
    expect(bench.counts.get('InternalFaults')).toBe(1);
  });

  test('of the queue is none of the caller’s concern', async () => {
    bench.loses = () => true;
    expect(await enqueue(request())).toMatchObject({ created: true });
    expect(bench.counts.get('MessagesUnsent')).toBe(1);
  });
});
