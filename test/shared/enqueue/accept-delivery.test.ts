// Real: accepting, and the parsing that leads to it. Doubles: the store, in memory and held to the contract of the real one; the
// delivery queue, which records and can lose messages; the clock, which stands still.
import { beforeEach, describe, expect, test } from 'vitest';
import { acceptDeliveries, type Accepted, type ValidRequest } from '../../../shared/enqueue/accept-delivery.ts';
import { parseEnqueueRequest } from '../../../shared/enqueue/enqueue-request.ts';
import { EnqueueBench, request, uuidOf } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

beforeEach(() => {
  bench = new EnqueueBench();
});

/** Accepts sound requests with these changes. */
async function accept(...changes: Record<string, unknown>[]): Promise<Accepted[]> {
  return acceptDeliveries(changes.map(valid), bench.parts, bench.limit);
}

function valid(change: Record<string, unknown>): ValidRequest {
  const parsed = parseEnqueueRequest(request(change), { ...bench.parts.context, nowMs: bench.parts.clock.nowMs() });
  const item = parsed.kind === 'refused' ? undefined : parsed.items[0];
  if (item?.kind !== 'accepted') throw new Error('the request of the test is not sound');
  return item;
}

describe('the first request for a node of a run', () => {
  test('is stored, and answered with its ids and its due time', async () => {
    expect(await accept({})).toEqual([
      {
        kind: 'stored',
        answer: {
          delivery_id: 1,
          delivery_uuid: uuidOf(1),
          created: true,
          status: 'pending',
          scheduled_for: '2026-11-23T12:00:00.000Z',
          warnings: [],
        },
      },
    ]);
    expect(bench.counts.get('DeliveriesAccepted')).toBe(1);
  });

  test('sends one message for its first attempt, due now, in the group of its organization', async () => {
    await accept({});
    expect(bench.sent).toEqual([{ deliveryId: 1, attempt: 1, delaySeconds: 0, messageGroup: 'organization-7' }]);
  });

  test('that is scheduled sends a message with its delay', async () => {
    const [accepted] = await accept({ scheduled_for: '2026-11-23T12:40:00Z' });
    expect(accepted).toMatchObject({ answer: { scheduled_for: '2026-11-23T12:40:00.000Z' } });
    expect(bench.sent).toMatchObject([{ delaySeconds: 2400 }]);
  });

  test('that is scheduled in the past is due now', async () => {
    const [accepted] = await accept({ scheduled_for: '2020-01-01T00:00:00Z' });
    expect(accepted).toMatchObject({ answer: { scheduled_for: '2026-11-23T12:00:00.000Z' } });
    expect(bench.sent).toMatchObject([{ delaySeconds: 0 }]);
  });

  test('that is due beyond the reach of messages sends none: the sweep hands it out', async () => {
    await accept({ scheduled_for: '2026-11-24T00:00:01Z', webhook_node_id: 'beyond' });
    expect(bench.sent).toEqual([]);
    expect(await bench.rows.delivery(1)).toMatchObject({ awaitsHandOut: true });
    await accept({ scheduled_for: '2026-11-24T00:00:00Z', webhook_node_id: 'within' });
    expect(bench.sent).toMatchObject([{ deliveryId: 2, delaySeconds: 43_200 }]);
  });
});

describe('a repeated request', () => {
  test('answers the first row, sends no second message and counts nothing', async () => {
    await accept({});
    expect(await accept({})).toMatchObject([
      { answer: { delivery_id: 1, delivery_uuid: uuidOf(1), created: false, status: 'pending', warnings: [] } },
    ]);
    expect(bench.sent).toHaveLength(1);
    expect(bench.counts.get('DeliveriesAccepted')).toBe(1);
  });

  test('within one batch is one delivery', async () => {
    const accepted = await accept({}, {});
    expect(accepted.map((item) => item.kind === 'stored' && item.answer.created)).toEqual([true, false]);
    expect(bench.sent).toHaveLength(1);
  });

  test.each([
    ['another payload', { payload: { ok: false } }],
    ['another endpoint', { endpoint_url: 'https://hooks.example.com/other' }],
    ['another number of attempts', { max_attempts: 9 }],
  ])('that differs warns, and the first one stands: %s', async (_case, change) => {
    await accept({});
    const [accepted] = await accept(change);
    expect(accepted).toMatchObject({
      answer: { created: false, warnings: [expect.stringContaining('with a different request')] },
    });
  });

  test('answers what became of the first one so far', async () => {
    await accept({});
    await bench.rows.store.claimDeliveries([{ deliveryId: 1, attempts: [1], token: uuidOf(99) }], 75, bench.limit);
    const settlement = {
      kind: 'retry',
      delaySeconds: 30,
      errorClass: 'status',
      error: 'status 503',
      statusCode: 503,
    } as const;
    const settled = { deliveryId: 1, token: uuidOf(99), attempt: 1, settlement, durationMs: 1, startedMsAgo: 1 };
    await bench.rows.store.settleDeliveries([settled], bench.limit);
    expect(await accept({})).toEqual([
      {
        kind: 'stored',
        answer: {
          delivery_id: 1,
          delivery_uuid: uuidOf(1),
          created: false,
          status: 'pending',
          scheduled_for: '2026-11-23T12:00:30.000Z',
          attempt_count: 1,
          last_status_code: 503,
          last_error: 'status 503',
          warnings: [],
        },
      },
    ]);
  });

  test('of one that was not attempted yet says so', async () => {
    await accept({});
    expect(await accept({})).toMatchObject([
      { answer: { attempt_count: 0, last_status_code: null, last_error: null } },
    ]);
  });

  test('of a delivery that is over answers its status, and no due time', async () => {
    await accept({});
    const [claim] = await bench.rows.store.claimDeliveries(
      [{ deliveryId: 1, attempts: [1], token: uuidOf(99) }],
      75,
      bench.limit,
    );
    expect(claim).toMatchObject({ kind: 'claimed' });
    const settlement = { kind: 'succeeded' as const, statusCode: 200, excerpt: '' };
    const settled = { deliveryId: 1, token: uuidOf(99), attempt: 1, settlement, durationMs: 1, startedMsAgo: 1 };
    await bench.rows.store.settleDeliveries([settled], bench.limit);
    expect(await accept({})).toMatchObject([{ answer: { created: false, status: 'succeeded', scheduled_for: null } }]);
  });
});

test('a message that could not be sent is counted, and the request is accepted all the same', async () => {
  bench.loses = (message) => 'deliveryId' in message && message.deliveryId === 2;
  const accepted = await accept({ webhook_node_id: 'a' }, { webhook_node_id: 'b' }, { webhook_node_id: 'c' });
  expect(accepted.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'stored']);
  expect(bench.counts.get('MessagesUnsent')).toBe(1);
  expect(bench.sent.map(({ deliveryId }) => deliveryId)).toEqual([1, 3]);
});

test('warnings from validation come with the answer', async () => {
  const [accepted] = await accept({ custom_headers: [{ key: 'Authorization', value: 'x' }] });
  expect(accepted).toMatchObject({
    answer: { warnings: [expect.stringContaining('custom_headers[0]: Authorization')] },
  });
});

describe('a run', () => {
  test.each<[string, number | undefined | 'unknown', { errorType: string; errorMessage: string }]>([
    [
      'that nobody knows',
      'unknown',
      { errorType: 'WorkflowRunNotFound', errorMessage: 'workflow_run_id: no run 9001' },
    ],
    [
      'without an organization',
      undefined,
      { errorType: 'WorkflowRunHasNoOrganization', errorMessage: 'workflow_run_id: run 9001 has no organization' },
    ],
    [
      'of another organization',
      8,
      { errorType: 'OrganizationMismatch', errorMessage: 'organization_id: run 9001 belongs to another organization' },
    ],
  ])('%s is refused by name, with nothing stored or sent', async (_case, organizationId, refusal) => {
    if (organizationId !== 'unknown') await bench.rows.addRun(9001, organizationId);
    expect(await acceptDeliveries([valid({})], bench.strictParts(), bench.limit)).toEqual([
      { kind: 'refused', ...refusal },
    ]);
    expect(bench.sent).toEqual([]);
    expect(bench.counts.get('DeliveriesAccepted')).toBe(0);
  });

  test('nobody knows is the organization’s that first delivers for it, where unknown runs are registered', async () => {
    expect(await accept({ organization_id: 7 })).toMatchObject([{ kind: 'stored' }]);
    expect(await accept({ organization_id: 8, webhook_node_id: 'other' })).toMatchObject([
      { kind: 'refused', errorType: 'OrganizationMismatch' },
    ]);
  });

  test('that is refused refuses its own item only, and answers keep their order', async () => {
    await bench.rows.addRun(1, 7);
    await bench.rows.addRun(2, 8);
    const items = [3, 1, 2].map((workflow_run_id) => valid({ workflow_run_id }));
    const accepted = await acceptDeliveries(items, bench.strictParts(), bench.limit);
    expect(accepted.map((item) => (item.kind === 'refused' ? item.errorType : item.kind))).toEqual([
      'WorkflowRunNotFound',
      'stored',
      'OrganizationMismatch',
    ]);
    expect(bench.sent).toHaveLength(1);
  });
});

test('nothing to accept asks nobody', async () => {
  const parts = { ...bench.parts, store: { acceptDeliveries: () => expect.fail('asked') } };
  expect(await acceptDeliveries([], parts, bench.limit)).toEqual([]);
});
