// Real: the rules of inspect and its statements, PostgreSQL, HTTP over loopback, the demo receiver. Doubles: the other functions,
// played by the bench.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleBench, deadLetter, insertDelivery, startConsoleBench, succeeded } from './console-world.ts';

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
    const { body } = await bench.ask(`/deliveries/${id}?include=payload`);
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
    ['waits for a worker: attempt 1 of 5.', {}],
    ['attempt 3 of 5.', { attempt_count: 2, scheduled_for: '2126-01-01T00:00:00Z' }],
    ['a sweep hands it out shortly before', { awaits_hand_out: true, scheduled_for: '2126-01-01T00:00:00Z' }],
    ['Redeliver', deadLetter()],
    ['the receiver may have got it', deadLetter({ dead_letter_reason: 'outcome_unknown' })],
    [
      'The receiver refused it for good with 404: there is nothing at this URL.',
      deadLetter({ dead_letter_reason: 'status', last_status_code: 404 }),
    ],
    ['the last answer was 503', deadLetter({ dead_letter_reason: 'status', last_status_code: 503, attempt_count: 5 })],
    [
      'The receiver answered 302: a redirect to https://www.example.org;',
      deadLetter({
        dead_letter_reason: 'status',
        last_status_code: 302,
        last_error:
          'status 302: a redirect to https://www.example.org; redirects are not followed, the URL must be changed',
      }),
    ],
    ['It was delivered by attempt 2', succeeded({ attempt_count: 2 })],
    ['Its success was reported late', succeeded({ succeeded_late: true })],
  ])('says what happens next: %s', async (words, columns) => {
    const id = await insertDelivery(bench.pool, columns);
    expect((await bench.ask(`/deliveries/${id}`)).body).toContain(words);
  });

  it('says of any dead letter, on its page and in the list, when an earlier attempt never reported', async () => {
    const id = await insertDelivery(bench.pool, deadLetter({ attempt_count: 3, dead_letter_reason: 'status' }));
    await bench.pool.query(
      `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, error_class, error)
       values ($1, 1, now(), 'outcome_unknown', ''), ($1, 2, now(), 'outcome_unknown', ''), ($1, 3, now(), 'status', '')`,
      [id],
    );
    const { body } = await bench.ask(`/deliveries/${id}`);
    expect(body).toContain('The receiver may have got it all the same: attempt 1, 2 never reported.');
    expect((await bench.ask('/')).body).toContain('outcome_unknown before');
    expect((await bench.ask(`/?q=${id}`)).body).toContain('outcome_unknown before');
  });

  it('says nothing of the kind where every attempt reported', async () => {
    const id = await insertDelivery(bench.pool, deadLetter({ attempt_count: 1, dead_letter_reason: 'status' }));
    expect((await bench.ask(`/deliveries/${id}`)).body).not.toContain('may have got it');
    expect((await bench.ask('/')).body).not.toContain('outcome_unknown before');
  });

  it('shows its ordering key and leads to the others of it, whom it waits behind and who waits behind it', async () => {
    const first = await insertDelivery(
      bench.pool,
      deadLetter({ ordering_key: 'order <7>', ordering_on_dead_letter: 'hold' }),
    );
    const second = await insertDelivery(bench.pool, { ordering_key: 'order <7>' });
    const other = await insertDelivery(bench.pool, { ordering_key: 'order 8' });
    const { body } = await bench.ask(`/deliveries/${second}`);
    expect(body).toContain(`It waits behind delivery <a href="/deliveries/${first}">${first}</a> of its ordering key`);
    expect(body).toContain('the next of its key goes');
    const [, link = ''] = /<dt>Ordering key<\/dt>\s*<dd><a href="([^"]*)"/.exec(body) ?? [];
    const listed = (await bench.ask(link.replaceAll('&amp;', '&'))).body;
    expect([first, second, other].map((id) => listed.includes(`"/deliveries/${id}"`))).toEqual([true, true, false]);
    const holding = (await bench.ask(`/deliveries/${first}`)).body;
    expect(holding).toMatch(/<dt>Wait behind it<\/dt>\s*<dd>1<\/dd>/);
    expect(holding).toContain('the others of its key wait');
    expect(holding).toContain('order &lt;7&gt;');
  });

  it.each([
    ['longer than a search', 'k'.repeat(255)],
    ['ending in a blank', 'order 7 '],
  ])('shows an ordering key that no link can hold, %s, as it is', async (_, key) => {
    const id = await insertDelivery(bench.pool, { ordering_key: key });
    expect((await bench.ask(`/deliveries/${id}`)).body).toMatch(
      new RegExp(`<dt>Ordering key</dt>\\s*<dd><code><bdi>${key}</bdi></code></dd>`),
    );
  });

  it('says nothing of keys where it has none', async () => {
    const id = await insertDelivery(bench.pool);
    expect((await bench.ask(`/deliveries/${id}`)).body).not.toContain('Ordering key');
  });

  it('shows the instants of its attempts to the millisecond', async () => {
    const id = await insertDelivery(bench.pool, succeeded());
    await bench.pool.query(
      `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, status_code)
       values ($1, 1, '2026-11-23 11:00:00.123Z', 200)`,
      [id],
    );
    expect((await bench.ask(`/deliveries/${id}`)).body).toContain('>2026-11-23 11:00:00.123 UTC</time>');
  });

  it('shows payload, header values and the query only to whoever asks for them', async () => {
    const id = await insertDelivery(bench.pool, {
      endpoint_url: 'https://receiver.example/hook?token=SECRET',
      custom_headers: JSON.stringify([{ key: 'X-Tenant', value: 'SECRET' }]),
      payload: '{"name":"SECRET"}',
    });
    for (const path of [`/deliveries/${id}`, `/console/deliveries/${id}.json`]) {
      const { body } = await bench.ask(path);
      expect(body).toContain('/hook');
      expect(body).not.toContain('SECRET');
    }
    const { body } = await bench.ask(`/deliveries/${id}?include=payload`);
    expect(body.match(/SECRET/g)).toHaveLength(3);
  });

  it.each([
    ['pending', {}, ['cancel', 'expunge']],
    ['succeeded', succeeded(), ['replay', 'expunge']],
    ['dead', deadLetter(), ['replay', 'dismiss', 'expunge']],
    ['dead and erased', deadLetter({ expunged_at: '2026-11-23T11:00:00Z' }), []],
    [
      'dead because an operator cancelled it',
      deadLetter({ dead_letter_reason: 'cancelled' }),
      ['redeliver', 'replay', 'dismiss', 'expunge'],
    ],
  ])('offers of one that is %s what can be done with it', async (_, columns, actions) => {
    const id = await insertDelivery(bench.pool, columns);
    const { body } = await bench.ask(`/deliveries/${id}`);
    const links = [...body.matchAll(/href="\/order\?action=(\w+)&amp;delivery_ids=(\d+)/g)].map(([, action, of]) => [
      action,
      of,
    ]);
    expect(links).toEqual(actions.map((action) => [action, id]));
  });

  it('says how to get there again, and promises no colleague an address of this machine', async () => {
    const id = await insertDelivery(bench.pool);
    const { body } = await bench.ask(`/deliveries/${id}`);
    expect(body).toContain(`data-copy="${bench.origin}/deliveries/${id}"`);
    expect(body).toContain(`data-copy="surehook show ${id} --data-dir &#39;/tmp/new comer/.surehook&#39;"`);
    expect(body).toContain('Nobody else can open it.');
    expect(body).not.toContain('For a colleague');
  });

  it('does not say of a held one that it is looked at in a year', async () => {
    const id = await insertDelivery(bench.pool, {
      held_by: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f',
      held_for: 'stopped',
      held_due_at: '2026-11-23T11:00:00Z',
      scheduled_for: '2127-11-23T11:00:00Z',
    });
    expect((await bench.ask(`/deliveries/${id}`)).body).toMatch(
      /<dt>Due, but held<\/dt>\s*<dd><time datetime="2026-11-23T11/,
    );
    expect((await bench.ask('/?state=pending')).body).toMatch(
      /<span class="word">due<\/span> <time datetime="2026-11-23T11/,
    );
  });

  it('says that a trace has a state, and shows that only where header values are shown', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const id = await insertDelivery(bench.pool, succeeded({ traceparent, tracestate: 'who=ada' }));
    const exchange = {
      request: {
        method: 'POST',
        headers: [{ name: 'tracestate', of: 'request' }],
        more_headers: 0,
        body_bytes: 2,
        written: 'whole',
      },
      phases_ms: {},
    };
    await bench.pool.query(
      `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, status_code, exchange)
       values ($1, 1, '2026-11-23 11:00:00Z', 200, $2)`,
      [id, exchange],
    );
    const { body } = await bench.ask(`/deliveries/${id}`);
    expect(body).toContain(`<code>${traceparent}</code>, with a tracestate`);
    expect(body).toContain('not shown');
    expect(body).not.toContain('who=ada');
  });

  it('shows where the time of an attempt went, what was sent and answered, and a command to copy', async () => {
    const id = await insertDelivery(
      bench.pool,
      succeeded({
        endpoint_url: "https://receiver.example/it's?token=SECRET",
        custom_headers: JSON.stringify([{ key: 'X-Tenant', value: 'acme' }]),
        payload: '{"name":"Ada"}',
      }),
    );
    const exchange = {
      request: {
        method: 'POST',
        headers: [
          { name: 'content-type', value: 'application/json' },
          { name: 'X-Tenant', of: 'custom' },
          { name: 'webhook-signature', of: 'signature' },
          { name: 'authorization', of: 'credential' },
        ],
        more_headers: 2,
        body_bytes: 14,
        written: 'whole',
      },
      connection: { kept: false, family: 'IPv6', reach: 'public', tls: 'TLSv1.3', client_certificate: true },
      response: { headers: ['content-type', '<b>'], more_headers: 0, body_bytes: 5_000, complete: false },
      phases_ms: { resolve: 1.5, connect: 3, tls: 20.2, first_byte: 75, body: 0.3 },
    };
    await bench.pool.query(
      `insert into webhook_delivery_attempts (delivery_id, attempt, started_at, duration_ms, status_code, exchange)
       values ($1, 1, '2026-11-23 11:00:00Z', 100, 200, $2), ($1, 2, '2026-11-23 11:01:00Z', 200, 200, null)`,
      [id, exchange],
    );
    const { body } = await bench.ask(`/deliveries/${id}`);
    for (const part of [
      'POST with 14 bytes of body; all of it was written',
      'of the credential',
      `First save <a href="/deliveries/${id}/payload" download="payload.json">its payload</a>`,
      'and 2 more headers',
      'a new one, to a public IPv6 address, TLSv1.3, with a client certificate',
      '--cert client-certificate.pem --key client-key.pem',
      '200, 5,000 bytes of body, not read to its end',
      'content-type, &lt;b&gt;',
      'TLS 20 ms',
      'name 1.5 ms',
      // Half as long as the longest one.
      '<rect class="phase-first_byte" x="12.35" y="0" width="37.50" height="8"/>',
      '<rect class="phase-all" x="0.00" y="0" width="100.00" height="8"/>',
      'authorization: &lt;from the credential&gt;',
      '--data-binary @payload.json',
      '&lt;its query&gt;',
    ]) {
      expect(body).toContain(part);
    }
    expect(body).not.toMatch(/SECRET|acme|Ada/);
    const whole = await bench.ask(`/deliveries/${id}?include=payload`);
    expect(whole.body).toContain('--data-raw &#39;{&quot;name&quot;:&quot;Ada&quot;}&#39;');
    expect(whole.body).toContain('X-Tenant: acme');
    expect(whole.body).toContain(
      JSON.parse((await bench.ask(`/console/deliveries/${id}.json?include=payload`)).body).lists[0].children[0].html,
    );
  });

  it('tells a lease that is held from one that ran out', async () => {
    const token = { lease_token: '00000000-0000-4000-8000-000000000000', attempt_count: 5 };
    const held = await insertDelivery(bench.pool, { ...token, lease_expires_at: '2126-01-01T00:00:00Z' });
    const ranOut = await insertDelivery(bench.pool, { ...token, lease_expires_at: '2026-01-01T00:00:00Z' });
    expect((await bench.ask(`/deliveries/${held}`)).body).toContain('Attempt 5 of 5 is under way');
    expect((await bench.ask(`/deliveries/${ranOut}`)).body).toContain('the next sweep ends it');
  });

  it('shows 16 KiB of a payload and serves the whole as plain text', async () => {
    const payload = JSON.stringify({ text: 'ü'.repeat(20_000), end: 'last words' });
    const id = await insertDelivery(bench.pool, { payload });
    const shown = (await bench.ask(`/deliveries/${id}?include=payload`)).body;
    expect(shown).toContain('the first 16,384 characters are here');
    expect(shown).not.toContain('last words');
    const whole = await bench.ask(`/deliveries/${id}/payload`);
    expect(whole.body).toBe(payload);
    expect(whole.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('shows a payload of a thousand levels as it is', async () => {
    const payload = `${'['.repeat(1000)}${']'.repeat(1000)}`;
    const id = await insertDelivery(bench.pool, { payload });
    expect((await bench.ask(`/deliveries/${id}?include=payload`)).body).toContain(payload);
  });

  it.each(['/deliveries/1', '/deliveries/99999999999999999999', '/deliveries/1/payload', '/console/deliveries/1.json'])(
    'is not found at %s',
    async (path) => {
      expect(await bench.ask(path)).toMatchObject({ status: 404 });
    },
  );
});
