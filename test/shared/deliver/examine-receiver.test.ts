// Real: the examination, the attempt, the caches, the sender, receivers and a token endpoint on loopback, certificates of
// `test/data/tls`. Doubles: Secrets Manager, the resolver and the clock.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineReceiver } from '../../../shared/deliver/examine-receiver.ts';
import { keepConnections } from '../../../shared/egress/http-sender.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { RecordingReceiver } from '../../support/receivers/recording-receiver.ts';
import { loopbackAllowed } from '../../support/receivers/sender-world.ts';
import { AttemptBench, CREDENTIAL_UUID } from './attempt-delivery-world.ts';

const WEEK_MS = 7 * 86_400_000;
const systemAuthorities = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...systemAuthorities, ...authorities]));
afterAll(() => setDefaultCACertificates(systemAuthorities));

/** The steps with a credential, without those on the way to a receiver that go well. */
async function examine(endpointUrl: string, credential: object, { sends = true } = {}) {
  const bench = new AttemptBench();
  // The certificates are younger than the bench.
  bench.clock.stall(WEEK_MS);
  bench.secrets = [{ kind: 'found', secretString: JSON.stringify(credential) }];
  const reaching = { policy: loopbackAllowed, resolve: async () => ['127.0.0.1'], clock: bench.clock };
  const kept = keepConnections(reaching);
  const parts = { ...bench.parts, connections: kept.begin(), reaching };
  const steps = await examineReceiver(
    { endpointUrl, organizationId: 7, credentialUuid: CREDENTIAL_UUID, sends },
    parts,
  );
  await kept.close();
  return steps
    .filter(({ step, ok }) => !ok || !['url', 'dns', 'address', 'connect'].includes(step))
    .map(({ step, ok, detail }) => [step, ok, detail]);
}

describe('an examination with a credential that asks for a token', () => {
  const client = (token_url: string) => ({
    credential_type: 'oauth2_client_credentials',
    credential_data: { token_url, client_id: 'i', client_secret: 'canary-secret' },
  });

  test('asks for one, and sends its test request with it', async () => {
    await using receiver = await RecordingReceiver.open();
    await using issuer = await RecordingReceiver.open(() => ({
      status: 200,
      body: '{"access_token":"canary-token","expires_in":3600}',
    }));
    const steps = await examine(receiver.url(), client(issuer.url()));
    expect(steps).toEqual([
      ['credential', true, 'it can be used, and signs nothing'],
      ['token', true, 'one was issued, and is used for 3540 s'],
      ['send', true, 'status 200'],
    ]);
    expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer canary-token']);
    expect(issuer.received).toHaveLength(1);
  });

  test('says why there is none, and sends nothing', async () => {
    await using receiver = await RecordingReceiver.open();
    await using issuer = await RecordingReceiver.open(() => ({ status: 401, body: '{"error":"invalid_client"}' }));
    expect(await examine(receiver.url(), client(issuer.url()))).toEqual([
      ['credential', true, 'it can be used, and signs nothing'],
      ['token', false, `${new URL(issuer.url()).origin} issues no access token for it: status 401, invalid_client`],
    ]);
    expect(receiver.received).toEqual([]);
  });
});

describe('an examination with a client certificate', () => {
  const shown = (name: Parameters<typeof certificate>[0]) => {
    const { cert, key } = certificate(name);
    return { credential_type: 'none', client_certificate: { certificate: cert, private_key: key } };
  };
  const asking = () =>
    HostileReceiver.open(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), {
      ...certificate('good'),
      ca: [...authorities],
      requestCert: true,
      maxVersion: 'TLSv1.2',
    });

  test('shows it in the handshake and in its test request', async () => {
    await using receiver = await asking();
    expect(await examine(`https://receiver.example.com:${receiver.port}/`, shown('client-only'))).toEqual([
      ['tls', true, expect.stringContaining('TLSv1.2')],
      [
        'credential',
        true,
        expect.stringMatching(/^it can be used, and signs nothing; it has a client certificate, \d+ days left$/),
      ],
      ['send', true, 'status 200'],
    ]);
  });

  test('says what is wrong with it, and sends nothing', async () => {
    await using receiver = await asking();
    const url = `https://receiver.example.com:${receiver.port}/`;
    const name = `invalid: the secret webhook-credentials/7/${CREDENTIAL_UUID}`;
    expect((await examine(url, shown('expired'))).at(-1)).toEqual([
      'credential',
      false,
      expect.stringMatching(`^${name} client_certificate.certificate has expired, on \\d{4}-\\d\\d-\\d\\d$`),
    ]);
    expect((await examine(receiver.url(), shown('client-only'))).at(-1)).toEqual([
      'credential',
      false,
      `${name} holds a client_certificate, which can be shown to an https:// URL only, and endpoint_url begins with http://`,
    ]);
    expect(receiver.requests).toEqual([]);
  });
});
