import { X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates, type TlsOptions, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCredential } from '../../../shared/credentials/credentials.ts';
import { examineEndpoint } from '../../../shared/egress/examine-endpoint.ts';
import type { OutgoingRequest } from '../../../shared/egress/http-sender.ts';
import { classifyFailure } from '../../../shared/egress/http-failure.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, loopbackAllowed, openBench, posting } from '../../support/receivers/sender-world.ts';

// Client certificates in the handshake. Real: the sender, TLS receivers on loopback that ask for a certificate, certificates of
// `test/data/tls`. Doubles: the resolver. Never to be asserted: that a certificate is not sent to a receiver that does not ask, which
// TLS itself sees to.

const systemAuthorities = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...systemAuthorities, ...authorities]));
afterAll(() => setDefaultCACertificates(systemAuthorities));

type Shown = NonNullable<OutgoingRequest['clientCertificate']>;
const KEPT = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n';
const CLOSED = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

const client = shownAs('client-only');
const other = shownAs('chained');

function shownAs(name: Parameters<typeof certificate>[0]): Shown {
  const { key, cert } = certificate(name);
  const secret = { credential_type: 'none', client_certificate: { certificate: cert, private_key: key } };
  const parsed = parseCredential(JSON.stringify(secret), { headerPrefix: 'X' });
  if (!parsed.ok || parsed.credential.clientCertificate === undefined) throw new Error('no certificate');
  return parsed.credential.clientCertificate;
}

/** Whom each connection came from, and whether its session was resumed. */
async function asking(answer: string, options: TlsOptions = {}) {
  const seen: { serial: string | undefined; isTrusted: boolean; isResumed: boolean }[] = [];
  const receiver = await HostileReceiver.open(
    {
      ...answering(answer),
      connected: (socket) => {
        if (!(socket instanceof TLSSocket)) return;
        const { serialNumber } = socket.getPeerX509Certificate() ?? {};
        seen.push({ serial: serialNumber, isTrusted: socket.authorized, isResumed: socket.isSessionReused() });
      },
    },
    { ...certificate('good'), requestCert: true, rejectUnauthorized: false, ca: [...authorities], ...options },
  );
  const bench = openBench();
  const send = (clientCertificate?: Shown, organizationId = 1) =>
    bench.send(
      organizationId,
      posting(`https://receiver.example.com:${receiver.port}/`, { clientCertificate }),
      ATTEMPT_MS,
    );
  return {
    seen,
    receiver,
    bench,
    send,
    async [Symbol.asyncDispose]() {
      await bench.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

describe('a client certificate', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is shown to a receiver that asks for one: %s', async (version) => {
    await using open = await asking(KEPT, { minVersion: version, maxVersion: version, rejectUnauthorized: true });
    expect(await open.send(client)).toMatchObject({ kind: 'response', status: 200 });
    expect(open.seen).toEqual([{ serial: serialOf('client-only'), isTrusted: true, isResumed: false }]);
    expect(open.bench.told[0]?.connection).toMatchObject({ tls: version, hasClientCertificate: true });
  });

  it('changes nothing for a receiver that does not ask, and is in no fact where there is none', async () => {
    await using open = await asking(KEPT, { requestCert: false });
    expect(await open.send(client)).toMatchObject({ kind: 'response', status: 200 });
    expect(await open.send()).toMatchObject({ kind: 'response', status: 200 });
    expect(open.bench.told.map(({ connection }) => connection?.hasClientCertificate)).toEqual([true, undefined]);
  });

  it('has connections of its own: none serves another certificate, no certificate, or another organization', async () => {
    await using open = await asking(KEPT);
    for (const [shown, organization] of [
      [client, 1],
      [other, 1],
      [undefined, 1],
      [client, 2],
      [client, 1],
      [undefined, 1],
    ] as const) {
      await open.send(shown, organization);
    }
    expect(open.seen.map(({ serial }) => serial)).toEqual([
      serialOf('client-only'),
      serialOf('chained'),
      undefined,
      serialOf('client-only'),
    ]);
    expect(open.bench.told.map(({ connection }) => connection?.isKept)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'has sessions of its own: a changed certificate resumes none of the old one: %s',
    async (version) => {
      await using open = await asking(CLOSED, { minVersion: version, maxVersion: version });
      for (const shown of [client, other, undefined, client, other, undefined]) await open.send(shown);
      expect(open.seen.map(({ isResumed }) => isResumed)).toEqual([false, false, false, true, true, true]);
      expect(new Set(open.seen.slice(0, 3).map(({ serial }) => serial)).size).toBe(3);
    },
  );

  it('is shown when a receiver is examined, too', async () => {
    await using open = await asking(KEPT, { maxVersion: 'TLSv1.2', rejectUnauthorized: true });
    const examine = (clientCertificate?: Shown) =>
      examineEndpoint(
        `https://receiver.example.com:${open.receiver.port}/`,
        { policy: loopbackAllowed, resolve: async () => ['127.0.0.1'], clock: systemClock, clientCertificate },
        10_000,
      );
    expect((await examine(client)).at(-1)).toMatchObject({ step: 'tls', ok: true });
    expect((await examine()).at(-1)).toMatchObject({
      step: 'tls',
      ok: false,
      detail: expect.stringContaining('client certificate'),
    });
  });
});

describe('a receiver that refuses a client certificate', () => {
  // It takes no signature of this kind, so that OpenSSL shows nothing; the alert is the real one, in TLS 1.3 behind the handshake.
  it.each([
    ['TLSv1.2', 'the receiver broke off the handshake; it probably refuses the client certificate'],
    ['TLSv1.3', 'the receiver demands a client certificate'],
  ] as const)('and says so by an alert fails it as tls, in words: %s', async (version, detail) => {
    const sigalgs = 'ecdsa_secp256r1_sha256';
    await using open = await asking(KEPT, {
      sigalgs,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: true,
    });
    expect(await open.send(shownAs('ed25519'))).toEqual({ kind: 'failed', because: 'tls', detail });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'and just hangs up is told apart as far as anybody can: %s',
    async (version) => {
      const options = {
        minVersion: version,
        maxVersion: version,
        rejectUnauthorized: true,
        ca: [authorities[1] ?? ''],
      };
      await using open = await asking(KEPT, options);
      const result = await open.send(shownAs('ed25519'));
      expect(result).toMatchObject({ kind: 'failed' });
      expect(result.kind === 'failed' && result.detail).toMatch(/it may have refused the client certificate$/);
    },
  );

  it.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the receiver demands a client certificate'],
    [
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'the receiver refuses the client certificate: it does not know its authority, or lacks a certificate between the two',
    ],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'the receiver refuses the client certificate: to it, it has expired'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'the receiver refuses the client certificate: it has been revoked'],
    [
      'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
      'the receiver refuses the client certificate: it takes none of this kind or purpose',
    ],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the receiver refuses the client certificate'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'the receiver refuses the client certificate'],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'the receiver knows the client certificate and does not let it in'],
  ])('is understood, in the handshake and behind it, by its alert: %s', (code, detail) => {
    for (const phase of ['tls', 'exchange'] as const) {
      expect(classifyFailure({ code }, phase)).toEqual({ kind: 'failed', because: 'tls', detail });
    }
  });
});

function serialOf(name: Parameters<typeof certificate>[0]): string {
  return new X509Certificate(certificate(name).cert).serialNumber;
}
