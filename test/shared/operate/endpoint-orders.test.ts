// Orders to hold, resume and limit, from the request to what is sent. Real: the rules of operate. Doubles: the store (in memory,
// held to the contract of the real one), the queue, the relay, time.
import { beforeEach, expect, it } from 'vitest';
import { operate } from '../../../shared/operate/operate.ts';
import { SweepBench } from '../../support/protocol/sweep-world.ts';
import { NO_ADOPTION } from '../../support/store/no-adoption.ts';
import type { Store } from '../../support/store/store-world.ts';

let bench: SweepBench;

beforeEach(() => {
  bench = new SweepBench();
});

const ask = (event: object, { id = 'request', instead = {} }: { id?: string; instead?: Partial<Store> } = {}) => {
  const parts = {
    ...bench.parts(instead),
    moreAttempts: 5,
    adoption: NO_ADOPTION,
    relay: { handOver: async () => undefined },
  };
  return operate(event, parts, { id, stopAtMonotonicMs: bench.clock.monotonicMs() + 160_000 });
};
const sent = () => bench.sent.map(({ deliveryId, delaySeconds }) => [deliveryId, delaySeconds]);

it('what was held goes on by a message as soon as it is resumed', async () => {
  const ids = await bench.stored(3);
  const held = await ask({ action: 'hold', everything: true, note: 'an incident', by: 'ada' }, { id: 'hold' });
  expect(held).toMatchObject({ order_id: 1, state: 'done', matched: 1, changed: 1, complete: true });
  await bench.claimed(ids);
  expect(bench.sent).toEqual([]);
  expect(await ask({ action: 'resume', everything: true }, { id: 'resume' })).toMatchObject({
    order_id: 2,
    changed: 1,
  });
  expect(sent()).toEqual(ids.map((id) => [id, 0]));
});

it('a resume that died before its messages sends them when it comes again', async () => {
  const ids = await bench.stored(1);
  await ask({ action: 'hold', organization_id: 7 }, { id: 'hold' });
  await bench.claimed(ids);
  const resume = { action: 'resume', organization_id: 7 };
  const dying = { callHeldDeliveries: () => Promise.reject(new Error('the worker died')) };
  await expect(ask(resume, { id: 'resume', instead: dying })).rejects.toThrow('the worker died');
  expect(await ask(resume, { id: 'resume' })).toMatchObject({ order_id: 2, changed: 1 });
  expect(sent()).toEqual(ids.map((id) => [id, 0]));
});

it('a dry run says whether anything would change', async () => {
  const hold = { action: 'hold', organization_id: 7, dry_run: true };
  expect(await ask(hold)).toEqual({ dry_run: true, matched: 1, changed: 0, refused: [], complete: true });
  expect(await ask({ ...hold, action: 'resume' })).toMatchObject({ matched: 0 });
  expect(bench.tables.orders.size).toBe(0);
});

it('another request with the key of an order is refused', async () => {
  await ask({ action: 'hold', organization_id: 7, order_key: 'k' });
  await expect(ask({ action: 'resume', organization_id: 7, order_key: 'k' })).rejects.toThrow(
    'order_key: order 1 has it',
  );
  await expect(ask({ action: 'hold', organization_id: 8, order_key: 'k' })).rejects.toThrow(
    'order_key: order 1 has it',
  );
});

it('a limit that is null is taken away, and what it held goes on', async () => {
  const endpoint = { action: 'set_endpoint', organization_id: 7, endpoint_url: 'https://receiver.example/hook' };
  const ids = await bench.stored(3);
  await ask({ ...endpoint, max_in_flight: 1 }, { id: 'limit' });
  await bench.claimed(ids);
  await ask({ ...endpoint, max_in_flight: null }, { id: 'no limit' });
  expect(bench.sent.length).toBeGreaterThan(0);
  expect(await ask({ ...endpoint, max_in_flight: null }, { id: 'again' })).toMatchObject({ changed: 0 });
});
