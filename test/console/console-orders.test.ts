// Real: HTTP over loopback. Double: the functions, played by the bench with answers of the shape that inspect publishes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleBench, startConsoleBench } from './console-world.ts';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await startConsoleBench();
});
afterAll(async () => bench.close());
beforeEach(() => {
  bench.invoked.length = 0;
  bench.answers.inspect = () => ({ ok: true, answer: { orders: [order()], next: null } });
  delete bench.answers.operate;
});

const order = (changes: Record<string, unknown> = {}) => ({
  order_id: 12,
  action: 'redeliver',
  selection: { reason: 'status', organization_id: 3, delivery_ids: [1, 2, 3], endpoint: 'https://a.example' },
  order_key: 'k',
  note: 'after <the outage>',
  by: 'arn:aws:iam::1:user/ann',
  given_at: '2026-11-23T11:00:00.000Z',
  state: 'running',
  matched: 4012,
  done: 1500,
  refused: 2,
  refused_named: [{ delivery_id: 77, because: 'expunged' }],
  per_second: 10,
  last_due_at: null,
  finished_at: null,
  putting_to_rest: false,
  ...changes,
});

const give = (verb: string) => ({
  method: 'POST',
  headers: { origin: bench.origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ verb }).toString(),
});

describe('the orders', () => {
  it('show what, who, when, how far, and what was refused', async () => {
    const { status, body } = await bench.ask('/orders');
    expect(status).toBe(200);
    for (const part of [
      '1,500 of 4,012 brought back to be sent in turn, 2 refused',
      'max="4012" value="1500"',
      'arn:aws:iam::1:user/ann',
      'datetime="2026-11-23T11:00:00.000Z"',
      'after &lt;the outage&gt;',
      '3 named ones',
      'https://a.example',
      '10 a second to each host',
      'href="/deliveries/77"',
      'and 1 more',
    ]) {
      expect(body).toContain(part);
    }
    expect(bench.invoked).toEqual([{ functionName: 'inspect', payload: { action: 'orders', limit: 20 } }]);
  });

  it.each([
    ['replay', 'made anew, to be sent in turn'],
    ['cancel', 'cancelled'],
    ['hold', 'done'],
  ])('say of %s what has become of those it is done with', async (action, words) => {
    const last_due_at = '2026-11-23T11:00:00.000Z';
    bench.answers.inspect = () => ({ ok: true, answer: { orders: [order({ action, last_due_at })], next: null } });
    const { body } = await bench.ask('/orders');
    expect(body).toContain(`1,500 of 4,012 ${words}, 2 refused`);
    expect(body).toMatch(/the last of them due <time[^>]*>[^<]*<\/time> if nothing holds it/);
  });

  it.each([
    ['running', ['pause', 'stop']],
    ['paused', ['continue', 'stop']],
    ['stopped', []],
    ['done', []],
  ])('of one that is %s offer %j', async (state, verbs) => {
    bench.answers.inspect = () => ({ ok: true, answer: { orders: [order({ state })], next: null } });
    const { body } = await bench.ask('/orders');
    expect([...body.matchAll(/name="verb" value="(\w+)"/g)].map(([, verb]) => verb)).toEqual(verbs);
  });

  it.each(['pause', 'continue', 'stop'])('are told to %s', async (verb) => {
    const answer = await bench.ask('/orders/12', give(verb));
    expect(answer).toMatchObject({ status: 303, headers: { location: '/orders/12' } });
    expect(bench.invoked).toEqual([
      { functionName: 'operate', payload: { action: verb, order_id: 12, by: 'console' } },
    ]);
  });

  it.each(['', 'redeliver', 'expunge'])('are told nothing by the verb "%s"', async (verb) => {
    expect(await bench.ask('/orders/12', give(verb))).toMatchObject({ status: 404 });
    expect(bench.invoked).toEqual([]);
  });

  it.each([
    ['running', false, 'brought back to be sent in turn, 2 refused'],
    ['stopped', true, 'brought back to be sent in turn, 2 refused'],
    ['stopped', false, 'brought back and attempted before it was stopped, 2 refused'],
    ['paused', false, 'brought back and attempted before it was paused, 2 refused'],
  ])('that are %s say what has become of what they brought back (putting to rest: %s)', async (state, rests, words) => {
    const answer = { orders: [order({ state, putting_to_rest: rests })], next: null };
    bench.answers.inspect = () => ({ ok: true, answer });
    expect((await bench.ask('/orders')).body).toContain(`1,500 of 4,012 ${words}`);
  });

  it('say that nothing was done where one has ended meanwhile, and how it stands', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { order_id: 12, state: 'done', nothing_done: true } });
    const { status, body } = await bench.ask('/orders/12', give('stop'));
    expect(status).toBe(200);
    expect(body).toContain('Nothing was changed');
    expect(body).toContain('Order <a href="/orders/12">#12</a> is done.');
  });

  it('say why one could not be changed', async () => {
    bench.answers.operate = () => ({ ok: false, errorType: 'OrderNotFound', errorMessage: 'there is no <order>' });
    const { status, body } = await bench.ask('/orders/13', give('stop'));
    expect(status).toBe(404);
    expect(body).toContain('there is no &lt;order&gt;');
  });

  it('go on behind the last of a page, and back to the newest', async () => {
    bench.answers.inspect = () => ({ ok: true, answer: { orders: [order()], next: 12 } });
    expect((await bench.ask('/orders')).body).toContain('href="/orders?after=12"');
    expect((await bench.ask('/orders?after=12')).body).toContain('href="/orders"');
    expect(bench.invoked.at(-1)?.payload).toEqual({ action: 'orders', limit: 20, after: 12 });
    for (const query of ['after=99999999999999999999', 'before=12']) {
      const { status, body } = await bench.ask(`/orders?${query}`);
      expect([query, status, body.includes('data-refresh')]).toEqual([query, 422, false]);
    }
    expect(bench.invoked).toHaveLength(2);
  });

  it('say that there are none, and that they cannot be read', async () => {
    bench.answers.inspect = () => ({ ok: true, answer: { orders: [], next: null } });
    expect((await bench.ask('/orders')).body).toContain('No orders.');
    bench.answers.inspect = () => ({ ok: false, errorType: 'InvokeFailed', errorMessage: 'throttled' });
    const { status, body } = await bench.ask('/orders');
    expect(status).toBe(503);
    expect(body).toContain('throttled');
    expect(body).not.toContain('No orders.');
    expect(await bench.ask('/console/orders.json')).toMatchObject({ status: 503 });
  });

  it('have a page each, which follows it', async () => {
    const { status, body } = await bench.ask('/orders/12');
    expect(status).toBe(200);
    expect(body).toContain('data-refresh="/console/orders/12.json"');
    expect(bench.invoked).toEqual([{ functionName: 'inspect', payload: { action: 'orders', order_id: 12 } }]);
    const refresh = JSON.parse((await bench.ask('/console/orders/12.json')).body);
    expect(body).toContain(refresh.lists[0].children[0].html);
    bench.answers.inspect = () => ({ ok: true, answer: { orders: [], next: null } });
    const none = await bench.ask('/orders/13');
    expect([none.status, none.body]).toEqual([404, expect.stringContaining('There is no such order.')]);
  });

  it('refresh with the same markup as the page', async () => {
    const page = await bench.ask('/orders');
    const refresh = JSON.parse((await bench.ask('/console/orders.json')).body);
    expect(page.body).toContain(refresh.lists[0].children[0].html);
  });
});

it('offers the sweep where operations are, and nowhere else', async () => {
  expect((await bench.ask('/orders')).body).toContain('Sweep now');
  expect((await bench.ask('/send')).body).not.toContain('Sweep now');
});
