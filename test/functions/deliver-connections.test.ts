// The deliver function, called as Lambda calls it. Real: its handler, the SDK, PostgreSQL, a receiver on loopback that keeps every
// connection open until it is told otherwise. Doubles: AWS, by the local endpoints; stdout and stderr, caught.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { handler as deliver } from '../../functions/deliver.ts';
import { handler as enqueue } from '../../functions/enqueue.ts';
import { handler as migrate } from '../../functions/migrate.ts';
import { contextOf, type PlatformBench, sqsEvent, startPlatform } from '../support/stack/platform-world.ts';

/** Far above what a closed socket takes to be noticed on loopback: only what never comes takes as long. */
const NEVER_MS = 10_000;

let platform: PlatformBench;
let receiver: Server;
let origin: string;
let port: number;
/** This process's own ends of the connections to the receiver. */
const connections: Socket[] = [];
/** Answers of requests to /held, in their order. */
const held: (() => void)[] = [];
let heldCame = () => {};
let nodes = 0;

beforeAll(async () => {
  platform = await startPlatform();
  receiver = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      const answer = () => void outgoing.writeHead(200).end('ok');
      if (incoming.url !== '/held') return answer();
      held.push(answer);
      heldCame();
    });
  });
  // Whoever hangs up, it is not the receiver.
  receiver.keepAliveTimeout = 0;
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  port = address.port;
  origin = `http://127.0.0.1:${port}`;
  subscribe('net.client.socket', watch);
  await migrate({}, contextOf(600));
});
afterEach(() => {
  connections.length = 0;
});
afterAll(async () => {
  unsubscribe('net.client.socket', watch);
  receiver.closeAllConnections();
  receiver.close();
  await platform.close();
});

function watch(message: unknown): void {
  const socket: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'socket') : undefined;
  if (!(socket instanceof Socket)) return;
  socket.once('connect', () => {
    if (socket.remotePort === port) connections.push(socket);
  });
}

async function enqueued(path: string): Promise<string> {
  const answer = await enqueue(
    {
      workflow_run_id: 1,
      organization_id: 7,
      webhook_node_id: `node ${(nodes += 1)}`,
      endpoint_url: `${origin}${path}`,
      payload: {},
    },
    contextOf(60),
  );
  const { delivery_id } = answer as { delivery_id: number };
  return JSON.stringify({ v: 1, delivery_id, attempt: 1, remaining_seconds: 0 });
}

async function statuses(): Promise<unknown[]> {
  const { rows } = await platform.pool.query('select status from webhook_deliveries order by id');
  return rows.map(({ status }) => status);
}

test('nothing of a request outlives its invocation; a receiver that hung up since is dialled anew (DEP-08, CON-17)', async () => {
  const messages = [await enqueued('/a'), await enqueued('/b')];
  expect(await deliver(sqsEvent(...messages), contextOf(60))).toEqual({ batchItemFailures: [] });
  expect(connections.length).toBeGreaterThan(0);
  expect(connections.map(({ writableLength }) => writableLength)).toEqual(connections.map(() => 0));
  expect(await statuses()).toEqual(['succeeded', 'succeeded']);
  const before = connections.length;
  receiver.closeAllConnections();
  expect(await deliver(sqsEvent(await enqueued('/next')), contextOf(60))).toEqual({ batchItemFailures: [] });
  expect(connections.length).toBe(before + 1);
  const { rows } = await platform.pool.query(
    "select attempt, exchange -> 'connection' ->> 'kept' as kept from webhook_delivery_attempts order by delivery_id",
  );
  expect(rows.at(-1)).toEqual({ attempt: 1, kept: 'false' });
  expect(await statuses()).toEqual(['succeeded', 'succeeded', 'succeeded']);
});

test(
  'an invocation that ends hangs up on no other that runs beside it in the same process (DEP-09)',
  async () => {
    const came = new Promise<void>((resolve) => (heldCame = resolve));
    const slow = deliver(sqsEvent(await enqueued('/held')), contextOf(60));
    await came;
    const quick = await deliver(sqsEvent(await enqueued('/c')), contextOf(60));
    held[0]?.();
    expect([quick, await slow]).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(await statuses()).toEqual(Array.from({ length: 5 }, () => 'succeeded'));
    expect(held).toHaveLength(1);
  },
  NEVER_MS,
);
