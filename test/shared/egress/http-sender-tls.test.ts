import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import tls, { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  answering,
  authorities,
  certificate,
  HostileReceiver,
  intermediate,
} from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: TLS servers on loopback with certificates of `test/data/tls`, whose authorities this process trusts. Doubles: the
// resolver, which knows every name as 127.0.0.1, and the clock where one turns.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OLD = 'only versions of TLS that are no longer safe';
const UNVERIFIED =
  'the certificate is not trusted: the receiver must send the intermediate certificates with it, or its authority is not a public one';
const systemAuthorities = getCACertificates('default');

beforeAll(() => {
  setDefaultCACertificates([...systemAuthorities, ...authorities]);
});
afterAll(() => {
  setDefaultCACertificates(systemAuthorities);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function sendOverTls(options: TlsOptions, host = 'receiver.example.com') {
  const hellos: (string | false | null)[] = [];
  await using receiver = await HostileReceiver.open(
    {
      ...answering(OK),
      connected: (socket) => hellos.push('alpnProtocol' in socket ? String(socket.alpnProtocol) : null),
    },
    options,
  );
  await using bench = openBench();
  const result = await bench.send(1, posting(`https://${host}:${receiver.port}/`), ATTEMPT_MS);
  return { result, hellos, begun: receiver.begun };
}

describe('a receiver with TLS', () => {
  it.each(['receiver.example.com', 'receiver.example.com.', '127.0.0.1'])(
    'is known by its certificate: %s',
    async (host) => {
      const names: (string | undefined)[] = [];
      const { result, begun } = await sendOverTls(
        {
          ...certificate('good'),
          SNICallback: (name, answer) => {
            names.push(name);
            answer(null);
          },
        },
        host,
      );
      expect(result).toMatchObject({ kind: 'response', status: 200 });
      expect(begun).toHaveLength(1);
      // An address is no server name (RFC 6066), and neither is a trailing dot.
      expect(names).toEqual(host === '127.0.0.1' ? [] : ['receiver.example.com']);
    },
  );

  it('is spoken to in HTTP/1.1, also where it would prefer HTTP/2 (CON-16)', async () => {
    const { result, hellos } = await sendOverTls({ ...certificate('good'), ALPNProtocols: ['h2', 'http/1.1'] });
    expect(result).toMatchObject({ status: 200 });
    expect(hellos).toEqual(['http/1.1']);
  });

  it.each([
    ['self-signed', certificate('self-signed'), 'the certificate is not trusted: it is self-signed'],
    ['expired', certificate('expired'), 'the certificate has expired, or one of its chain has'],
    ['for another name', certificate('wrong-name'), 'the certificate is for another name'],
    [
      'for clients only',
      certificate('client-only'),
      'the certificate is for clients only, the receiver needs one for servers',
    ],
    ['sent without its intermediate', certificate('chained'), UNVERIFIED],
  ])('is sent nothing when its certificate is %s (CON-10)', async (_, options, detail) => {
    const { result, begun } = await sendOverTls(options);
    expect(result).toEqual({ kind: 'failed', because: 'tls', detail });
    expect(begun).toEqual([]);
  });

  it('is known by the whole chain of its certificates', async () => {
    const { key, cert } = certificate('chained');
    const { result } = await sendOverTls({ key, cert: cert + intermediate });
    expect(result).toMatchObject({ kind: 'response', status: 200 });
  });

  it('is sent nothing when nobody vouches for it', async () => {
    setDefaultCACertificates(systemAuthorities);
    const { result, begun } = await sendOverTls(certificate('good')).finally(() => {
      setDefaultCACertificates([...systemAuthorities, ...authorities]);
    });
    expect(result).toEqual({ kind: 'failed', because: 'tls', detail: UNVERIFIED });
    expect(begun).toEqual([]);
  });

  it('is verified even where the environment says not to (CON-10)', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { result, begun } = await sendOverTls(certificate('self-signed'));
    expect(result).toMatchObject({ kind: 'failed', because: 'tls' });
    expect(begun).toEqual([]);
  });

  it.each([
    ['speaks TLS 1.0 only', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }, OLD],
    ['speaks TLS 1.1 only', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }, OLD],
    [
      'shares no cipher',
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA256:@SECLEVEL=0' },
      'accepts none of the ciphers',
    ],
    ['speaks HTTP/2 only', { ALPNProtocols: ['h2'] }, 'the receiver speaks HTTP/2 only'],
    ['demands a client certificate in TLS 1.2', { requestCert: true, maxVersion: 'TLSv1.2' }, 'a client certificate'],
    ['demands a client certificate in TLS 1.3', { requestCert: true, minVersion: 'TLSv1.3' }, 'a client certificate'],
  ] satisfies [string, TlsOptions, string][])(
    'is a failed attempt of class tls, which says why, when it %s (CON-10)',
    async (_, options, words) => {
      const { result, begun } = await sendOverTls({ ...certificate('good'), ...options });
      expect(result).toEqual({ kind: 'failed', because: 'tls', detail: expect.stringContaining(words) });
      expect(begun).toEqual([]);
    },
  );

  it.each([
    ['TLS 1.0', 'TLSv1'],
    ['TLS 1.1', 'TLSv1.1'],
  ] as const)('is not spoken to in %s, even where the ciphers of this process would allow it', async (_, version) => {
    const ciphers = tls.DEFAULT_CIPHERS;
    tls.DEFAULT_CIPHERS = 'ALL:@SECLEVEL=0';
    const old = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' };
    const { result, begun } = await sendOverTls({ ...certificate('good'), ...old }).finally(() => {
      tls.DEFAULT_CIPHERS = ciphers;
    });
    expect(result).toEqual({ kind: 'failed', because: 'tls', detail: expect.stringContaining(OLD) });
    expect(begun).toEqual([]);
  });

  it.each(['220 smtp ready\r\n', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'])(
    'is a failed attempt of class tls, which says why, when it speaks none: %j',
    async (answer) => {
      await using receiver = await HostileReceiver.open({
        connected: (socket) => void socket.write(answer),
      });
      await using bench = openBench();
      const result = await bench.send(1, posting(`https://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
      expect(result).toEqual({
        kind: 'failed',
        because: 'tls',
        detail: 'the port does not speak TLS; if it is one for plain HTTP, the URL must begin with http://',
      });
    },
  );

  it('is a failed connection when it resets the handshake (CON-08)', async () => {
    await using receiver = await HostileReceiver.open({ connected: (socket) => void socket.resetAndDestroy() });
    await using bench = openBench();
    const result = await bench.send(1, posting(`https://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'failed', because: 'connection' });
  });

  it('is a timeout when it lets the handshake hang', async () => {
    const { server, helloed } = await silentServer();
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(`https://receiver.example.com:${portOf(server)}/`), ATTEMPT_MS);
    const socket = await helloed;
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toEqual({
      kind: 'failed',
      because: 'timeout',
      detail: 'no TLS handshake in time',
      isUnconnected: true,
    });
    if (!socket.closed) await once(socket, 'close');
    server.close();
  });

  it('serves several requests over one connection, and hears no more once it is closed', async () => {
    await using receiver = await HostileReceiver.open(answering(OK), certificate('good'));
    const bench = openBench();
    const url = `https://receiver.example.com:${receiver.port}/`;
    for (let again = 0; again < 3; again += 1) {
      expect(await bench.send(1, posting(url), ATTEMPT_MS)).toMatchObject({ status: 200 });
    }
    await bench.close();
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect([receiver.connections, receiver.requests.length]).toEqual([1, 3]);
  });
});

/** Takes connections and what they say first, and never answers. */
async function silentServer(): Promise<{ server: Server; helloed: Promise<Socket> }> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => resolve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, helloed: promise };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening on TCP');
  return address.port;
}
