// Real: the rules of inspect and its statements, PostgreSQL, HTTP over loopback, the demo receiver. Doubles: the other functions,
// played by the bench.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleBench, deadLetter, insertDelivery, startConsoleBench } from './console-world.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

let bench: ConsoleBench;
beforeAll(async () => {
  // Turned on with every test, so that the shared look at the backlog is never an old one.
  let nowMs = NOW;
  bench = await startConsoleBench({ nowMs: () => (nowMs += 1000) });
});
afterAll(async () => bench.close());
beforeEach(async () => {
  await bench.pool.query('truncate webhook_deliveries, webhook_delivery_attempts');
  bench.invoked.length = 0;
  for (const name of ['enqueue', 'sweep', 'inspect', 'operate'] as const) delete bench.answers[name];
});

const form = (fields: Record<string, string>) => ({
  method: 'POST',
  headers: { origin: bench.origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

describe('redelivering and sweeping', () => {
  it('redelivers one dead letter', async () => {
    const id = await insertDelivery(bench.pool, deadLetter());
    const answer = await bench.ask(`/deliveries/${id}/redeliver`, form({}));
    expect(answer).toMatchObject({ status: 303, headers: { location: `/deliveries/${id}` } });
    expect(bench.invoked).toEqual([
      { functionName: 'operate', payload: { action: 'redeliver', delivery_ids: [Number(id)], by: 'console' } },
    ]);
  });

  it('says why one was not redelivered', async () => {
    bench.answers.operate = () => ({ ok: false, errorType: 'InvalidRequest', errorMessage: 'delivery 1 is pending' });
    const { status, body } = await bench.ask('/deliveries/1/redeliver', form({}));
    expect(status).toBe(422);
    expect(body).toContain('delivery 1 is pending');
  });

  it('counts before it redelivers many', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 12, changed: 0 } });
    const choice = {
      reason: 'status',
      endpoint_host: 'a.example',
      organization_id: '3',
      dead_since: '2026-11-01T00:00',
    };
    const counted = await bench.ask('/order', form({ ...choice, step: 'count' }));
    expect(counted.body).toContain('Redeliver 12');
    bench.answers.operate = () => ({ ok: true, answer: { matched: 12, changed: 12, order_id: 5 } });
    const done = await bench.ask('/order', form({ ...choice, step: 'order' }));
    expect(done).toMatchObject({ status: 303, headers: { location: '/orders/5' } });
    const request = {
      reason: 'status',
      endpoint_host: 'a.example',
      organization_id: 3,
      dead_since: '2026-11-01T00:00:00.000Z',
    };
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([
      { action: 'redeliver', by: 'console', ...request, dry_run: true },
      { action: 'redeliver', by: 'console', ...request },
    ]);
  });

  it('says of a count that ran out of time that there are at least so many', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 12, changed: 0, complete: false } });
    expect((await bench.ask('/order', form({ step: 'count' }))).body).toContain('at least 12');
    bench.answers.operate = () => ({ ok: true, answer: { matched: 0, changed: 0, complete: false } });
    expect((await bench.ask('/order', form({ step: 'count' }))).body).not.toContain('No delivery matches');
  });

  it('offers the choice of the list, or all that stand', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/?state=dead_letter&q=host:acme.example&reason=timeout&organization=3');
    expect(body).toContain(
      'href="/order?action=redeliver&amp;status=dead_letter&amp;organization_id=3&amp;reason=timeout&amp;endpoint_host=acme.example"',
    );
    expect((await bench.ask('/order')).body).toMatch(/<option value="true"\s+selected>not: dead letters that stand/);
    expect(bench.invoked).toEqual([]);
  });

  it.each([
    ['run:123', 'workflow_run_id=123'],
    ['7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab', 'delivery_uuids=7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab'],
    ['host:[::1]', 'endpoint_host=%5B%3A%3A1%5D'],
    ['acme.example:8443', 'endpoint_host=acme.example%3A8443'],
    ['node: a b', 'webhook_node_id=a+b'],
    ['https://a.example/x', 'endpoint_url=https%3A%2F%2Fa.example%2Fx'],
  ])('carries the search for %s over to the order', async (text, query) => {
    const { body } = await bench.ask(`/?state=dead_letter&q=${encodeURIComponent(text)}`);
    expect(body).toContain(`href="/order?action=redeliver&amp;status=dead_letter&amp;${query}"`);
  });

  it('offers an order of those that stand, and of a time, as the list shows them', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/?state=dead_letter&standing=1&since=24h&until=2026-11-23T11:00:00Z');
    expect(body).toMatch(
      /href="\/order\?action=redeliver&amp;status=dead_letter&amp;standing=true&amp;dead_since=2026-11-22T12%3A\d\d%3A\d\d.000Z&amp;dead_until=2026-11-23T11%3A00%3A00.000Z"/,
    );
  });

  it.each([
    'state=dead_letter&q=123',
    'state=pending&phase=held',
    'state=pending&held_by=7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab',
  ])('offers no order where the list shows /?%s, because an order cannot choose like that', async (query) => {
    const { body } = await bench.ask(`/?${query}`);
    expect(body).not.toContain('href="/order?');
    expect(body).toMatch(/[Ff]or an order, /);
  });

  it.each(['run:x', 'run:99999999999999999999', 'a b', 'url:nowhere'])(
    'offers no order where nothing can be found by "%s"',
    async (text) => {
      const { status, body } = await bench.ask(`/?state=dead_letter&q=${encodeURIComponent(text)}`);
      expect(status).toBe(422);
      expect(body).toContain('InvalidRequest');
      expect(body).not.toContain('href="/order?');
    },
  );

  it.each([
    ['?state=pending&organization=3', ['cancel']],
    ['?state=succeeded', ['replay', 'expunge']],
    ['?state=dead_letter', ['redeliver', 'replay', 'dismiss', 'expunge']],
    ['?q=run:123', ['expunge']],
    ['', []],
  ])('offers for the list "/%s" what can be done with it: %j', async (query, actions) => {
    await insertDelivery(bench.pool);
    const { body } = await bench.ask(`/${query}`);
    expect([...body.matchAll(/href="\/order\?action=(\w+)/g)].map(([, action]) => action)).toEqual(actions);
  });

  it('takes an action that it does not know for no other', async () => {
    expect(await bench.ask('/order', form({ action: 'toString', step: 'order' }))).toMatchObject({ status: 404 });
    expect(bench.invoked).toEqual([]);
  });

  it.each(['redeliver', 'replay', 'dismiss', 'cancel', 'expunge'])('counts before it can %s many', async (action) => {
    bench.answers.operate = () => ({
      ok: true,
      answer: { matched: 3, changed: 0, complete: true, dismissed: 2, expunged: 1 },
    });
    const choice = { action, organization_id: '3', status: 'dead_letter', note: 'as agreed' };
    const { body } = await bench.ask('/order', form({ ...choice, step: 'count' }));
    const request = { action, organization_id: 3, status: 'dead_letter', note: 'as agreed', by: 'console' };
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([{ ...request, dry_run: true }]);
    expect(body.replaceAll(/<[^>]+>|\s+/g, ' ').replaceAll(/ +/g, ' ')).toContain(
      'Of these 2 dismissed as dealt with, 1 erased',
    );
    const key = /name="order_key" value="(console-[\da-f-]{36})"/.exec(body)?.[1] ?? '';
    await bench.ask('/order', form({ ...choice, order_key: key, step: 'order' }));
    expect(bench.invoked.at(-1)?.payload).toEqual({ ...request, order_key: key });
  });

  it.each([
    ['redeliver', 'Attempts already made stay counted'],
    ['replay', 'To bring dead letters themselves back, redeliver them'],
    ['dismiss', 'Nothing is sent'],
    ['cancel', 'Whether they are due now, later or held'],
    ['expunge', 'Nothing erased can be sent again'],
  ])('says what it means to %s, where it is confirmed, and nothing of the others', async (action, words) => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 3, changed: 0, complete: true } });
    const { body } = await bench.ask(`/order?action=${action}&organization_id=3`);
    expect(body).toContain(words);
    expect(body).not.toContain('First count them');
    expect(body.match(/Attempts already made stay counted/g)?.length ?? 0).toBe(action === 'redeliver' ? 1 : 0);
    // Where nothing is chosen yet, each is explained.
    expect((await bench.ask('/order')).body).toContain(words);
  });

  it('leads from a redelivery that may take back what was dismissed to those that stand', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 60, changed: 0, complete: true } });
    const link = async (query: string) =>
      /href="([^"]*)">Count only those that stand</.exec((await bench.ask(`/order?${query}`)).body)?.[1];
    expect(await link('action=redeliver&organization_id=11&dead_since=2026-11-23T11:00:00Z')).toBe(
      '/order?action=redeliver&amp;organization_id=11&amp;dead_since=2026-11-23T11%3A00%3A00.000Z&amp;standing=true',
    );
    for (const others of ['standing=true', 'reason=cancelled', 'delivery_ids=1']) {
      expect(await link(`action=redeliver&${others}`)).toBeUndefined();
    }
    expect(await link('action=dismiss&organization_id=11')).toBeUndefined();
  });

  it('says whom else an order for all pending ones would concern than those due later', async () => {
    const { body } = await bench.ask('/?state=pending&phase=later');
    expect(body).toContain(
      'One for all pending ones would also concern those that are due now, in flight, behind another, held.',
    );
  });

  it('asks for exactly one run, or one delivery', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 1, changed: 0 } });
    const uuid = '7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab';
    await bench.ask('/order', form({ workflow_run_id: '123', step: 'count' }));
    await bench.ask('/order', form({ delivery_uuids: uuid, step: 'count' }));
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([
      { action: 'redeliver', workflow_run_id: 123, by: 'console', dry_run: true },
      { action: 'redeliver', delivery_uuids: [uuid], by: 'console', dry_run: true },
    ]);
  });

  it('counts what was ticked, and orders exactly that', async () => {
    bench.answers.operate = () => ({
      ok: true,
      answer: { matched: 2, changed: 0, refused: [{ delivery_id: 9, because: 'pending' }], complete: true },
    });
    const ticked = new URLSearchParams([
      ['step', 'count'],
      ['id', '7'],
      ['id', '8'],
      ['id', '9'],
      ['action', 'dismiss'],
    ]);
    const { body } = await bench.ask('/order', { ...form({}), body: ticked.toString() });
    expect(body).toContain('Dismiss 2');
    expect(body).toMatch(/1 left out[\s\S]*href="\/deliveries\/9"[\s\S]*pending/);
    expect(body).toContain('name="delivery_ids" value="7,8,9"');
    expect(bench.invoked.at(-1)?.payload).toEqual({
      action: 'dismiss',
      delivery_ids: [7, 8, 9],
      by: 'console',
      dry_run: true,
    });
    await bench.ask('/order', form({ action: 'dismiss', delivery_ids: '7,8,9', step: 'order' }));
    expect(bench.invoked.at(-1)?.payload).toEqual({ action: 'dismiss', delivery_ids: [7, 8, 9], by: 'console' });
  });

  it('counts at once what a link chooses, and changes nothing by it', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 3, changed: 0, complete: true } });
    const { body } = await bench.ask('/order?action=replay&organization_id=3&created_since=2h&per_second=5');
    expect(body).toContain('Replay 3');
    expect(bench.invoked).toEqual([
      {
        functionName: 'operate',
        payload: expect.objectContaining({ action: 'replay', organization_id: 3, per_second: 5, dry_run: true }),
      },
    ]);
    // What is confirmed is what was counted, however long somebody thinks about it.
    expect(body).toMatch(/name="created_since" value="2026-11-23T10:\d\d:\d\d\.\d{3}Z"/);
    expect(body).toMatch(/name="per_second"\s+value="5"/);
  });

  it.each([
    ['organisation=13', 'organisation: there is no such field'],
    ['organization_id=1&organization_id=2', 'organization_id: is given 2 times'],
    ['id=1&id=x', 'id: must be the number of a delivery'],
  ])('neither counts nor orders by what it does not understand: %s', async (query, words) => {
    const ordered = { ...form({}), body: `action=expunge&step=order&${query}` };
    for (const answer of [await bench.ask(`/order?${query}`), await bench.ask('/order', ordered)]) {
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(words);
      expect(answer.body).not.toContain('value="order"');
    }
    expect(bench.invoked).toEqual([]);
  });

  it('neither takes a mistyped action for another, nor part of a list for the list', async () => {
    const mistyped = await bench.ask('/order?action=exunge&organization_id=1');
    expect([mistyped.status, mistyped.body]).toEqual([
      422,
      expect.stringContaining('action: must be one of redeliver'),
    ]);
    const long = await bench.ask(
      '/order',
      form({ action: 'expunge', delivery_ids: '11,'.repeat(14_000), step: 'order' }),
    );
    expect([long.status, long.body]).toEqual([422, expect.stringContaining('delivery_ids: is too long')]);
    expect(bench.invoked).toEqual([]);
  });

  it('keeps the form and says what is wrong where an order is refused', async () => {
    bench.answers.operate = () => ({ ok: false, errorType: 'InvalidRequest', errorMessage: 'note: is <too long>' });
    const { status, body } = await bench.ask('/order', form({ organization_id: '3', step: 'order' }));
    expect(status).toBe(422);
    expect(body).toContain('note: is &lt;too long&gt;');
    expect(body).toMatch(/name="organization_id"\s+value="3"/);
  });

  it('sweeps now', async () => {
    bench.answers.sweep = () => ({ ok: true, answer: { put_back: 3, buried: 1 } });
    const { body } = await bench.ask('/console/sweep', form({}));
    expect(body).toContain('put back: 3, buried: 1');
    const { headers, ...rest } = form({});
    const inPlace = await bench.ask('/console/sweep', { ...rest, headers: { ...headers, accept: 'application/json' } });
    expect(JSON.parse(inPlace.body)).toEqual({ ok: true, message: 'Swept. put back: 3, buried: 1' });
  });
});

describe('an address that cannot be understood', () => {
  it.each([
    ['since=yesterday', 'since: must be a time'],
    ['state=dead_letter&since=1+day', 'since: must be a time'],
    ['until=18:00', 'until: must be a time'],
    ['since=2h&until=26.11.2026', 'until: must be a time'],
    ['since=2026-02-31', 'since: must be a time'],
    ['since=2026-02-31T00:00:00Z', 'since: must be a time'],
    ['since=999999999d', 'since: must be a time'],
    ['organization=abc', 'organization: must be the number'],
    ['organisation=13', 'organisation: there is no such field'],
    ['organization=1&organization=2', 'organization: is given 2 times'],
    ['state=dead', '<bdi>state: must be one of pending, succeeded, dead_letter. Nothing'],
    ['reason=status', 'reason: must be the name of a reason, of state=dead_letter'],
    ['state=dead_letter&reason=foo', 'reason: must be one of'],
    ['phase=due', 'phase: must be one of due'],
    ['state=dead_letter&standing=yes', 'standing: must be 1'],
    ['state=pending&held_by=x', 'held_by: must be'],
    ['after=1_2_3', 'after: must be'],
    [`q=${'x'.repeat(201)}`, 'q: must have at most 200 characters'],
    ['q=%00', 'q: must have at most 200 characters, no NUL'],
  ])('says what of /?%s it does not understand, and shows and offers nothing', async (query, words) => {
    await insertDelivery(bench.pool, deadLetter());
    const { status, body } = await bench.ask(`/?${query}`);
    expect(status).toBe(422);
    expect(body).toContain(words);
    for (const part of ['href="/order?', 'action="/order"', 'href="/deliveries/', 'data-refresh']) {
      expect(body).not.toContain(part);
    }
    for (const path of ['/console/deliveries.json', '/concerned']) {
      expect([path, (await bench.ask(`${path}?${query}`)).status]).toEqual([path, 422]);
    }
    expect(bench.faults).toEqual([]);
  });

  it('keeps what was typed where it can be mended', async () => {
    const { body } = await bench.ask('/?state=dead_letter&organization=abc&since=yesterday&until=fooZ');
    expect(body).toMatch(/name="organization"[^>]*value="abc"/);
    expect(body).toMatch(/name="since"[^>]*value="yesterday"/);
    expect(body).toContain('href="/?state=pending&amp;since=yesterday&amp;until=fooZ&amp;organization=abc"');
  });
});
