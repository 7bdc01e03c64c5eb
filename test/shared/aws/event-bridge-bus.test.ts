// Real: the adapter, the client, HTTP over loopback. Doubles: what EventBridge answers, and the outcomes.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEventBridgeBus } from '../../../shared/aws/event-bridge-bus.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import { anOutcome } from '../../support/store/an-outcome.ts';
import { NOON } from '../../support/store/store-world.ts';

type Entry = { EventBusName: string; Source: string; DetailType: string; Detail: string; Time: number };
type Answer = { status: number; body: object } | 'none';

const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
let server: Server;
let calls: Entry[][];
let answer: (entries: readonly Entry[]) => Answer;

const taken = (entries: readonly Entry[]): Answer => ({
  status: 200,
  body: { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `${index}` })) },
});

beforeEach(async () => {
  calls = [];
  answer = taken;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { Entries } = JSON.parse(text) as { Entries: Entry[] };
      calls.push(Entries);
      const said = answer(Entries);
      if (said === 'none') return;
      response.writeHead(said.status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const soon = (ms = 5000) => ({ untilMonotonicMs: systemClock.monotonicMs() + ms });
const outcomes = (count: number) => Array.from({ length: count }, (_, index) => anOutcome(index + 1));

function bus() {
  const surroundings = localSurroundings(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return createEventBridgeBus({ busArn: BUS, service: 'Acme/Webhooks' }, surroundings);
}

it('puts an event for each outcome, by tens, at the time it happened', async () => {
  expect(await bus().put(outcomes(23), soon())).toEqual({ unput: [] });
  expect(calls.map(({ length }) => length)).toEqual([10, 10, 3]);
  const [entry] = calls[0] ?? [];
  expect(entry).toMatchObject({
    EventBusName: BUS,
    Source: 'surehook',
    DetailType: 'Webhook Dead-Lettered',
    Time: Date.parse(NOON) / 1000,
  });
  expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({ event_id: anOutcome(1).eventId, service: 'Acme/Webhooks' });
});

it('tells which entries an answer of 200 refuses, and goes on with the others', async () => {
  answer = (entries) => ({
    status: 200,
    body: {
      FailedEntryCount: 1,
      Entries: entries.map((_, index) => (index === 2 ? { ErrorCode: 'ThrottlingException' } : { EventId: 'taken' })),
    },
  });
  const { unput, because } = await bus().put(outcomes(20), soon());
  expect([unput.map(({ id }) => id), because]).toEqual([[3, 13], 'ThrottlingException']);
});

it('takes an entry that the answer does not mention for refused', async () => {
  answer = () => ({ status: 200, body: { FailedEntryCount: 0, Entries: [{ EventId: 'taken' }] } });
  expect(await bus().put(outcomes(2), soon())).toMatchObject({ unput: [{ id: 2 }] });
});

it('does not go on after a call in which nothing was taken, and says by its name why', async () => {
  answer = () => ({
    status: 400,
    body: { __type: 'AccessDeniedException', Message: 'role/deliver is not authorized' },
  });
  const { unput, because } = await bus().put(outcomes(30), soon());
  expect([unput.length, because, calls.length]).toEqual([30, 'AccessDeniedException', 1]);
});

it('waits no longer than it may for a bus that does not answer', async () => {
  answer = () => 'none';
  const before = systemClock.monotonicMs();
  expect(await bus().put(outcomes(20), soon(200))).toMatchObject({ because: 'NoAnswer' });
  expect(systemClock.monotonicMs() - before).toBeLessThan(2000);
  expect(calls).toHaveLength(1);
});

it('asks again where the fault is the bus’s own', async () => {
  answer = (entries) => (calls.length === 1 ? { status: 500, body: { __type: 'InternalException' } } : taken(entries));
  expect(await bus().put(outcomes(1), soon())).toEqual({ unput: [] });
  expect(calls).toHaveLength(2);
});
