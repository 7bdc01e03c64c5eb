// The console of a deployed stack. Real: HTTP over loopback. Double: the functions, which answer as the test says.
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { InvokeResult } from '../../console/invoke-function.ts';
import { type ServedConsole, serveConsole } from '../../console/serve-console.ts';

let served: ServedConsole;
afterEach(() => served.close());

type Asked = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

const EMPTY: InvokeResult = { ok: true, answer: { deliveries: [], endpoints: [], orders: [], next: null } };

async function serve(
  answer: (payload: unknown) => Promise<InvokeResult> = async () => EMPTY,
  patience: { patienceMs?: number; nowMs?: () => number } = {},
) {
  served = await serveConsole(0, {
    invoke: (_role, payload) => answer(payload),
    stack: { name: 'Staging', options: '--stack Staging', dashboard: 'https://eu-west-1.console.aws.amazon.com/x' },
    by: 'arn:aws:iam::1:user/ann',
    ...patience,
  });
}

/** As a browser asks, with the cookie of the key unless the test gives others. */
async function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Asked> {
  const { port, searchParams } = new URL(served.url);
  const cookie = `surehook-key-${port}=${searchParams.get('key') ?? ''}`;
  const { method = 'GET', body } = options;
  const headers = { cookie, accept: 'text/html', ...options.headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('whoever has the printed address', () => {
  it('is let in, and the key leaves the address bar', async () => {
    await serve();
    const { pathname, search, searchParams } = new URL(served.url);
    const first = await ask(pathname + search, { headers: { cookie: '' } });
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie = ''] = [first.headers['set-cookie']].flat();
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).toContain(searchParams.get('key'));
    expect(await ask('/', { headers: { cookie: cookie.split(';')[0] ?? '' } })).toMatchObject({ status: 200 });
  });

  it.each([
    ['no key', {}],
    ['another key', { cookie: `surehook-key-PORT=${'x'.repeat(43)}` }],
    ['a key for another port', { cookie: `surehook-key-1=KEY` }],
    ['the key in a header of its own', { authorization: 'KEY' }],
  ])('is not who comes with %s: nothing is asked or changed', async (_, given) => {
    let asked = 0;
    await serve(async () => {
      asked++;
      return EMPTY;
    });
    const { port, searchParams } = new URL(served.url);
    const fill = (text: string) => text.replace('PORT', port).replace('KEY', searchParams.get('key') ?? '');
    const headers = {
      cookie: '',
      ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, fill(value)])),
    };
    const origin = `http://127.0.0.1:${port}`;
    for (const path of ['/', '/deliveries/1', '/console/deliveries.json', '/console/assets/console.js', '/?key=x']) {
      expect(await ask(path, { headers })).toMatchObject({ status: 403 });
    }
    const post = {
      method: 'POST',
      headers: { ...headers, origin, 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect(await ask('/order', { ...post, body: 'step=order' })).toMatchObject({ status: 403 });
    expect(asked).toBe(0);
  });

  it('still has to come by a loopback name, and changes only from a page of the console', async () => {
    await serve();
    expect(await ask('/', { headers: { host: 'evil.example' } })).toMatchObject({ status: 403 });
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const post = { method: 'POST', body: 'action=cancel&organization_id=1&step=order' };
    expect(await ask('/order', { ...post, headers: { ...type, origin: 'http://evil.example' } })).toMatchObject({
      status: 403,
    });
  });
});

describe('the console of a deployed stack', () => {
  it('says which one, links to its dashboard, and shows nothing that only a local one has', async () => {
    await serve();
    const { body } = await ask('/');
    expect(body).toContain('<span class="twin">Staging</span>');
    expect(body).toContain('href="https://eu-west-1.console.aws.amazon.com/x"');
    expect(body).toContain('No deliveries yet.');
    expect(body).toContain('data-refresh-ms="10000"');
    expect(body).not.toMatch(/Send a test|Demo receiver|Queues/);
    expect((await ask('/orders')).body).not.toContain('Sweep now');
    for (const path of ['/send', '/demo-receiver', '/dashboard'])
      expect(await ask(path)).toMatchObject({ status: 404 });
    const origin = new URL(served.url).origin;
    const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' };
    expect(await ask('/console/sweep', { method: 'POST', headers })).toMatchObject({ status: 404 });
  });

  it('gives orders in the name of whoever started it', async () => {
    const asked: unknown[] = [];
    await serve(async (payload) => {
      asked.push(payload);
      return { ok: true, answer: { order_id: 4 } };
    });
    const headers = { origin: new URL(served.url).origin, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask('/order', { method: 'POST', headers, body: 'action=cancel&organization_id=3&step=order' });
    expect(answer).toMatchObject({ status: 303, headers: { location: '/orders/4' } });
    expect(asked).toEqual([{ action: 'cancel', organization_id: 3, by: 'arn:aws:iam::1:user/ann' }]);
  });

  it('says that it waits for a stack that is asleep, and shows what was asked for when it is there', async () => {
    let wake: (result: InvokeResult) => void = () => undefined;
    const asleep = new Promise<InvokeResult>((resolve) => (wake = resolve));
    let lists = 0;
    const nowMs = Date.parse('2026-11-23T12:00:00Z');
    await serve(
      async (payload) => {
        if ((payload as { action: string }).action === 'list') lists++;
        return asleep;
      },
      { patienceMs: 5, nowMs: () => nowMs },
    );
    const waiting = await ask('/');
    expect(waiting.body).toContain('Asking the stack');
    expect(waiting.body).toContain('http-equiv="refresh"');
    expect((await ask('/')).body).toContain('Asking the stack');
    wake(EMPTY);
    await expect.poll(async () => (await ask('/')).body).toContain('No deliveries yet.');
    // The page that looked again took over the answer that was under way.
    expect(lists).toBe(1);
  });

  it('keeps an answer that nobody came back for no longer than somebody would', async () => {
    let nowMs = Date.parse('2026-11-23T12:00:00Z');
    let wake: (result: InvokeResult) => void = () => undefined;
    let answer = new Promise<InvokeResult>((resolve) => (wake = resolve));
    await serve(async () => answer, { patienceMs: 5, nowMs: () => nowMs });
    expect((await ask('/orders')).body).toContain('Asking the stack');
    wake(EMPTY);
    // By the time that another page has been answered, this one has long been made.
    await ask('/console/assets/console.css');
    nowMs += 3_600_000;
    answer = Promise.resolve({ ok: false, errorType: 'InvokeFailed', errorMessage: 'an hour later' });
    expect((await ask('/orders')).body).toContain('an hour later');
  });

  it('takes a port that is taken for a fault', async () => {
    await serve();
    const { port } = new URL(served.url);
    await expect(
      serveConsole(Number(port), {
        invoke: async () => EMPTY,
        stack: { name: '', options: '', dashboard: undefined },
        by: undefined,
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the zone', () => {
  it('is switched for every page, and leads back to the one it was switched on', async () => {
    await serve();
    const { origin, host } = new URL(served.url);
    const post = (zone: string, referer: string) =>
      ask('/console/zone', {
        method: 'POST',
        headers: { origin, referer, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ zone }).toString(),
      });
    const answer = await post('Asia/Kathmandu', `http://${host}/orders?after=3`);
    expect(answer).toMatchObject({ status: 303, headers: { location: '/orders?after=3' } });
    expect([answer.headers['set-cookie']].flat()[0]).toMatch(
      /^surehook-zone=Asia%2FKathmandu; Path=\/; Max-Age=\d+; SameSite=Strict/,
    );
    expect((await post('UTC', 'https://evil.example/x')).headers['location']).toBe('/');
    // Without a script nobody but this machine says what is local.
    expect([(await post('local', '')).headers['set-cookie']].flat()[0]).toMatch(/^surehook-zone=[\w%]+;/);
  });
});

describe('a call that ends in a fault nobody expected', () => {
  it('is a page that says so, each time it is asked for: the console goes on', async () => {
    await serve(async () => {
      throw new TypeError('not an answer');
    });
    for (const path of ['/', '/orders', '/nothing']) {
      const { status, body } = await ask(path);
      expect([path, status]).toEqual([path, path === '/nothing' ? 404 : 503]);
      expect(body).toContain('<!doctype html>');
    }
  });
});
