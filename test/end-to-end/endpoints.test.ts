// Real: everything, in a stack with short delays. Receivers are on loopback. Never to be asserted: how long something takes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aDelivery } from './a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({
    WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1',
    WEBHOOK_DELIVERY_MAX_DELAY_SECONDS: '2',
    WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '5',
  });
});

afterAll(() => stack.dispose());

/** Enqueues so many at once, and answers their ids. */
async function enqueueMany(count: number, fields: { endpoint_url: string } & Record<string, unknown>) {
  const ids: number[] = [];
  for (let from = 0; from < count; from += 100) {
    const deliveries = Array.from({ length: Math.min(100, count - from) }, () => aDelivery(fields));
    const invoked = await stack.invoke('enqueue', { deliveries });
    if (!invoked.ok) throw new Error(invoked.errorMessage);
    const { results } = invoked.answer as { results: { delivery_id: number }[] };
    ids.push(...results.map((result) => result.delivery_id));
  }
  return ids;
}

describe('an endpoint that is down', () => {
  it('costs none of 200 deliveries, and gets them all when it answers again', { timeout: 120_000 }, async () => {
    let isBack = false;
    let mostAtOnce = 0;
    await using receiver = await RecordingReceiver.open(() => {
      mostAtOnce = Math.max(mostAtOnce, receiver.open);
      return isBack ? 204 : 503;
    });
    await using other = await RecordingReceiver.open();
    const ids = await enqueueMany(200, { endpoint_url: receiver.url(), max_attempts: 3 });
    await stack.log.until(() => stack.log.lines.find((line) => line.includes('endpoint_down')));
    // The first burst is over when the rest is held.
    await stack.log.until(async () => ((await heldCount()) >= 199 ? true : undefined));
    const burst = receiver.received.length;
    mostAtOnce = 0;
    await receiver.until(({ received }) => received.length >= burst + 3);
    expect(mostAtOnce).toBe(1);
    const [healthy = 0] = await enqueueMany(1, { endpoint_url: other.url() });
    expect(await stack.over(healthy)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    isBack = true;
    const rows = await stack.allOver(ids);
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    expect(receiver.mostAtOnce).toBe(1);
  });

  async function heldCount(): Promise<number> {
    const [row] = await stack.rows<{ held: number }>(
      'select count(*) as held from webhook_deliveries where held_by is not null',
    );
    return row?.held ?? 0;
  }
});

it('an endpoint that asks to wait gets nothing meanwhile, and what waited arrives with its first attempt', async () => {
  const cameAtMs: number[] = [];
  await using receiver = await RecordingReceiver.open((_, nth) => {
    cameAtMs.push(performance.now());
    return nth === 1 && receiver.received.length === 1 ? { status: 429, headers: { 'retry-after': '4' } } : 204;
  });
  const [first = 0] = await enqueueMany(1, { endpoint_url: receiver.url() });
  await stack.log.until(() => stack.log.lines.find((line) => line.includes('"status":429')));
  const waiting = await enqueueMany(20, { endpoint_url: receiver.url() });
  const rows = await stack.allOver(waiting);
  expect(rows.map(({ attempt_count }) => attempt_count)).toEqual(waiting.map(() => 1));
  expect(await stack.over(first)).toMatchObject({ status: 'succeeded', attempt_count: 2 });
  const [asked = 0, next = 0] = cameAtMs;
  expect(next - asked).toBeGreaterThan(3_500);
});

it('an endpoint with a limit never has more requests in flight', { timeout: 60_000 }, async () => {
  let most = 0;
  await using receiver = await RecordingReceiver.open(async () => {
    most = Math.max(most, receiver.open);
    await receiver.until(({ open, received }) => open >= 3 || received.length >= 38);
    return 204;
  });
  const limit = { action: 'set_endpoint', organization_id: 7, endpoint_url: receiver.url(), max_in_flight: 3 };
  expect(await stack.invoke('operate', limit)).toMatchObject({ ok: true, answer: { changed: 1 } });
  const ids = await enqueueMany(40, { endpoint_url: receiver.url() });
  await stack.allOver(ids);
  expect(most).toBe(3);
});

it(
  'what an operator holds gets nothing, is told, and goes out by itself once it is resumed',
  { timeout: 60_000 },
  async () => {
    await using receiver = await RecordingReceiver.open();
    const scope = { organization_id: 7, endpoint_url: receiver.url() };
    const hold = { action: 'hold', ...scope, note: 'the receiver is being moved' };
    expect(await stack.invoke('operate', hold)).toMatchObject({ ok: true, answer: { state: 'done', changed: 1 } });
    const ids = await enqueueMany(30, { endpoint_url: receiver.url() });
    const held = await stack.log.until(async () => {
      const asked = await stack.invoke('inspect', { action: 'endpoints', organization_id: 7, state: 'held' });
      const { endpoints } = (asked.ok ? asked.answer : {}) as { endpoints: { held_deliveries: number }[] };
      return endpoints.find((one) => one.held_deliveries === ids.length);
    });
    expect(held).toMatchObject({ note: 'the receiver is being moved', endpoint: new URL(receiver.url()).origin });
    expect(receiver.received).toEqual([]);
    await stack.invoke('operate', { action: 'resume', ...scope });
    const rows = await stack.allOver(ids);
    expect(rows.map(({ status, attempt_count }) => [status, attempt_count])).toEqual(ids.map(() => ['succeeded', 1]));
  },
);
