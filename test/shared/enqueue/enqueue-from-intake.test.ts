// Real: enqueue from the intake queue, with its parsing. Doubles: the store, in memory and held to the contract of the real one;
// the queues, which record and can lose messages; the clock, which stands still.
import { beforeEach, describe, expect, test } from 'vitest';
import type { AcceptStore } from '../../../shared/enqueue/accept-store.ts';
import { StoreUnavailable } from '../../../shared/delivery/delivery-store.ts';
import { enqueueFromIntake } from '../../../shared/enqueue/enqueue-from-intake.ts';
import { EnqueueBench, request, requests } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

beforeEach(() => {
  bench = new EnqueueBench();
});

/** Enqueues messages with these bodies, called `m-0`, `m-1`, …; answers the ids that must come again. */
async function enqueue(...bodies: unknown[]): Promise<string[]> {
  const messages = bodies.map((body, index) => ({
    messageId: `m-${index}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }));
  return (await enqueueFromIntake(messages, bench.parts, bench.limit)).comeAgain;
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

describe('a message that can never succeed', () => {
  test.each([
    ['is not JSON', 'canary {', 'InvalidRequest', 'the message is not JSON'],
    ['is empty', '', 'InvalidRequest', 'the message is not JSON'],
    ['is no request', '[]', 'InvalidRequest', 'the request must be a JSON object'],
    ['lacks everything', '{}', 'InvalidRequest', /^workflow_run_id: is required; /],
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

  test('whose refused items grow when they are written moves whole: it must fit where it came from', async () => {
    const body = `{"deliveries":[{"enabled":false,"x":[${'1e20,'.repeat(100)}1]},${JSON.stringify(request())}]}`;
    await enqueue(body);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected[0]?.body).toBe(body);
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

describe('a fault of ours', () => {
  test('returns every message to the queue, and moves none', async () => {
    bench.parts.store = storeFailingFor('node', new StoreUnavailable('no answer'));
    expect(await enqueue(request(), request())).toEqual(['m-0', 'm-1']);
    expect(bench.rejected).toEqual([]);
    expect(bench.counts.get('FaultsOfOurs')).toBeGreaterThan(0);
  });

  test('over one message returns that one, and accepts the others', async () => {
    bench.parts.store = storeFailingFor('poison', new TypeError('a bug that one request provokes'));
    expect(await enqueue(request({ webhook_node_id: 'a' }), request({ webhook_node_id: 'poison' }), '{')).toEqual([
      'm-1',
    ]);
    expect(bench.sent).toHaveLength(1);
    expect(bench.rejected).toHaveLength(1);
  });

  test('of the delivery queue returns nothing: the rows are there, and the sweep sends their messages', async () => {
    bench.loses = (message) => 'deliveryId' in message;
    expect(await enqueue({ deliveries: requests(3) })).toEqual([]);
    expect(bench.counts.get('MessagesUnsent')).toBe(3);
    expect(await bench.rows.delivery(3)).toMatchObject({ status: 'pending' });
  });
});
