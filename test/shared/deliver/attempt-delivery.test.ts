// Real: the attempt, the building of its headers, the judgement of its response. Doubles: the connections, which record and
// answer what the test says (the real ones are in http-sender-*.test.ts), and the clock. Credentials are in
// attempt-delivery-credentials.test.ts.
import { beforeEach, describe, expect, test } from 'vitest';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import { AttemptBench, DELIVERY_UUID, response } from './attempt-delivery-world.ts';

let bench: AttemptBench;

beforeEach(() => {
  bench = new AttemptBench();
});

describe('the request', () => {
  test('goes to the endpoint once, with the frozen body and the whole of its time', async () => {
    const body = Buffer.from('{ "as": "written" }');
    await bench.attempt({ httpMethod: 'PUT', body });
    expect(bench.sent).toHaveLength(1);
    expect(bench.sent[0]).toMatchObject({
      organizationId: 7,
      timeoutMs: 30_000,
      request: { url: 'https://hooks.example.com/in?key=1', method: 'PUT' },
    });
    expect(bench.sent[0]?.request.body).toBe(body);
  });

  test('says what it is, whose it is and which attempt', async () => {
    await bench.attempt({ attempt: 3 });
    expect(bench.sentHeaders()).toEqual({
      'Content-Type': 'application/json',
      Accept: '*/*',
      'Accept-Encoding': 'identity',
      'User-Agent': 'surehook/1.2.3',
      'X-Dograh-Delivery-Id': DELIVERY_UUID,
      'X-Dograh-Workflow-Run-Id': '9001',
      'X-Dograh-Delivery-Attempt': '3',
    });
  });

  test.each(['GET', 'DELETE'] as const)('of a %s has no type: it has no body', async (httpMethod) => {
    await bench.attempt({ httpMethod, body: undefined });
    expect(bench.sentHeaders()).not.toHaveProperty('Content-Type');
  });

  test.each(['POST', 'PUT', 'PATCH'] as const)('of a %s is JSON', async (httpMethod) => {
    await bench.attempt({ httpMethod });
    expect(bench.sentHeaders()).toHaveProperty('Content-Type', 'application/json');
  });

  test.each(['Accept', 'ACCEPT', 'accept'])(
    'takes what the receiver is to answer from a custom header: %s',
    async (key) => {
      const report = await bench.attempt({ customHeaders: [{ key, value: 'application/json' }] });
      const accepts = Object.entries(bench.sentHeaders()).filter(([name]) => name.toLowerCase() === 'accept');
      expect(accepts).toEqual([[key, 'application/json']]);
      expect(report.skippedHeaders).toBe(0);
    },
  );

  test.each([
    ['Content-Type', 'application/json; charset=utf-8'],
    ['content-type', 'application/cloudevents+json'],
    ['User-Agent', 'Acme-Hooks/2'],
  ])('says once what a custom header says instead of the default: %s: %s', async (key, value) => {
    const report = await bench.attempt({ customHeaders: [{ key, value }] });
    const said = Object.entries(bench.sentHeaders()).filter(([name]) => name.toLowerCase() === key.toLowerCase());
    expect(said).toEqual([[key, value]]);
    expect(report.skippedHeaders).toBe(0);
  });

  test.each([
    ['POST', 'text/plain', 'application/json'],
    ['GET', 'application/json', undefined],
  ] as const)('of a %s is not called %s by an old row', async (httpMethod, value, sent) => {
    const report = await bench.attempt({ httpMethod, customHeaders: [{ key: 'content-type', value }] });
    expect(bench.sentHeaders()['Content-Type']).toBe(sent);
    expect(bench.sentHeaders()).not.toHaveProperty('content-type');
    expect(report.skippedHeaders).toBe(1);
  });

  test('asks for no coding, whatever a custom header of an old row says', async () => {
    await bench.attempt({ customHeaders: [{ key: 'accept-encoding', value: 'gzip' }] });
    expect(bench.sentHeaders()).toMatchObject({ 'Accept-Encoding': 'identity' });
    expect(bench.sentHeaders()).not.toHaveProperty('accept-encoding');
  });

  test('names its ids with the prefix of the settings', async () => {
    await bench.attempt({}, { parts: { headerPrefix: 'X-Acme' } });
    expect(bench.sentHeaders()).toMatchObject({ 'X-Acme-Delivery-Id': DELIVERY_UUID, 'X-Acme-Delivery-Attempt': '1' });
  });

  test('carries custom headers, and leaves out those of an old row that today’s rules refuse', async () => {
    const report = await bench.attempt({
      customHeaders: [
        { key: 'X-Idempotency-Key', value: 'k-1' },
        { key: 'content-length', value: '5' },
        { key: 'x-dograh-delivery-attempt', value: '99' },
      ],
    });
    expect(bench.sentHeaders()).toMatchObject({ 'X-Idempotency-Key': 'k-1', 'X-Dograh-Delivery-Attempt': '1' });
    expect(Object.keys(bench.sentHeaders())).toHaveLength(8);
    expect(report.skippedHeaders).toBe(2);
    expect(report.headers.map(({ key }) => key)).toContain('X-Idempotency-Key');
  });

  test('carries the trace of the delivery on every attempt alike, and nothing of the kind without one', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const attempt of [1, 2]) {
      await bench.attempt({ attempt, trace: { traceparent, tracestate: 'a=1' } });
      expect(bench.sentHeaders()).toMatchObject({ traceparent, tracestate: 'a=1' });
    }
    await bench.attempt({ trace: { traceparent } });
    expect(bench.sentHeaders()).not.toHaveProperty('tracestate');
    await bench.attempt();
    expect(Object.keys(bench.sentHeaders()).filter((name) => /trace/i.test(name))).toEqual([]);
  });

  test('has the delivery’s own trace in place of custom headers that came past enqueue, their state too', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const customHeaders = ['TraceParent', 'tracestate', 'X-A'].map((key) => ({ key, value: 'theirs' }));
    const report = await bench.attempt({ trace: { traceparent }, customHeaders });
    expect(bench.sentHeaders()).toMatchObject({ traceparent, 'X-A': 'theirs' });
    expect(Object.keys(bench.sentHeaders()).filter((name) => /trace/i.test(name))).toEqual(['traceparent']);
    expect(report.skippedHeaders).toBe(2);
    await bench.attempt({ customHeaders });
    expect(bench.sentHeaders()).toMatchObject({ TraceParent: 'theirs', tracestate: 'theirs' });
  });
});

describe('a response', () => {
  test.each([200, 204, 299])('of %i is an accepted attempt, with what the receiver said', async (status) => {
    bench.answer = response(status, { excerpt: 'thanks' });
    const { outcome } = await bench.attempt();
    expect(outcome).toEqual({ kind: 'accepted', status, excerpt: 'thanks' });
  });

  test('that redirects says where to, origin only', async () => {
    bench.answer = response(301, { location: 'https://www.hooks.example.com/in?key=canary' });
    const { outcome } = await bench.attempt();
    expect(outcome).toMatchObject({ kind: 'refused', because: 'status', status: 301 });
    expect(outcome).toMatchObject({
      detail:
        'status 301: a redirect to the same name with www: https://www.hooks.example.com; redirects are not followed, the URL must be changed',
    });
  });

  test.each([304, 400, 404, 410])('of %i is refused for good', async (status) => {
    bench.answer = response(status, { excerpt: 'no' });
    const { outcome } = await bench.attempt();
    expect(outcome).toEqual({ kind: 'refused', because: 'status', detail: `status ${status}`, status, excerpt: 'no' });
  });

  test.each([408, 425, 429, 500, 503, 600])('of %i is a failed attempt', async (status) => {
    bench.answer = response(status);
    const { outcome } = await bench.attempt();
    expect(outcome).toEqual({ kind: 'failed', because: 'status', detail: `status ${status}`, status, excerpt: '' });
  });

  test.each([429, 503])('of %i has its Retry-After heeded', async (status) => {
    bench.answer = response(status, { retryAfter: '120' });
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'failed', retryAfterSeconds: 120 });
  });

  test.each([408, 425, 500, 502])('of %i has no Retry-After', async (status) => {
    bench.answer = response(status, { retryAfter: '120' });
    expect((await bench.attempt()).outcome).not.toHaveProperty('retryAfterSeconds');
  });

  test('of 429 without one has the reset of its limit heeded', async () => {
    bench.answer = response(429, { rateLimitReset: '30' });
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'failed', retryAfterSeconds: 30 });
  });

  test('with a Retry-After date is read against its own Date', async () => {
    bench.answer = response(503, {
      retryAfter: 'Mon, 23 Nov 2020 12:05:00 GMT',
      date: 'Mon, 23 Nov 2020 12:00:00 GMT',
    });
    expect((await bench.attempt()).outcome).toMatchObject({ retryAfterSeconds: 300 });
  });

  test.each([404, 429, 500, 503])('of %i that asks for no further attempt is final', async (status) => {
    bench.answer = response(status, { webhookDelivery: 'abort-message', retryAfter: '5', excerpt: 'enough' });
    const { outcome } = await bench.attempt({}, { parts: { retryStatuses: [404] } });
    expect(outcome).toMatchObject({ kind: 'refused', because: 'status', status, excerpt: 'enough' });
    expect(outcome).toMatchObject({ detail: expect.stringContaining('abort-message') });
  });

  test('of 2xx stays a success even if it asks for no further attempt', async () => {
    bench.answer = response(202, { webhookDelivery: 'abort-message' });
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'accepted', status: 202 });
  });

  test('of a status that the settings name is tried again', async () => {
    bench.answer = response(404, { retryAfter: '120' });
    const { outcome } = await bench.attempt({}, { parts: { retryStatuses: [401, 404] } });
    expect(outcome).toEqual({ kind: 'failed', because: 'status', detail: 'status 404', status: 404, excerpt: '' });
  });

  test('of 2xx stays a success whatever its body does to the reading of it', async () => {
    const poison = new Proxy(new Uint8Array([1, 2, 3]), {
      get() {
        throw new Error('unreadable');
      },
    });
    bench.answer = response(200, { excerpt: poison });
    expect((await bench.attempt()).outcome).toEqual({ kind: 'accepted', status: 200, excerpt: '' });
  });
});

describe('without a response', () => {
  test.each(['timeout', 'dns', 'connection', 'tls', 'protocol', 'blocked_address'] as const)(
    'a %s fails the attempt',
    async (because) => {
      bench.answer = { kind: 'failed', because, detail: 'in fixed words' };
      expect((await bench.attempt()).outcome).toEqual({
        kind: 'failed',
        because,
        detail: `${because}: in fixed words`,
      });
    },
  );

  test.each(['invalid_row', 'blocked_address', 'header'] as const)(
    'a %s of the request itself is refused for good',
    async (because) => {
      bench.answer = { kind: 'refused', because, detail: 'in fixed words' };
      expect((await bench.attempt()).outcome).toMatchObject({ kind: 'refused', because });
    },
  );

  test('a process out of sockets gives the attempt back: that is our fault', async () => {
    bench.answer = { kind: 'exhausted', detail: 'no file descriptors' };
    expect((await bench.attempt()).outcome).toEqual({ kind: 'released', detail: 'no file descriptors' });
  });

  test('an exception nobody foresaw fails the attempt, and nothing of it is kept', async () => {
    bench.answer = () => {
      throw new TypeError('canary https://user:password@hooks.example.com');
    };
    const { outcome } = await bench.attempt();
    expect(outcome).toMatchObject({ kind: 'failed', because: 'internal' });
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  test.each<[string, () => Promise<SendResult>]>([
    ['an Error', async () => Promise.reject(new Error('x'))],
    // oxlint-disable-next-line prefer-promise-reject-errors
    ['something that is no Error', async () => Promise.reject(undefined)],
  ])('a rejection with %s never gets out', async (_case, answer) => {
    bench.answer = answer;
    expect((await bench.attempt()).outcome).toMatchObject({ kind: 'failed', because: 'internal' });
  });
});

describe('time', () => {
  test('that is too short for a whole attempt gives it back, and nothing is sent', async () => {
    const { outcome } = await bench.attempt({}, { mustStartInMs: -1 });
    expect(outcome).toMatchObject({ kind: 'released' });
    expect(bench.sent).toHaveLength(0);
  });

  test('that is just enough is used', async () => {
    await bench.attempt({}, { mustStartInMs: 0 });
    expect(bench.sent).toHaveLength(1);
  });

  test('by when it must have begun goes with the request, to be looked at again where it is written (CLA-16)', async () => {
    await bench.attempt({}, { mustStartInMs: 1234 });
    expect(bench.sent[0]?.mustStartByMonotonicMs).toBe(bench.clock.monotonicMs() + 1234);
  });

  test('is measured from before the credential to the end of the response', async () => {
    const startedAt = bench.clock.monotonicMs();
    bench.answer = async () => {
      await bench.clock.turn(250);
      return response(200);
    };
    expect(await bench.attempt()).toMatchObject({ startedMonotonicMs: startedAt, durationMs: 250 });
  });
});
