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
  bench.faults.length = 0;
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
    await insertDelivery(bench.pool, succeeded({ created_at: '2020-01-01T00:00:00Z' }));
    for (let n = 0; n < 6; n++) await insertDelivery(bench.pool, deadLetter());
    const { body } = await bench.ask('/');
    const tiles = [...body.matchAll(/<dt>([^<]*)<\/dt>\s*<dd class="number">\s*<a href="([^"]*)"[^>]*>([^<]*)/g)];
    expect(tiles.map(([, label, , number]) => [label, number?.trim()])).toEqual([
      ['Due now', '2'],
      ['In flight', '3'],
      ['Due later', '4'],
      ['Held', '0'],
      ['Succeeded', '5'],
      ['Dead letters', '6'],
    ]);
    // Each leads to the list that it counts.
    for (const [, , link = '', number] of tiles) {
      expect([link, (await idsAt(link.replaceAll('&amp;', '&'))).length]).toEqual([link, Number(number)]);
    }
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

  it('shows pending deliveries in the order they fall due, dead letters with the most recently dead first', async () => {
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
        webhook_name: 'billing',
        webhook_node_id: 'hook-9',
        organization_id: 9,
        endpoint_url: 'https://hooks.acme.example:8443/path',
        dead_letter_reason: 'timeout',
      }),
    );
    await insertDelivery(bench.pool, deadLetter({ endpoint_url: 'https://other.example/acme.example' }));
    for (const query of [
      `q=${wanted}`,
      'q=77000000',
      'q=run:77000000',
      `q=${uuid.toUpperCase()}`,
      'q=hooks.acme.example',
      'q=hooks.acme.example:8443',
      'q=https://hooks.acme.example:8443/path',
      'organization=9',
      'state=dead_letter&reason=timeout',
      'state=dead_letter&q=HOOKS.acme.example',
      'q=name:billing',
      'q=node:hook-9',
    ]) {
      expect([query, await idsAt(`/?${query}`)]).toEqual([query, [wanted]]);
    }
    expect(await idsAt(`/?state=pending&q=${wanted}`)).toEqual([]);
    expect(await idsAt('/?q=run:1')).toEqual([]);
  });

  it('finds a host by its whole name, whatever the port', async () => {
    const plain = await insertDelivery(bench.pool, { endpoint_url: 'https://acme.example?t=1' });
    const withPort = await insertDelivery(bench.pool, { endpoint_url: 'https://acme.example:8443/hook' });
    const six = await insertDelivery(bench.pool, { endpoint_url: 'http://[::1]:9/hook' });
    await insertDelivery(bench.pool, { endpoint_url: 'https://acme.example.org/acme.example' });
    await insertDelivery(bench.pool, { endpoint_url: 'https://hooks.acme.example/' });
    expect(await idsAt('/?q=host:ACME.example')).toEqual([withPort, plain]);
    expect(await idsAt('/?q=host:[::1]')).toEqual([six]);
  });

  it('shows the origin of an endpoint alone, because the rest of a URL carries tokens', async () => {
    for (const endpoint_url of [
      'https://acme.example:8443/services/SECRET?token=SECRET#SECRET',
      'https://SECRET:SECRET@acme.example/hook',
      'acme.example/SECRET',
    ]) {
      await insertDelivery(bench.pool, deadLetter({ endpoint_url }));
    }
    for (const path of ['/', '/?state=dead_letter', '/console/deliveries.json']) {
      const { body } = await bench.ask(path);
      expect(body).toContain('acme.example:8443');
      expect(body).not.toContain('SECRET');
    }
  });

  it('leads from the organization and the host of a delivery to their deliveries', async () => {
    await insertDelivery(bench.pool, deadLetter({ organization_id: 3, endpoint_url: 'https://acme.example/hook' }));
    const { body } = await bench.ask('/?state=dead_letter');
    expect(body).toContain('href="/?state=dead_letter&amp;organization=3"');
    expect(body).toContain('href="/?state=dead_letter&amp;q=host%3Aacme.example"');
    expect((await bench.ask('/?organization=3')).body).toMatch(/name="organization"[^>]*value="3"/);
  });

  it.each(['q=99999999999999999999', 'q=9223372036854775807', "q='", 'q=%25', 'since=&organization=&q=+'])(
    'takes the odd query ?%s for what it can be',
    async (query) => {
      await insertDelivery(bench.pool);
      const { status, body } = await bench.ask(`/?${query}`);
      // A host that can be none is told so.
      expect(status).toBe(body.includes('endpoint_host: must be') ? 422 : 200);
      expect(bench.faults).toEqual([]);
    },
  );

  it('stops looking when a page has taken long enough, and offers to look further', async () => {
    await insertDelivery(bench.pool);
    bench.answers.inspect = (payload) => {
      const { action } = payload as { action: string };
      return { ok: true, answer: action === 'list' ? { deliveries: [], next: '2026-11-23T12:00:00+00:00/7' } : {} };
    };
    const { body } = await bench.ask('/?q=needle.example');
    delete bench.answers.inspect;
    expect(body).toContain('Look further');
    expect(body).not.toContain('No delivery matches');
  });

  it('says of a figure that reached its bound that there are more', async () => {
    bench.answers.inspect = () => ({
      ok: true,
      answer: {
        due: 9_000,
        in_flight: 1_000,
        later: 10_000,
        held: 3,
        standing_dead_letters: 10_000,
        counted_up_to: 10_000,
        looked_last_hour: 10_000,
        succeeded_last_hour: 7,
        deliveries: [],
        next: null,
      },
    });
    const { body } = await bench.ask('/');
    delete bench.answers.inspect;
    const numbers = [...body.matchAll(/<dd class="number">\s*<a [^>]*>([^<]*)/g)].map(([, number]) => number?.trim());
    expect(numbers).toEqual(['9,000+', '1,000+', '10,000+', '3', '7+', '10,000+']);
  });

  it('shows what was accepted, and what died, in a time that stands in the address bar', async () => {
    const old = await insertDelivery(
      bench.pool,
      deadLetter({ created_at: '2026-11-20T00:00:00Z', updated_at: '2026-11-23T11:30:00Z' }),
    );
    const young = await insertDelivery(
      bench.pool,
      deadLetter({ created_at: '2026-11-23T11:00:00Z', updated_at: '2026-11-23T11:00:00Z' }),
    );
    expect(await idsAt('/?since=24h')).toEqual([young]);
    expect(await idsAt('/?until=2026-11-21T00:00:00Z')).toEqual([old]);
    expect(await idsAt('/?state=dead_letter&since=2026-11-23T11:15:00Z')).toEqual([old]);
    expect(await idsAt('/?state=dead_letter&until=2026-11-23T11:15:00Z')).toEqual([young]);
  });

  it('says in one step who is concerned, the most first, and each number leads to its list', async () => {
    for (const organization_id of [7, 7, 8]) {
      await insertDelivery(
        bench.pool,
        deadLetter({ organization_id, endpoint_url: 'https://down.example/hook?t=SECRET' }),
      );
    }
    await insertDelivery(bench.pool, deadLetter({ organization_id: 7, endpoint_url: 'https://other.example/' }));
    await insertDelivery(bench.pool, { organization_id: 9 });
    expect((await bench.ask('/?state=dead_letter')).body).toContain('href="/concerned?state=dead_letter"');
    const { status, body } = await bench.ask('/concerned?state=dead_letter');
    expect(status).toBe(200);
    expect(body).toContain('4 deliveries of 2 organizations.');
    expect(body).not.toContain('SECRET');
    const links = [...body.matchAll(/<td class="figure"><a href="([^"]+)">(\d+)</g)];
    expect(links.map(([, , count]) => count)).toEqual(['2', '1', '1']);
    for (const [, link = '', count] of links) {
      expect([link, (await idsAt(link.replaceAll('&amp;', '&'))).length]).toEqual([link, Number(count)]);
    }
    expect((await bench.ask('/concerned?state=succeeded')).body).toContain('Nobody');
    for (const path of ['/concerned', '/concerned?q=42']) expect(await bench.ask(path)).toMatchObject({ status: 404 });
  });

  it('turns a time as typed on the clocks of its reader into one that means the same to everybody', async () => {
    const cookie = 'surehook-zone=Asia%2FKathmandu';
    const answer = await bench.ask('/?q=&since=2026-11-23+16%3A45&until=2h', { headers: { cookie } });
    expect(answer).toMatchObject({
      status: 303,
      headers: { location: '/?since=2026-11-23T11%3A00%3A00.000Z&until=2h' },
    });
    const { body } = await bench.ask('/?since=2026-11-23T11%3A00%3A00.000Z', { headers: { cookie } });
    expect(body).toMatch(/name="since"[^>]*value="2026-11-23 16:45"/);
    expect(body).toContain('<span class="word">GMT+5:45</span>');
  });

  it('refreshes with the same markup as the page', async () => {
    await insertDelivery(bench.pool, deadLetter());
    const page = await bench.ask('/');
    const refresh = JSON.parse((await bench.ask('/console/deliveries.json')).body);
    expect(page.body).toContain(refresh.lists[0].children[0].html);
  });

  it.each([['the database does not answer', 'alter table webhook_deliveries rename to elsewhere', 'it failed']])(
    'says so when %s',
    async (_, breaks, words) => {
      await bench.pool.query(breaks);
      try {
        const { status, body } = await bench.ask('/');
        expect(status).toBe(503);
        expect(body).toContain(words);
        expect(body).not.toContain('webhook_deliveries');
        expect(body).not.toContain('No deliveries yet');
        expect((await bench.ask('/console/deliveries.json')).status).toBe(503);
      } finally {
        await bench.pool.query('alter table elsewhere rename to webhook_deliveries');
      }
    },
  );

  it.each([
    ['InvokeFailed', 'inspect could not be invoked: AccessDeniedException: not authorized', 'grantInspect'],
    ['InvokeFailed', 'inspect could not be invoked: TooManyRequestsException: Rate exceeded', 'throttled'],
    ['InvokeFailed', 'inspect could not be invoked: ExpiredTokenException: expired', 'sign in again'],
    ['DatabaseResumingException', 'the cluster is resuming', 'waking up'],
  ])('says what %s means: %s', async (errorType, errorMessage, words) => {
    bench.answers.inspect = () => ({ ok: false, errorType, errorMessage });
    for (const path of ['/', '/endpoints', '/orders', '/deliveries/1']) {
      const { status, body } = await bench.ask(path);
      expect([path, status]).toEqual([path, 503]);
      expect(body).toContain(words);
      expect(body).toContain(errorMessage);
    }
    delete bench.answers.inspect;
  });
});
