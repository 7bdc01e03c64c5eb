// Real: PostgreSQL with the migrations, HTTP over loopback, the demo receiver. Double: the functions, played by the bench.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleBench, deadLetter, insertDelivery, startConsoleBench, succeeded } from './console-bench.ts';

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
  bench.faults.length = 0;
  for (const name of ['enqueue', 'sweep', 'redeliver'] as const) delete bench.answers[name];
});

const form = (fields: Record<string, string>) => ({
  method: 'POST',
  headers: { origin: bench.origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

async function idsAt(path: string): Promise<string[]> {
  const { body } = await bench.ask(path);
  return [...body.matchAll(/href="\/deliveries\/(\d+)"/g)].map(([, id = '']) => id);
}

async function nextPage(path: string): Promise<string | undefined> {
  const { body } = await bench.ask(path);
  return /rel="next" href="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
}

async function walk(path: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let at: string | undefined = path; at !== undefined; at = await nextPage(at)) pages.push(await idsAt(at));
  return pages;
}

describe('the list', () => {
  it('teaches the first curl where there are no deliveries', async () => {
    const { body } = await bench.ask('/');
    expect(body).toContain('curl --aws-sigv4 aws:amz:us-east-1:lambda');
    expect(body).toContain(`${bench.origin}/2015-03-31/functions/WebhookDelivery-Enqueue-1/invocations`);
  });

  it('shows the newest deliveries first', async () => {
    const first = await insertDelivery(bench.pool);
    const second = await insertDelivery(bench.pool, succeeded());
    expect(await idsAt('/')).toEqual([second, first]);
  });

  it.each([
    ['Due', {}],
    ['Scheduled', { scheduled_for: '2126-01-01T00:00:00Z' }],
    ['Retrying', { scheduled_for: '2126-01-01T00:00:00Z', attempt_count: 1 }],
    ['In flight', { lease_token: '00000000-0000-4000-8000-000000000000', lease_expires_at: '2126-01-01T00:00:00Z' }],
    ['No report', { lease_token: '00000000-0000-4000-8000-000000000000', lease_expires_at: '2026-01-01T00:00:00Z' }],
    ['Succeeded', succeeded()],
    ['Dead letter', deadLetter()],
  ])('says "%s" in words and with a sign', async (label, columns) => {
    await insertDelivery(bench.pool, columns);
    const { body } = await bench.ask('/');
    expect(body).toMatch(new RegExp(`<span class="chip [a-z_]+"><span aria-hidden="true">\\S</span> ${label}</span>`));
  });

  it('counts by state', async () => {
    const lease = { lease_token: '00000000-0000-4000-8000-000000000000', lease_expires_at: '2126-01-01T00:00:00Z' };
    for (let n = 0; n < 2; n++) await insertDelivery(bench.pool, { scheduled_for: '2026-01-02T03:04:05Z' });
    for (let n = 0; n < 3; n++) await insertDelivery(bench.pool, lease);
    for (let n = 0; n < 4; n++) await insertDelivery(bench.pool, { scheduled_for: '2126-01-01T00:00:00Z' });
    for (let n = 0; n < 5; n++) await insertDelivery(bench.pool, succeeded());
    await insertDelivery(bench.pool, succeeded({ updated_at: '2020-01-01T00:00:00Z' }));
    for (let n = 0; n < 6; n++) await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/');
    const numbers = [...body.matchAll(/<dd class="number">([^<]*)/g)].map(([, number]) => number);
    expect(numbers).toEqual(['2', '3', '4', '5', '6']);
    expect(body).toContain('oldest <time datetime="2026-01-02T03:04:05.000Z"');
  });

  it('shows the depth of each queue by its role', async () => {
    const { body } = await bench.ask('/');
    expect(body).toMatch(/title="WebhookDelivery-Delivery-1">\s*delivery\s*<\/th>/);
  });

  it.each(['', '?state=pending', '?state=succeeded', '?state=dead_letter'])(
    'goes through every delivery of "/%s" once, page by page',
    async (query) => {
      // Many share one instant: a page that ended between them must neither repeat nor skip any.
      await bench.pool.query(`
        insert into webhook_deliveries
          (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, status, scheduled_for, updated_at)
        select n, 1, 'node', 'https://receiver.example/', '{}', s.status, case when s.status = 'pending' then at end, at
        from generate_series(1, 360) n,
          lateral (select (array['pending', 'succeeded', 'dead_letter'])[n % 3 + 1]::webhook_delivery_status as status) s,
          lateral (select timestamptz '2026-11-23 12:00:00.123457Z' + n / 90 * interval '1 microsecond' as at) t`);
      const pages = await walk(`/${query}`);
      const expected = query === '' ? 360 : 120;
      expect(pages.map((page) => page.length).slice(0, 2)).toEqual([50, 50]);
      expect(pages.flat()).toHaveLength(expected);
      expect(new Set(pages.flat()).size).toBe(expected);
    },
  );

  it('keeps to its place while newer deliveries come', async () => {
    for (let n = 0; n < 60; n++) await insertDelivery(bench.pool);
    const next = (await nextPage('/')) ?? '';
    const before = await idsAt(next);
    await insertDelivery(bench.pool);
    expect(await idsAt(next)).toEqual(before);
  });

  it('shows pending deliveries in the order they fall due, dead letters the last to die first', async () => {
    const late = await insertDelivery(bench.pool, { scheduled_for: '2026-01-02T00:00:00Z' });
    const early = await insertDelivery(bench.pool, { scheduled_for: '2026-01-01T00:00:00Z' });
    const diedLast = await insertDelivery(bench.pool, deadLetter({ updated_at: '2026-01-02T00:00:00Z' }));
    const diedFirst = await insertDelivery(bench.pool, deadLetter({ updated_at: '2026-01-01T00:00:00Z' }));
    expect(await idsAt('/?state=pending')).toEqual([early, late]);
    expect(await idsAt('/?state=dead_letter')).toEqual([diedLast, diedFirst]);
  });

  it('finds by delivery, run, UUID, host, organization and reason', async () => {
    const uuid = '7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab';
    const wanted = await insertDelivery(
      bench.pool,
      deadLetter({
        delivery_uuid: uuid,
        workflow_run_id: 77_000_000,
        organization_id: 9,
        endpoint_url: 'https://Hooks.acme.example:8443/path',
        dead_letter_reason: 'timeout',
      }),
    );
    await insertDelivery(bench.pool, deadLetter({ endpoint_url: 'https://other.example/acme.example' }));
    for (const query of [
      `q=${wanted}`,
      'q=77000000',
      'q=run:77000000',
      `q=${uuid.toUpperCase()}`,
      'q=acme.example',
      'q=example:8443',
      'organization=9',
      'state=dead_letter&reason=timeout',
      'state=dead_letter&q=ACME.',
    ]) {
      expect([query, await idsAt(`/?${query}`)]).toEqual([query, [wanted]]);
    }
    expect(await idsAt(`/?state=pending&q=${wanted}`)).toEqual([]);
    expect(await idsAt('/?q=run:1')).toEqual([]);
  });

  it.each([
    'q=%00',
    'q=99999999999999999999',
    'q=9223372036854775807',
    "q='",
    'q=%25',
    'after=x',
    'after=1_2_3',
    'state=x',
  ])('takes the odd query ?%s for what it can be', async (query) => {
    await insertDelivery(bench.pool);
    expect(await bench.ask(`/?${query}`)).toMatchObject({ status: 200 });
    expect(bench.faults).toEqual([]);
  });

  it('stops looking after 20,000 deliveries and offers to look further', async () => {
    await bench.pool.query(`
      insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload)
      select n, 1, 'node', 'https://' || case n when 1 then 'needle' else 'hay' end || '.example/', '{}'
      from generate_series(1, 20100) n`);
    const { body } = await bench.ask('/?q=needle');
    expect(body).toContain('Look further');
    const next = (await nextPage('/?q=needle')) ?? '';
    expect(await idsAt('/?q=needle')).toEqual([]);
    expect(await idsAt(next)).toHaveLength(1);
    expect(await nextPage(next)).toBeUndefined();
    // Counts stop as well.
    expect(body).toContain('<dd class="number">10,000+</dd>');
  });

  it('refreshes with the same markup as the page', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const page = await bench.ask('/');
    const refresh = JSON.parse((await bench.ask('/console/deliveries.json')).body);
    expect(refresh.deadLetters).toBe(1);
    expect(page.body).toContain(refresh.lists[0].children[0].html);
  });

  it('says so when the database does not answer', async () => {
    await bench.pool.query('alter table webhook_deliveries rename to elsewhere');
    try {
      const { status, body } = await bench.ask('/');
      expect(status).toBe(503);
      expect(body).not.toContain('webhook_deliveries');
      expect(bench.faults).not.toEqual([]);
    } finally {
      await bench.pool.query('alter table elsewhere rename to webhook_deliveries');
    }
  });
});

describe('one delivery', () => {
  it('shows everything about it', async () => {
    const id = await insertDelivery(
      bench.pool,
      deadLetter({
        webhook_name: 'billing',
        custom_headers: JSON.stringify([{ key: 'X-Idempotency-Key', value: 'abc' }]),
        credential_uuid: '11111111-2222-4333-8444-555555555555',
        payload: '{"id":12345678901234567890}',
        claim_count: 7,
      }),
    );
    await bench.pool.query(
      `insert into webhook_delivery_attempts values
       ($1, 1, '2026-11-23 11:00:00Z', 30012, null, 'timeout', 'no complete response header in time', null),
       ($1, 2, '2026-11-23 11:01:00Z', 98, 404, 'status', 'HTTP 404', 'no such hook')`,
      [id],
    );
    const { body } = await bench.ask(`/deliveries/${id}`);
    for (const text of [
      'billing',
      'X-Idempotency-Key',
      '11111111-2222-4333-8444-555555555555',
      'HTTP 404',
      'no such hook',
    ]) {
      expect(body).toContain(text);
    }
    expect(body).toContain('took 30.0 s');
    expect(body).toContain('7, 2 without an attempt charged');
    // A number beyond 2^53 stays as it is sent.
    expect(body).toContain('12345678901234567890');
    expect(body.indexOf('HTTP 404')).toBeLessThan(body.indexOf('no complete response'));
  });

  it.each([
    ['attempt 1 of 5 waits for a worker', {}],
    ['attempt 3 of 5.', { attempt_count: 2, scheduled_for: '2126-01-01T00:00:00Z' }],
    ['a sweep shortly before hands it out', { awaits_hand_out: true, scheduled_for: '2126-01-01T00:00:00Z' }],
    ['Redeliver', deadLetter()],
    ['the receiver may have got it', deadLetter({ dead_letter_reason: 'outcome_unknown' })],
    ['Delivered by attempt 2', succeeded({ attempt_count: 2 })],
    ['recorded late', succeeded({ succeeded_late: true })],
  ])('says what happens next: %s', async (words, columns) => {
    const id = await insertDelivery(bench.pool, columns);
    expect((await bench.ask(`/deliveries/${id}`)).body).toContain(words);
  });

  it('tells a lease that is held from one that ran out', async () => {
    const token = { lease_token: '00000000-0000-4000-8000-000000000000', attempt_count: 5 };
    const held = await insertDelivery(bench.pool, { ...token, lease_expires_at: '2126-01-01T00:00:00Z' });
    const ranOut = await insertDelivery(bench.pool, { ...token, lease_expires_at: '2026-01-01T00:00:00Z' });
    expect((await bench.ask(`/deliveries/${held}`)).body).toContain('Attempt 5 of 5 is in flight, leased until');
    expect((await bench.ask(`/deliveries/${ranOut}`)).body).toContain('the next sweep buries it');
  });

  it('shows 16 KiB of a payload and serves the whole as plain text', async () => {
    const payload = JSON.stringify({ text: 'ü'.repeat(20_000), end: 'last words' });
    const id = await insertDelivery(bench.pool, { payload });
    const shown = (await bench.ask(`/deliveries/${id}`)).body;
    expect(shown).not.toContain('last words');
    const whole = await bench.ask(`/deliveries/${id}/payload`);
    expect(whole.body).toBe(payload);
    expect(whole.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('shows a payload of a thousand levels as it is', async () => {
    const payload = `${'['.repeat(1000)}${']'.repeat(1000)}`;
    const id = await insertDelivery(bench.pool, { payload });
    expect((await bench.ask(`/deliveries/${id}`)).body).toContain(payload);
  });

  it.each(['/deliveries/1', '/deliveries/99999999999999999999', '/deliveries/1/payload', '/console/deliveries/1.json'])(
    'is not found at %s',
    async (path) => {
      expect(await bench.ask(path)).toMatchObject({ status: 404 });
    },
  );
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
    expect(bench.invoked).toEqual([{ functionName: 'redeliver', payload: { delivery_ids: [Number(id)] } }]);
  });

  it('says why one was not redelivered', async () => {
    bench.answers.redeliver = () => ({ ok: false, errorType: 'NotADeadLetter', errorMessage: 'delivery 1 is pending' });
    const { status, body } = await bench.ask('/deliveries/1/redeliver', form({}));
    expect(status).toBe(422);
    expect(body).toContain('delivery 1 is pending');
  });

  it('counts before it redelivers many', async () => {
    bench.answers.redeliver = () => ({ ok: true, answer: { matched: 12, redelivered: 0 } });
    const choice = {
      reason: 'status',
      endpoint_host: 'a.example',
      organization_id: '3',
      dead_since: '2026-11-01T00:00',
    };
    const counted = await bench.ask('/redeliver', form({ ...choice, step: 'count' }));
    expect(counted.body).toContain('Redeliver 12');
    bench.answers.redeliver = () => ({ ok: true, answer: { matched: 12, redelivered: 12 } });
    const done = await bench.ask('/redeliver', form({ ...choice, step: 'redeliver' }));
    expect(done.body).toMatch(/12 of 12 dead letters are/);
    const request = {
      reason: 'status',
      endpoint_host: 'a.example',
      organization_id: 3,
      dead_since: '2026-11-01T00:00:00.000Z',
    };
    expect(bench.invoked.map(({ payload }) => payload)).toEqual([{ ...request, dry_run: true }, request]);
  });

  it('offers the choice of the list, or all that are dead by now', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/?state=dead_letter&q=acme.example&reason=timeout');
    expect(body).toContain('href="/redeliver?endpoint_host=acme.example&amp;reason=timeout"');
    expect((await bench.ask('/redeliver')).body).toMatch(/name="dead_until"[^>]*value="2026-11-23T12:\d\d"/);
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

  it('leaves paths that are not its own to others', async () => {
    expect(await bench.ask('/2015-03-31/functions')).toMatchObject({ status: 404, body: 'not the console' });
  });

  it('says that there is no dashboard', async () => {
    expect((await bench.ask('/dashboard')).body).toContain('This stack has no dashboard.');
  });
});
