// Real: enqueue from the intake queue, with its parsing. Doubles: the store, in memory and held to the contract of the real one;
// the queues, which record and can lose messages; the clock, which stands still.
import { beforeEach, describe, expect, test } from 'vitest';
import type { AcceptStore } from '../../../shared/enqueue/accept-store.ts';
import { StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { enqueueFromIntake } from '../../../shared/enqueue/enqueue-from-intake.ts';
import type { IntakeMessage } from '../../../shared/enqueue/intake-message.ts';
import { pauseForRun } from '../../../shared/enqueue/run-patience.ts';
import { EnqueueBench, request, requests } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

beforeEach(() => {
  bench = new EnqueueBench();
});

/** Enqueues messages with these bodies, called `m-0`, `m-1`, …, sent just now; answers the ids that must come again. */
async function enqueue(...bodies: unknown[]): Promise<string[]> {
  const messages = bodies.map((body, index) => messageOf(body, { index, ageSeconds: 0 }));
  return (await enqueueFromIntake(messages, bench.parts, bench.limit)).comeAgain;
}

function messageOf(body: unknown, { index, ageSeconds }: { index: number; ageSeconds: number }): IntakeMessage {
  return {
    messageId: `m-${index}`,
    receiptHandle: `handle-${index}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    sentAtMs: bench.clock.nowMs() - ageSeconds * 1000,
    receives: 1,
  };
}

/** A store that fails for what it is asked together with, or of, this node. */
function storeFailingFor(nodeId: string, fault: Error): AcceptStore {
  return {
    acceptDeliveries: async (deliveries, ...more) => {
      if (deliveries.some(({ webhookNodeId }) => webhookNodeId === nodeId)) throw fault;
      return bench.rows.store.acceptDeliveries(deliveries, ...more);
    },
  };
}

describe('sound messages', () => {
  test('of one and of many are accepted together, and none comes again', async () => {
    expect(await enqueue(request({ webhook_node_id: 'a' }), { deliveries: requests(3) })).toEqual([]);
    expect(bench.sent).toHaveLength(4);
    expect(bench.rejected).toEqual([]);
  });

  test('that come twice make one delivery', async () => {
    expect(await enqueue(request(), request())).toEqual([]);
    expect(bench.sent).toHaveLength(1);
  });

  test('that are disabled are done with', async () => {
    expect(await enqueue(request({ enabled: false }))).toEqual([]);
    expect(bench.sent).toEqual([]);
    expect(bench.rejected).toEqual([]);
  });
});

describe('messages', () => {
  /** How many deliveries each call of the store was given. */
  async function sharesOf(...bodies: unknown[]): Promise<number[]> {
    const shares: number[] = [];
    const { store } = bench.rows;
    bench.parts.store = {
      ...store,
      acceptDeliveries: (deliveries, ...rest) => {
        shares.push(deliveries.length);
        return store.acceptDeliveries(deliveries, ...rest);
      },
    };
    expect(await enqueue(...bodies)).toEqual([]);
    return shares;
  }

  test('are accepted in one go while their bodies are small', async () => {
    const bodies = Array.from({ length: 10 }, (_, m) =>
      request({ webhook_node_id: `m ${m}`, payload: 'x'.repeat(1000) }),
    );
    expect(await sharesOf(...bodies)).toEqual([10]);
  });

  test('that render to more than fits the memory together are accepted one after the other', async () => {
    const rendered = { payload: undefined, payload_template: '{{a}}'.repeat(250) };
    const message = (m: number) => ({
      deliveries: requests(20).map((item, n) => ({ ...item, ...rendered, webhook_node_id: `${m} ${n}` })),
      render_context: { a: 'x'.repeat(1000) },
    });
    expect(await sharesOf(...[0, 1, 2, 3, 4].map(message))).toEqual([40, 40, 20]);
    expect(bench.sent).toHaveLength(100);
  });
});

describe('a message that can never succeed', () => {
  test.each([
    ['is not JSON', 'canary {', 'InvalidRequest', /^the message is not JSON: .* at line 1, column 1$/],
    ['is empty', '', 'InvalidRequest', 'the message is empty'],
    ['is no request', '[]', 'InvalidRequest', 'the request must be a JSON object'],
    ['lacks everything', '{}', 'InvalidRequest', /^workflow_run_id: is required; /],
    ['is larger than a message can be', `"${'x'.repeat(1024 * 1024)}`, 'PayloadTooLarge', /^more than 1048576 bytes/],
    ['is an empty batch', '{"deliveries":[]}', 'InvalidRequest', /^deliveries: must be a list/],
  ])('that %s moves at once with its reason, its body unchanged', async (_case, body, errorType, message) => {
    expect(await enqueue(body)).toEqual([]);
    expect(bench.rejected).toEqual([
      { messageId: 'm-0', body, errorType, errorMessage: expect.stringMatching(message) },
    ]);
    expect(bench.counts.get('IntakeRejected')).toBe(1);
  });

  test('keeps the bytes it came with, white space and long numbers too', async () => {
    const body = ' { "workflow_run_id": 9007199254740993, "x": 1.0 }\n';
    await enqueue(body);
    expect(bench.rejected[0]?.body).toBe(body);
  });

  test('for its run is refused by the name of that', async () => {
    await bench.rows.addRun(9001, 8);
    expect(await enqueue(request())).toEqual([]);
    expect(bench.rejected).toMatchObject([{ errorType: 'OrganizationMismatch' }]);
  });

  test('holds back none of the others', async () => {
    expect(await enqueue('{', request({ webhook_node_id: 'a' }), 'null', request({ webhook_node_id: 'b' }))).toEqual(
      [],
    );
    expect(bench.sent).toHaveLength(2);
    expect(bench.rejected.map(({ messageId }) => messageId)).toEqual(['m-0', 'm-2']);
  });

  test('that could not be moved comes again, and only that', async () => {
    bench.loses = (message) => 'messageId' in message && message.messageId === 'm-2';
    expect(await enqueue('{', request(), '}')).toEqual(['m-2']);
    expect(bench.rejected.map(({ messageId }) => messageId)).toEqual(['m-0']);
    expect(bench.counts.get('IntakeRejected')).toBe(1);
  });
});

describe('a batch request', () => {
  test('with some refused items has the good ones accepted, and one message with the others', async () => {
    const [first, second, third] = requests(3);
    const bad = { ...second, http_method: 'BREW' };
    const worse = { endpoint_url: 'ftp://x' };
    expect(await enqueue({ deliveries: [first, bad, third, worse] })).toEqual([]);
    expect(bench.sent).toHaveLength(2);
    expect(bench.rejected).toHaveLength(1);
    expect(JSON.parse(bench.rejected[0]?.body ?? '')).toEqual({ deliveries: [bad, worse] });
    expect(bench.rejected[0]?.errorMessage).toMatch(/^deliveries\[1\]\.http_method: .*; deliveries\[3\]\./);
  });

  test('with a shared render context moves refused items with it, so that they can be sent again', async () => {
    const [first, second] = requests(2).map((item) => ({ ...item, payload: undefined, payload_template: '{{who}}' }));
    const bad = { ...second, http_method: 'BREW' };
    await enqueue({ deliveries: [first, bad], render_context: { who: 'Ada' } });
    expect(bench.sent).toHaveLength(1);
    expect(JSON.parse(bench.rejected[0]?.body ?? '')).toEqual({
      deliveries: [JSON.parse(JSON.stringify(bad))],
      render_context: { who: 'Ada' },
    });
  });

  test('whose items are all refused moves as it came', async () => {
    const body = '{ "deliveries": [ {}, {} ] }';
    expect(await enqueue(body)).toEqual([]);
    expect(bench.rejected).toMatchObject([{ body, errorType: 'InvalidRequest' }]);
  });

  test('with an item nested beyond what can be written moves whole: its good items are found again', async () => {
    const [first] = requests(1);
    const deep = `{"workflow_run_id":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const body = `{"deliveries":[${JSON.stringify(first)},${deep}]}`;
    expect(await enqueue(body)).toEqual([]);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toHaveLength(1);
    expect(bench.rejected[0]?.errorMessage).toMatch(/^deliveries\[1\]/);
    expect([body, `{"deliveries":[${deep}]}`]).toContain(bench.rejected[0]?.body);
  });

  test.each(['\\ufffe', '\\uffff'])(
    'with %s escaped in a refused item keeps the escape: SQS takes no other form',
    async (escape) => {
      const bad = `{"note":"${escape}"}`;
      await enqueue(`{"deliveries":[${JSON.stringify(request())}, ${bad}]}`);
      expect(bench.sent).toHaveLength(1);
      expect(bench.rejected[0]?.body).toBe(`{"deliveries":[${bad}]}`);
    },
  );

  test('moves its refused items with the digits they came with', async () => {
    const bad = `{"enabled":false,"x":[1e20,1.10,-0]}`;
    await enqueue(`{"deliveries":[${bad},${JSON.stringify(request())}]}`);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected[0]?.body).toBe(`{"deliveries":[${bad}]}`);
  });

  test('with an item that only the database refuses says so with its path', async () => {
    await bench.rows.addRun(8, 8);
    await enqueue({ deliveries: [request(), request({ workflow_run_id: 8 })] });
    expect(bench.rejected).toMatchObject([
      {
        errorType: 'OrganizationMismatch',
        errorMessage: 'deliveries[1].organization_id: run 8 belongs to another organization',
      },
    ]);
  });
});

describe('a run that is not known', () => {
  /** Enqueues one message of this age where only runs of the application count. */
  async function enqueueAged(body: unknown, ageSeconds: number): Promise<string[]> {
    const message = messageOf(body, { index: 0, ageSeconds });
    return (await enqueueFromIntake([message], bench.strictParts(), bench.limit)).comeAgain;
  }

  test('is asked for again in a moment: its commit may be under way', async () => {
    expect(await enqueueAged(request(), 0.3)).toEqual(['m-0']);
    expect(bench.postponed).toEqual([{ messageId: 'm-0', receiptHandle: 'handle-0', seconds: 1 }]);
    expect(bench.rejected).toEqual([]);
    expect(bench.counts.get('InternalFaults')).toBeUndefined();
    await bench.rows.addRun(9001, 7);
    expect(await enqueueAged(request(), 1.4)).toEqual([]);
    expect(bench.sent).toHaveLength(1);
  });

  test('is waited for until a minute after the message was sent, then the message moves', async () => {
    expect(await enqueueAged(request(), 59.9)).toEqual(['m-0']);
    expect(bench.rejected).toEqual([]);
    expect(await enqueueAged(request(), 60)).toEqual([]);
    expect(bench.rejected).toMatchObject([{ messageId: 'm-0', errorType: 'WorkflowRunNotFound' }]);
  });

  test('of one item keeps its whole message back, and nothing of it moves twice', async () => {
    await bench.rows.addRun(1, 7);
    const deliveries = [
      request({ workflow_run_id: 1 }),
      request({ webhook_node_id: 'late' }),
      request({ http_method: 'BREW' }),
    ];
    expect(await enqueueAged({ deliveries }, 0.3)).toEqual(['m-0']);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toEqual([]);
    expect(await enqueueAged({ deliveries }, 61)).toEqual([]);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toMatchObject([
      {
        body: JSON.stringify({ deliveries: deliveries.slice(1) }),
        errorType: 'WorkflowRunNotFound',
        errorMessage: expect.stringMatching(
          /^deliveries\[1\]\.workflow_run_id: no run 9001; deliveries\[2\]\.http_method: /,
        ),
      },
    ]);
  });

  test('holds back no other message, and another organization’s run waits for nobody', async () => {
    await bench.rows.addRun(1, 7);
    await bench.rows.addRun(2, 8);
    const bodies = [request(), request({ workflow_run_id: 1 }), request({ workflow_run_id: 2 })];
    const messages = bodies.map((body, index) => messageOf(body, { index, ageSeconds: 1 }));
    expect(await enqueueFromIntake(messages, bench.strictParts(), bench.limit)).toEqual({ comeAgain: ['m-0'] });
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toMatchObject([{ messageId: 'm-2', errorType: 'OrganizationMismatch' }]);
  });

  test('comes again in the queue’s own time where the queue could not be told', async () => {
    bench.parts.intake = { postpone: async (messages) => ({ untold: [...messages] }) };
    expect(await enqueueAged(request(), 0.3)).toEqual(['m-0']);
    expect(bench.lines).toContainEqual({
      level: 'info',
      event: 'intake_postponed',
      fields: { messages: 1, untold: 1 },
    });
  });

  test.each([0, 0.3, 0.999, 5, 59.999])(
    'that never comes ends with a receive at the end of its minute, and costs few (the first at %d s)',
    (first) => {
      const receivedAt = [first];
      for (let pause = pauseForRun(first); pause !== undefined; pause = pauseForRun(receivedAt.at(-1) ?? 0)) {
        receivedAt.push((receivedAt.at(-1) ?? 0) + pause);
      }
      expect(receivedAt.length).toBeLessThanOrEqual(8);
      expect(receivedAt.at(-1)).toBeGreaterThanOrEqual(60);
      expect(receivedAt.at(-1)).toBeLessThan(61);
    },
  );

  test.each([
    ['a message from the future', -3600, 1],
    ['a message without a time', Number.NaN, undefined],
  ])('is waited for by the age of %s as well', (_what, ageSeconds, pause) => {
    expect(pauseForRun(ageSeconds)).toBe(pause);
  });
});

describe('an internal fault', () => {
  test('returns every message to the queue, and moves none', async () => {
    bench.parts.store = storeFailingFor('node', new StoreUnavailable('no answer'));
    expect(await enqueue(request(), request())).toEqual(['m-0', 'm-1']);
    expect(bench.rejected).toEqual([]);
    expect(bench.counts.get('InternalFaults')).toBeGreaterThan(0);
  });

  test('over one message returns that one, and accepts the others', async () => {
    bench.parts.store = storeFailingFor('poison', new TypeError('a bug that one request provokes'));
    expect(await enqueue(request({ webhook_node_id: 'a' }), request({ webhook_node_id: 'poison' }), '{')).toEqual([
      'm-1',
    ]);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toHaveLength(1);
  });

  test('has all of the function’s time: a queue waits longer than a caller', async () => {
    const limits: number[] = [];
    bench.parts.store = {
      ...bench.rows.store,
      acceptDeliveries: async (_deliveries, _unknownRuns, limit) => {
        limits.push(limit.untilMonotonicMs);
        return [];
      },
    };
    await enqueue(request());
    expect(limits).toEqual([bench.limit.untilMonotonicMs]);
  });

  test('of the delivery queue returns nothing: the rows are there, and the sweep sends their messages', async () => {
    bench.loses = (message) => 'deliveryId' in message;
    expect(await enqueue({ deliveries: requests(3) })).toEqual([]);
    expect(bench.counts.get('MessagesUnsent')).toBe(3);
    expect(await bench.rows.delivery(3)).toMatchObject({ status: 'pending' });
  });
});
