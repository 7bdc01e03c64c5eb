// Real: PostgreSQL with the migrations, HTTP over loopback, the demo receiver. Double: the functions, played by the bench.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { demoReceiverPage } from '../../console/demo-receiver-page.ts';
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

describe('sending a test', () => {
  it('offers a run and a node that are new each time', async () => {
    const runOf = async () => /name="workflow_run_id"\s+value="(\d+)"/.exec((await bench.ask('/send')).body)?.[1];
    const [one, other] = [await runOf(), await runOf()];
    expect(one).toMatch(/^\d{10}$/);
    expect(one).not.toBe(other);
  });

  it('invokes enqueue with what was filled in, the payload as written', async () => {
    bench.answers.enqueue = () => ({ ok: true, answer: { delivery_id: 42, created: true, warnings: [] } });
    const answer = await bench.ask(
      '/send',
      form({
        endpoint_url: `${bench.origin}/demo/ok`,
        http_method: 'PUT',
        payload_json: '{"a": 1.0}',
        delay_seconds: '90',
        max_attempts: '3',
        workflow_run_id: '7',
        organization_id: '1',
        webhook_node_id: 'n',
      }),
    );
    expect(answer).toMatchObject({ status: 303, headers: { location: '/deliveries/42' } });
    const [{ functionName, payload } = {}] = bench.invoked;
    expect(functionName).toBe('enqueue');
    expect(payload).toEqual({
      endpoint_url: `${bench.origin}/demo/ok`,
      http_method: 'PUT',
      payload_json: '{"a": 1.0}',
      max_attempts: 3,
      workflow_run_id: 7,
      organization_id: 1,
      webhook_node_id: 'n',
      scheduled_for: expect.stringMatching(/^2026-11-23T12:\d\d:\d\d\.000Z$/),
    });
  });

  it('shows each fault at its field, and what was typed', async () => {
    const errorMessage =
      'endpoint_url: must be absolute; custom_headers[2].value: is odd; workflow_run_id: is <required>';
    bench.answers.enqueue = () => ({ ok: false, errorType: 'InvalidRequest', errorMessage });
    const { status, body } = await bench.ask('/send', form({ endpoint_url: 'nowhere', webhook_node_id: '"><b>' }));
    expect(status).toBe(422);
    expect(body).toContain('id="endpoint_url-fault"><bdi>must be absolute</bdi>');
    expect(body).toContain('id="workflow_run_id-fault"><bdi>is &lt;required&gt;</bdi>');
    expect(body).toContain('custom_headers[2].value: is odd');
    expect(body).toContain('value="nowhere"');
    expect(body).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  it('does not guess at a delay that is no number', async () => {
    const { status, body } = await bench.ask('/send', form({ delay_seconds: 'soon' }));
    expect(status).toBe(422);
    expect(body).toContain('id="delay_seconds-fault"');
    expect(bench.invoked).toEqual([]);
  });

  it('tells a repeated request and warnings', async () => {
    bench.answers.enqueue = () => ({
      ok: true,
      answer: { delivery_id: 42, created: false, warnings: ['it <differs>'] },
    });
    const { body } = await bench.ask('/send', form({}));
    expect(body).toContain('were used before');
    expect(body).toContain('it &lt;differs&gt;');
  });
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
    bench.answers.operate = () => ({ ok: true, answer: { matched: 12, changed: 12 } });
    const done = await bench.ask('/order', form({ ...choice, step: 'order' }));
    expect(done.body).toMatch(/12 of 12 deliveries are/);
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
    bench.answers.operate = () => ({ ok: true, answer: { matched: 12, changed: 9, complete: false } });
    expect((await bench.ask('/order', form({ step: 'order' }))).body).toContain('9 of at least 12');
  });

  it('offers the choice of the list, or all that are dead by now', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/?state=dead_letter&q=host:acme.example&reason=timeout&organization=3');
    expect(body).toContain(
      'href="/order?action=redeliver&amp;status=dead_letter&amp;endpoint_host=acme.example&amp;reason=timeout&amp;organization_id=3"',
    );
    expect((await bench.ask('/order')).body).toMatch(/name="dead_until"[^>]*value="2026-11-23T12:\d\d"/);
  });

  it.each([
    ['run:123', 'workflow_run_id=123'],
    ['7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab', 'delivery_uuid=7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab'],
    ['host:[::1]', 'endpoint_host=%5B%3A%3A1%5D'],
  ])('carries the search for %s over to the order', async (text, query) => {
    const { body } = await bench.ask(`/?state=dead_letter&q=${encodeURIComponent(text)}`);
    expect(body).toContain(`href="/order?action=redeliver&amp;status=dead_letter&amp;${query}"`);
  });

  it.each(['123', 'acme', 'host:a.example:8443', 'run:x', 'run:99999999999999999999', '7d0a2f2e'])(
    'offers no order where the list shows what %s found, because an order cannot choose like that',
    async (text) => {
      const { body } = await bench.ask(`/?state=dead_letter&q=${encodeURIComponent(text)}`);
      expect(body).not.toContain('href="/order?');
      expect(body).toContain('For an order, ');
    },
  );

  it.each([
    ['?state=pending&organization=3', ['cancel']],
    ['?state=succeeded', ['replay', 'expunge']],
    ['?state=dead_letter', ['redeliver', 'dismiss', 'expunge']],
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
    bench.answers.operate = () => ({ ok: true, answer: { matched: 3, changed: 0, complete: true } });
    const choice = { action, organization_id: '3', status: 'dead_letter', note: 'as agreed' };
    const { body } = await bench.ask('/order', form({ ...choice, step: 'count' }));
    const request = { action, organization_id: 3, status: 'dead_letter', note: 'as agreed', by: 'console' };
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([{ ...request, dry_run: true }]);
    const key = /name="order_key" value="(console-[\da-f-]{36})"/.exec(body)?.[1] ?? '';
    await bench.ask('/order', form({ ...choice, order_key: key, step: 'order' }));
    expect(bench.invoked.at(-1)?.payload).toEqual({ ...request, order_key: key });
  });

  it('asks for exactly one run, or one delivery', async () => {
    bench.answers.operate = () => ({ ok: true, answer: { matched: 1, changed: 0 } });
    const uuid = '7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab';
    await bench.ask('/order', form({ workflow_run_id: '123', step: 'count' }));
    await bench.ask('/order', form({ delivery_uuid: uuid, step: 'count' }));
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([
      { action: 'redeliver', workflow_run_id: 123, by: 'console', dry_run: true },
      { action: 'redeliver', delivery_uuids: [uuid], by: 'console', dry_run: true },
    ]);
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

describe('other pages', () => {
  it('shows what the demo receiver got, and how often', async () => {
    const headers = { 'x-dograh-delivery-id': '<i>one</i>' };
    for (let n = 0; n < 2; n++)
      await bench.ask('/demo/fail/1', { method: 'POST', headers, body: '<script>alert(1)</script>' });
    const { body } = await bench.ask('/demo-receiver');
    expect(body).toContain('received 2 times, accepted once');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(body).toContain('&lt;i&gt;one&lt;/i&gt;');
  });

  it('calls a request that is still unanswered neither refused nor failed', () => {
    const waiting = {
      number: 1,
      atMs: NOW,
      method: 'POST',
      path: '/demo/slow/5',
      rawHeaders: [],
      bodyStart: Buffer.alloc(0),
      bodyBytes: 0,
      deliveryId: 'one',
      answer: 'waiting',
    } as const;
    const counts = new Map([['one', { requests: 1, accepted: 0 }]]);
    const { text } = demoReceiverPage({
      choices: [],
      keeps: 1,
      snapshot: () => ({ total: 1, requests: [waiting], counts }),
    });
    expect(text).toContain('<li class="open"');
    expect(text).toMatch(/received once\s*</);
  });

  it('serves its script, style and icon', async () => {
    for (const [name, type] of [
      ['console.js', 'text/javascript; charset=utf-8'],
      ['console.css', 'text/css; charset=utf-8'],
      ['favicon.svg', 'image/svg+xml'],
    ]) {
      const { status, headers } = await bench.ask(`/console/assets/${name}`);
      expect([status, headers['content-type']]).toEqual([200, type]);
    }
    expect(await bench.ask('/console/assets/..%2fhtml.ts')).toMatchObject({ status: 404 });
  });

  it.each(['/', '/send', '/demo-receiver', '/dashboard'])('serves every sheet that %s links', async (path) => {
    const { body } = await bench.ask(path);
    const sheets = [...body.matchAll(/<link rel="stylesheet" href="([^"]+)">/g)].map(([, href = '']) => href);
    expect(sheets).toHaveLength(2);
    for (const href of sheets) {
      expect(await bench.ask(href)).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/css; charset=utf-8' },
      });
    }
  });

  it('says on a page of its own that there is nothing at an address, if a browser asks', async () => {
    const { status, body } = await bench.ask('/delivery/1', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(status).toBe(404);
    expect(body).toContain('There is nothing at this address.');
    expect(body).toContain('href="/"');
  });

  it('leaves paths that are not its own to others', async () => {
    expect(await bench.ask('/2015-03-31/functions')).toMatchObject({ status: 404, body: 'not the console' });
  });

  it('says that there is no dashboard', async () => {
    expect((await bench.ask('/dashboard')).body).toContain('This stack has no dashboard.');
  });
});
