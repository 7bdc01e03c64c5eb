// Real: the attempt, the building of its headers, what is kept of it. Doubles: the connections, which tell what the test says, and the
// clock. What must never be asserted: that a value of a credential, of a custom header or of a response is kept.
import { beforeEach, describe, expect, test } from 'vitest';
import type { WireFacts } from '../../../shared/egress/http-sender.ts';
import { AttemptBench, CREDENTIAL_UUID, DELIVERY_UUID, response, secret } from './attempt-delivery-world.ts';

const SIGNING = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const WIRE: WireFacts = {
  written: 'whole',
  connection: { isKept: false, family: 'IPv4', reach: 'public', tls: 'TLSv1.3' },
  response: { headerNames: ['server', 'x-request-id'], bodyBytes: 2, isComplete: true },
  phasesMs: { wait: 0, resolve: 1, connect: 2, tls: 3, first_byte: 4, body: 5 },
};

let bench: AttemptBench;

beforeEach(() => {
  bench = new AttemptBench();
  bench.wire = WIRE;
});

describe('what is kept of an attempt', () => {
  test('is every header that was sent, in its order, with the values that are ours', async () => {
    bench.secrets = [secret('api_key', { header_name: 'X-Key', api_key: 'k-12345678' }, [SIGNING])];
    const customHeaders = [
      { key: 'X-Team', value: 'of Ada' },
      { key: 'User-Agent', value: 'Acme-Hooks/2' },
    ];
    const { exchange } = await bench.attempt({ credentialUuid: CREDENTIAL_UUID, customHeaders });
    const timestamp = bench.sentHeaders()['webhook-timestamp'];
    expect(exchange).toEqual({
      request: {
        method: 'POST',
        headers: [
          { name: 'Accept-Encoding', value: 'identity' },
          { name: 'X-Dograh-Delivery-Id', value: DELIVERY_UUID },
          { name: 'X-Dograh-Workflow-Run-Id', value: '9001' },
          { name: 'X-Dograh-Delivery-Attempt', value: '1' },
          { name: 'webhook-id', value: DELIVERY_UUID },
          { name: 'webhook-timestamp', value: timestamp },
          { name: 'webhook-signature', of: 'signature' },
          { name: 'X-Key', of: 'credential' },
          { name: 'X-Team', of: 'custom' },
          { name: 'User-Agent', of: 'custom' },
          { name: 'Content-Type', value: 'application/json' },
          { name: 'Accept', value: '*/*' },
        ],
        moreHeaders: 0,
        bodyBytes: Buffer.byteLength('{"ok":true}'),
        written: 'whole',
      },
      connection: WIRE.connection,
      response: { headers: ['server', 'x-request-id'], moreHeaders: 0, bodyBytes: 2, isComplete: true },
      phasesMs: WIRE.phasesMs,
    });
    expect(exchange?.request.headers?.map(({ name }) => name)).toEqual(Object.keys(bench.sentHeaders()));
    expect(JSON.stringify(exchange)).not.toMatch(/k-12345678|Ada|Acme|v1,/);
  });

  test('holds no secret that a receiver hands back as a name', async () => {
    bench.secrets = [secret('bearer_token', { token: 'Token-ABC123' }, [SIGNING])];
    bench.answer = ({ request }) => {
      const signature = request.headers.find(([name]) => name === 'webhook-signature')?.[1].slice(3, 20) ?? '';
      expect(signature).not.toBe('');
      return response(200);
    };
    bench.wire = { ...WIRE, response: { headerNames: ['x-token-abc123-x', 'etag'], bodyBytes: 0, isComplete: true } };
    const { exchange } = await bench.attempt({ credentialUuid: CREDENTIAL_UUID });
    expect(exchange?.response?.headers).toEqual(['redacted', 'etag']);
  });

  test('keeps the ids of a trace, and of its state, which is free text, only the name', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    bench.wire = WIRE;
    const { exchange } = await bench.attempt({ trace: { traceparent, tracestate: 'who=Ada' } });
    expect(exchange?.request.headers).toContainEqual({ name: 'traceparent', value: traceparent });
    expect(exchange?.request.headers).toContainEqual({ name: 'tracestate', of: 'request' });
  });

  test.each(['GET', 'DELETE'] as const)('of a %s has a body of no bytes', async (httpMethod) => {
    const { exchange } = await bench.attempt({ httpMethod, body: Buffer.from('kept by an old row') });
    expect(exchange?.request).toMatchObject({ method: httpMethod, bodyBytes: 0 });
  });

  test('of a failed one is how far it came', async () => {
    bench.answer = { kind: 'failed', because: 'dns', detail: 'the name does not resolve' };
    bench.wire = { written: 'nothing', phasesMs: { wait: 0, resolve: 4000 } };
    const { exchange } = await bench.attempt();
    expect(exchange).toMatchObject({ request: { written: 'nothing' }, phasesMs: { resolve: 4000 } });
    expect(Object.keys(exchange ?? {})).toEqual(['request', 'phasesMs']);
  });

  test('without its credential is nothing: no request was made up', async () => {
    bench.secrets = [{ kind: 'missing' }];
    expect(await bench.attempt({ credentialUuid: CREDENTIAL_UUID })).not.toHaveProperty('exchange');
  });

  test('that was never tried is nothing', async () => {
    bench.wire = undefined;
    bench.answer = { kind: 'refused', because: 'blocked_address', detail: 'no' };
    expect(await bench.attempt()).not.toHaveProperty('exchange');
  });
});
