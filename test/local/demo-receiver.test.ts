// Real: HTTP over loopback. Doubles: the clock, turned by hand.
import { createServer, request as httpRequest, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoReceiver } from '../../local/demo/demo-receiver.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

const DELIVERY = '7d0a2f2e-9b4b-4d2c-8a7e-0123456789ab';

let timers: ManualTimers;
let receiver: ReturnType<typeof createDemoReceiver>;
let server: Server;
let port = 0;

beforeEach(async () => {
  timers = new ManualTimers();
  receiver = createDemoReceiver({ timers });
  server = createServer((request, response) => {
    if (!receiver.handle(request, response)) response.writeHead(418).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

type Received = { status: number; headers: Record<string, unknown>; body: string };

function send(path: string, sent: { headers?: Record<string, string>; body?: string } = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', headers: sent.headers };
    const request = httpRequest(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end(sent.body ?? '{}');
  });
}

async function statuses(path: string, times: number, headers: Record<string, string>): Promise<number[]> {
  const seen: number[] = [];
  for (let time = 0; time < times; time++) seen.push((await send(path, { headers })).status);
  return seen;
}

const withId = (id: string): Record<string, string> => ({ 'X-Dograh-Delivery-Id': id });

describe('does what its URL says', () => {
  it('accepts', async () => {
    expect(await send('/demo/ok')).toMatchObject({ status: 200 });
  });

  it('fails the first requests of each delivery, whatever the prefix of its id header', async () => {
    expect(await statuses('/demo/fail/2', 4, withId('one'))).toEqual([500, 500, 200, 200]);
    expect(await statuses('/demo/fail/2', 3, { 'Acme-Delivery-Id': 'other' })).toEqual([500, 500, 200]);
  });

  it('counts requests without an id as one delivery of their path', async () => {
    expect(await statuses('/demo/fail/1', 2, {})).toEqual([500, 200]);
  });

  it.each([204, 304, 400, 404, 503, 999])('answers %d always', async (status) => {
    expect(await statuses(`/demo/status/${status}`, 2, withId('one'))).toEqual([status, status]);
  });

  it('redirects to a place that shows whether the redirect was followed', async () => {
    expect((await send('/demo/status/302')).headers).toMatchObject({ location: '/demo/ok' });
  });

  it('asks for a pause once', async () => {
    const first = await send('/demo/retry-after/10', { headers: withId('one') });
    expect(first).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
    expect(await statuses('/demo/retry-after/10', 1, withId('one'))).toEqual([200]);
  });

  it('answers late, and no later than 120 s', async () => {
    const arrived = once(server, 'request');
    const slow = send('/demo/slow/5000', { body: '' });
    let answered = false;
    void slow.then(() => (answered = true));
    const [request] = await arrived;
    if (!request.readableEnded) await once(request, 'end');
    await timers.advance(119_999);
    expect(answered).toBe(false);
    await timers.advance(1);
    expect(await slow).toMatchObject({ status: 200 });
  });

  it('hangs up without an answer', async () => {
    await expect(send('/demo/hang-up')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(receiver.snapshot().requests[0]?.answer).toEqual({ kind: 'hang-up' });
  });

  it('echoes the request as JSON that no browser runs', async () => {
    const { headers, body } = await send('/demo/echo?a=1', { body: '<script>' });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
    expect(JSON.parse(body)).toMatchObject({ method: 'POST', path: '/demo/echo?a=1', body: '<script>' });
  });

  it.each(['/demo/', '/demo/nothing', '/demo/status/101', '/demo/status/1000', '/demo/fail', '/demo/ok/3'])(
    'explains itself at %s',
    async (path) => {
      const { status, body } = await send(path);
      expect(status).toBe(404);
      expect(body).toContain('/demo/fail/N');
    },
  );

  it('leaves other paths alone', async () => {
    expect(await send('/demonstration')).toMatchObject({ status: 418 });
    expect(receiver.snapshot().total).toBe(0);
  });
});

describe('remembers', () => {
  it('how often a delivery came and was accepted', async () => {
    await statuses('/demo/fail/2', 3, withId(DELIVERY));
    await statuses('/demo/ok', 1, withId('other'));
    const { total, counts } = receiver.snapshot();
    expect(total).toBe(4);
    expect(counts.get(DELIVERY)).toEqual({ requests: 3, accepted: 1 });
    expect(counts.get('other')).toEqual({ requests: 1, accepted: 1 });
  });

  it('what came, newest first', async () => {
    await send('/demo/ok', { headers: { ...withId(DELIVERY), 'X-Custom': 'yes' }, body: '{"a":1}' });
    await send('/demo/status/404');
    const [newest, older] = receiver.snapshot().requests;
    expect(newest).toMatchObject({ number: 2, path: '/demo/status/404', answer: { status: 404 } });
    expect(older).toMatchObject({ number: 1, method: 'POST', deliveryId: DELIVERY, bodyBytes: 7 });
    expect(older?.atMs).toBe(timers.nowMs());
    expect(older?.rawHeaders).toContain('X-Custom');
    expect(older?.bodyStart.toString()).toBe('{"a":1}');
  });

  it('the first 4 KiB of a body and its length', async () => {
    await send('/demo/ok', { body: 'x'.repeat(100_000) });
    const [request] = receiver.snapshot().requests;
    expect(request?.bodyStart.length).toBe(4096);
    // A view on a bigger buffer would keep all of it in memory.
    expect(request?.bodyStart.buffer.byteLength).toBeLessThan(16_384);
    expect(request?.bodyBytes).toBe(100_000);
  });

  it('no more than the last requests', async () => {
    for (let sent = 0; sent < receiver.keeps + 5; sent += 41) {
      await Promise.all(Array.from({ length: 41 }, () => send('/demo/ok')));
    }
    const { total, requests } = receiver.snapshot();
    expect(total).toBe(205);
    expect(requests).toHaveLength(receiver.keeps);
    expect([requests[0]?.number, requests.at(-1)?.number]).toEqual([205, 6]);
  });

  it('that a client went away before its answer', async () => {
    const arrived = once(server, 'request');
    const request = httpRequest({ host: '127.0.0.1', port, path: '/demo/slow/60', method: 'GET' });
    request.on('error', () => undefined);
    request.end();
    const [, response] = await arrived;
    request.destroy();
    await once(response, 'close');
    await timers.advance(60_000);
    expect(receiver.snapshot().requests[0]?.answer).toBe('client gone');
  });
});
