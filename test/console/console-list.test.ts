// Real: PostgreSQL with the migrations, HTTP over loopback, the demo receiver. Double: the functions, played by the bench.
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
    expect(body).toContain('Search further');
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
