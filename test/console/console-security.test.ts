// Real: PostgreSQL with the migrations, HTTP over loopback. Double: the functions, played by the bench.
// Everything in a row is written by strangers. No test here may count on a browser's kindness.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleBench, deadLetter, insertDelivery, startConsoleBench } from './console-world.ts';

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\u202egnp.exe\u0007</textarea>`;

let bench: ConsoleBench;
let port: string;
beforeAll(async () => {
  bench = await startConsoleBench();
  ({ port } = new URL(bench.origin));
});
afterAll(async () => bench.close());
beforeEach(() => {
  bench.invoked.length = 0;
});

describe('hostile text', () => {
  let id: string;
  beforeAll(async () => {
    id = await insertDelivery(
      bench.pool,
      deadLetter({
        webhook_node_id: HOSTILE,
        webhook_name: HOSTILE,
        endpoint_url: `https://host.example/${HOSTILE}`,
        payload: JSON.stringify({ [HOSTILE]: HOSTILE }),
        custom_headers: JSON.stringify([{ key: HOSTILE, value: HOSTILE }, { odd: HOSTILE }, HOSTILE]),
        last_error: HOSTILE,
        request_digest: HOSTILE,
      }),
    );
    await bench.pool.query(`insert into webhook_delivery_attempts values ($1, 1, now(), 1, 500, 'status', $2, $2)`, [
      id,
      HOSTILE,
    ]);
    await insertDelivery(bench.pool, { endpoint_url: HOSTILE, payload: HOSTILE });
  });

  it.each([
    '/',
    '/?state=dead_letter',
    '/console/deliveries.json',
    '/deliveries/ID',
    '/console/deliveries/ID.json',
    `/?q=${encodeURIComponent(HOSTILE)}`,
    `/?q=${encodeURIComponent(HOSTILE)}&state=${encodeURIComponent(HOSTILE)}&after=${encodeURIComponent(HOSTILE)}`,
    `/send?to=${encodeURIComponent(HOSTILE)}`,
    `/order?endpoint_host=${encodeURIComponent(HOSTILE)}`,
  ])('is inert at %s', async (path) => {
    const { status, body, headers } = await bench.ask(path.replace('ID', id));
    // No host can be called that.
    expect(status).toBe(path.startsWith('/?q=') ? 422 : 200);
    const markup =
      headers['content-type'] === 'application/json' ? JSON.stringify(JSON.parse(body)).replaceAll('\\"', '"') : body;
    expect(markup).not.toMatch(/<script(?! src="\/console\/assets\/console\.js" defer>)/);
    expect(markup).not.toMatch(/<img(?! src="\/console\/assets\/favicon\.svg")/);
    // An attribute that a value broke out of.
    expect(markup).not.toMatch(/<[a-z]+\s(?:[^<>"]|"[^"]*")*\sonerror=/);
    for (const unseen of ['\u202e', '\u0007']) expect(markup).not.toContain(unseen);
    expect(markup).toContain('&lt;script&gt;');
  });

  it('is shown with what cannot be seen made visible', async () => {
    const { body } = await bench.ask(`/deliveries/${id}`);
    expect(body).toContain('⟨U+202E⟩gnp.exe⟨U+0007⟩');
  });

  it('is no link', async () => {
    const evil = await insertDelivery(bench.pool, { endpoint_url: 'javascript:alert(1)' });
    for (const path of ['/', `/deliveries/${evil}`]) {
      const targets = [...(await bench.ask(path)).body.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, to]) => to);
      expect(targets.filter((to) => !to?.startsWith('/') && to !== '#content')).toEqual([]);
    }
  });

  it('in a payload is served as plain text that no browser runs', async () => {
    const { headers } = await bench.ask(`/deliveries/${id}/payload`);
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  });
});

describe('who may ask', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('answers under %s and its own port', async (name) => {
    expect(await bench.ask('/', { headers: { host: `${name}:${port}` } })).toMatchObject({ status: 200 });
  });

  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1.evil.example:PORT',
    '0.0.0.0:PORT',
    '10.0.0.1:PORT',
  ])('refuses the host "%s", whose name may only point here', async (host) => {
    const headers = { host: host.replace('PORT', port) };
    for (const path of ['/', '/console/deliveries.json', '/console/assets/console.js', '/demo-receiver']) {
      expect(await bench.ask(path, { headers })).toMatchObject({ status: 403 });
    }
  });

  const CHANGES = ['/send', '/console/sweep', '/order', '/deliveries/1/redeliver', '/orders/1'];
  const post = (headers: Record<string, string>) => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: 'step=order',
  });

  it.each([
    'none',
    'null',
    'https://evil.example',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'https://127.0.0.1:PORT',
    'http://localhost:PORT',
  ])('changes nothing for a page of the origin %s', async (origin) => {
    const headers: Record<string, string> = origin === 'none' ? {} : { origin: origin.replace('PORT', port) };
    for (const path of CHANGES) expect(await bench.ask(path, post(headers))).toMatchObject({ status: 403 });
    expect(bench.invoked).toEqual([]);
  });

  it('changes nothing under a foreign host, even with a matching origin', async () => {
    const headers = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
    for (const path of CHANGES) expect(await bench.ask(path, post(headers))).toMatchObject({ status: 403 });
    expect(bench.invoked).toEqual([]);
  });

  it('changes something for its own page, under each of its names', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const headers = { host: `${name}:${port}`, origin: `http://${name}:${port}` };
      expect(await bench.ask('/console/sweep', post(headers))).toMatchObject({ status: 200 });
    }
    expect(bench.invoked).toHaveLength(3);
  });

  it.each(['/console/sweep', '/deliveries/1/redeliver'])('changes nothing at %s by GET', async (path) => {
    expect(await bench.ask(path)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(bench.invoked).toEqual([]);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('knows no %s', async (method) => {
    expect(await bench.ask('/', { method, headers: { origin: bench.origin } })).toMatchObject({ status: 405 });
  });
});

describe('a request body', () => {
  const posted = (body: string, type = 'application/x-www-form-urlencoded') => ({
    method: 'POST',
    headers: { origin: bench.origin, 'content-type': type },
    body,
  });

  it('of 300 KiB is taken, one byte more is not', async () => {
    const largest = 300 * 1024;
    expect(await bench.ask('/console/sweep', posted('x'.repeat(largest)))).toMatchObject({ status: 200 });
    bench.invoked.length = 0;
    expect(await bench.ask('/console/sweep', posted('x'.repeat(largest + 1)))).toMatchObject({ status: 413 });
    expect(bench.invoked).toEqual([]);
  });

  it('that is no form is refused', async () => {
    expect(await bench.ask('/send', posted('{}', 'application/json'))).toMatchObject({ status: 415 });
    expect(bench.invoked).toEqual([]);
  });
});

it.each(['/', '/console/deliveries.json', '/console/assets/console.js', '/deliveries/0', '/send', '/console/sweep'])(
  'lets %s load nothing from elsewhere, be framed by nobody and be kept nowhere',
  async (path) => {
    const { headers } = await bench.ask(path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  },
);
