// The functions, called as Lambda calls them. Real: their handlers, the SDK, PostgreSQL, a receiver on loopback. Doubles: AWS,
// by the local endpoints; stdout and stderr, caught. The tests tell one story, in order. Bundles and processes of their own
// are in the end-to-end tests.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handler as deliver } from '../../functions/deliver.ts';
import { handler as enqueue } from '../../functions/enqueue.ts';
import { handler as migrate } from '../../functions/migrate.ts';
import { handler as inspect } from '../../functions/inspect.ts';
import { handler as operate } from '../../functions/operate.ts';
import { handler as sweep } from '../../functions/sweep.ts';
import { contextOf, type PlatformBench, sqsEvent, startPlatform } from '../support/stack/platform-world.ts';

const CREDENTIAL = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
const TOKEN = 'canary-token';

let platform: PlatformBench;
let receiver: Server;
let endpoint: string;
/** What the receiver answers, and what it got. */
let status = 200;
const received: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  receiver = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      received.push({ headers: incoming.headers, body: Buffer.concat(chunks).toString() });
      outgoing.writeHead(status).end(`got ${incoming.headers.authorization}`);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  endpoint = `http://127.0.0.1:${address.port}/in`;
});
afterAll(async () => {
  await new Promise((resolve) => receiver.close(resolve));
  await platform.close();
});

function request(webhook_node_id: string): Record<string, unknown> {
  return {
    workflow_run_id: 9001,
    organization_id: 7,
    webhook_node_id,
    endpoint_url: endpoint,
    payload_json: '{ "as": "written" }',
    credential_uuid: CREDENTIAL,
    max_attempts: 1,
  };
}

async function statusOf(deliveryId: number): Promise<unknown> {
  const { rows } = await platform.pool.query(
    'select status, dead_letter_reason from webhook_deliveries where id = $1',
    [deliveryId],
  );
  return rows[0];
}

describe('a stack', () => {
  test('is migrated at its deployment, and again without effect', async () => {
    const report = {
      applied: [
        'up 0001_workflow_runs',
        'up 0002_webhook_deliveries',
        'up 0003_unreported_attempts',
        'up 0004_dead_letters_by_host',
        'up 0005_operations',
        'up 0006_webhook_endpoints',
        'up 0007_failures_side_by_side',
        'up 0008_outbox',
        'up 0009_exchanges',
        'up 0010_outcomes',
        'up 0011_trace_context',
        'up 0012_ordering',
      ],
      version: 12,
    };
    expect(await migrate({}, contextOf(600))).toEqual(report);
    expect(await migrate({}, contextOf(600))).toEqual({ applied: [], version: 12 });
  });

  test('takes a request by invoke, and hands out its message', async () => {
    expect(await enqueue(request('by invoke'), contextOf(60))).toMatchObject({ delivery_id: 1, created: true });
    expect(await platform.receive('delivery')).toMatchObject([
      { body: '{"v":1,"delivery_id":1,"attempt":1,"remaining_seconds":0}' },
    ]);
  });

  test('refuses a request by name', async () => {
    await expect(enqueue({ workflow_run_id: 1 }, contextOf(60))).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  test('takes requests from the intake queue, and moves away what can never succeed', async () => {
    const event = sqsEvent(JSON.stringify(request('by queue')), 'not JSON');
    expect(await enqueue(event, contextOf(60))).toEqual({ batchItemFailures: [] });
    expect(await platform.receive('delivery')).toHaveLength(1);
    expect(await platform.receive('intake-dead-letters')).toEqual([{ body: 'not JSON', errorType: 'InvalidRequest' }]);
  });

  test('delivers with the credential, the frozen bytes and the ids', async () => {
    const secretString = JSON.stringify({ credential_type: 'bearer_token', credential_data: { token: TOKEN } });
    platform.secrets.ensure({ name: `webhook-credentials/7/${CREDENTIAL}`, secretString });
    const message = '{"v":1,"delivery_id":1,"attempt":1,"remaining_seconds":0}';
    expect(await deliver(sqsEvent(message), contextOf(60))).toEqual({ batchItemFailures: [] });
    expect(await statusOf(1)).toEqual({ status: 'succeeded', dead_letter_reason: null });
    expect(received).toMatchObject([
      {
        body: '{ "as": "written" }',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          'user-agent': expect.stringMatching(/^surehook\/\d/),
          'x-dograh-workflow-run-id': '9001',
          'x-dograh-delivery-attempt': '1',
        },
      },
    ]);
  });

  test('keeps what the receiver said, without the secret it echoed', async () => {
    const { rows } = await platform.pool.query('select response_excerpt from webhook_delivery_attempts');
    expect(rows).toEqual([{ response_excerpt: 'got Bearer [REDACTED]' }]);
  });

  test('sets aside what nobody understands, sends on what is early, and forgets what names no row', async () => {
    const event = sqsEvent(
      'not a message',
      '{"v":1,"delivery_id":2,"attempt":1,"remaining_seconds":600}',
      '{"v":1,"delivery_id":999,"attempt":1,"remaining_seconds":0}',
    );
    expect(await deliver(event, contextOf(60))).toEqual({ batchItemFailures: [] });
    expect(await platform.receive('delivery-dead-letters')).toMatchObject([{ body: 'not a message' }]);
    expect(received).toHaveLength(1);
  });

  test('buries what failed for good, and brings it back on demand', async () => {
    status = 410;
    await deliver(sqsEvent('{"v":1,"delivery_id":2,"attempt":1,"remaining_seconds":0}'), contextOf(60));
    expect(await statusOf(2)).toEqual({ status: 'dead_letter', dead_letter_reason: 'status' });
    // And says so, once: nothing is left for a sweep to repeat.
    expect(platform.events()).toMatchObject([
      {
        source: 'surehook',
        detail_type: 'Webhook Dead-Lettered',
        detail: { delivery_id: 2, service: 'Acme/Webhooks' },
      },
    ]);
    expect((await platform.pool.query('select from webhook_outcomes')).rowCount).toBe(0);
    const redeliver = (order: object) => operate({ action: 'redeliver', ...order }, contextOf(300));
    expect(await redeliver({ organization_id: 7, dry_run: true })).toEqual({
      dry_run: true,
      matched: 1,
      changed: 0,
      refused: [],
      complete: true,
      dismissed: 0,
      expunged: 0,
    });
    expect(await inspect({ action: 'show', delivery_id: 2 }, contextOf(60))).toMatchObject({
      delivery: { delivery_id: 2, phase: 'dead_letter' },
      explanation: expect.arrayContaining(['The receiver refused it for good with 410: the URL is gone for good.']),
    });
    const order = { delivery_ids: [2], by: 'somebody', note: 'mended' };
    expect(await redeliver(order)).toMatchObject({
      order_id: 1,
      state: 'done',
      matched: 1,
      changed: 1,
      refused: [],
      complete: true,
    });
    expect(await inspect({ action: 'orders' }, contextOf(60))).toMatchObject({
      orders: [
        { order_id: 1, action: 'redeliver', by: 'somebody', note: 'mended', state: 'done', matched: 1, done: 1 },
      ],
    });
    expect(await platform.receive('delivery')).toMatchObject([{ body: expect.stringContaining('"attempt":2') }]);
    await expect(redeliver({})).rejects.toMatchObject({ name: 'InvalidRequest' });
    expect(await redeliver({ delivery_ids: [1] })).toMatchObject({
      refused: [{ delivery_id: 1, because: 'succeeded' }],
    });
  });

  test('finds by the sweep what lost its message', async () => {
    expect(await sweep({}, contextOf(300))).toMatchObject({ buried: 0, put_back: 0, complete: true });
    await platform.pool.query(
      "update webhook_deliveries set scheduled_for = now() - interval '10 minutes' where id = 2",
    );
    expect(await sweep({}, contextOf(300))).toEqual({
      buried: 0,
      put_back: 1,
      handed_out: 0,
      called: 0,
      unsent: 0,
      refused: 0,
      announced: 0,
      unannounced: 0,
      standing_dead_letters: 0,
      orders_worked: 0,
      erased: 0,
      deleted: 0,
      oldest_due_seconds: expect.any(Number),
      complete: true,
    });
    expect(await platform.receive('delivery')).toMatchObject([{ body: expect.stringContaining('"delivery_id":2') }]);
  });

  test('goes down only when nothing is pending', async () => {
    const down = { direction: 'down', to_version: 0 };
    await expect(migrate(down, contextOf(600))).rejects.toMatchObject({ name: 'MigrationRefused' });
  });

  test('wrote one line for each attempt, its figures, and no secret', () => {
    const lines = platform.written.join('').split('\n');
    expect(lines.filter((line) => line.includes('"message":"attempt"'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('"DeliveriesSucceeded"'))).toHaveLength(1);
    for (const secret of [TOKEN, endpoint]) expect(platform.written.join('')).not.toContain(secret);
  });
});
