// Real: the attempt, the caches, the sender, token endpoints that do what no server should, byte by byte, on loopback. Doubles: Secrets
// Manager, the clock, and where it says so the resolver and the address of a socket. Never to be asserted: how much memory Node needs.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { dialTcp } from '../../../shared/egress/http-connect.ts';
import { keepConnections } from '../../../shared/egress/http-sender.ts';
import {
  answering,
  answeringAndEnding,
  type Behaviour,
  HostileReceiver,
} from '../../support/receivers/hostile-receivers.ts';
import { loopbackAllowed, strict } from '../../support/receivers/sender-world.ts';
import { AttemptBench, CREDENTIAL_UUID, secret } from './attempt-delivery-world.ts';

const TOKEN = '{"access_token":"canary-token","token_type":"Bearer"}';
const head = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
const HALF_OF_THE_TIME = 4_000;

/** One attempt of 8 s, whose receiver may take it; `turns` are turned once the endpoint has been asked. */
async function attemptWith(
  behaviour: Behaviour,
  { turns = [], afterwards }: { turns?: readonly number[]; afterwards?: () => Promise<void> } = {},
) {
  await using issuer = await HostileReceiver.open(behaviour);
  await using receiver = await HostileReceiver.open(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const bench = new AttemptBench();
  const data = { token_url: issuer.url(), client_id: 'i', client_secret: 'canary-secret' };
  bench.secrets = [secret('oauth2_client_credentials', data)];
  const kept = keepConnections({ policy: loopbackAllowed, resolve: async () => [], clock: bench.clock });
  const attempting = bench.attempt(
    { credentialUuid: CREDENTIAL_UUID, endpointUrl: receiver.url() },
    { parts: { connections: kept.begin(), attemptTimeoutSeconds: 8 } },
  );
  if (turns.length > 0) await issuer.until(({ requests }) => requests.length > 0);
  for (const ms of turns) await bench.clock.turn(ms);
  await afterwards?.();
  const { outcome } = await attempting;
  await kept.close();
  await issuer.until(({ hungUp, connections }) => hungUp === connections);
  expect(JSON.stringify(outcome)).not.toContain('canary');
  const words = 'detail' in outcome ? (outcome.detail.split(issuer.url('')).at(-1) ?? '') : '';
  return { outcome: { ...outcome, ...(words !== '' && { detail: words.replace(/^: /, '') }) }, receiver };
}

describe('a token endpoint', () => {
  test.each<[what: string, behaviour: Behaviour]>([
    [
      'answers in chunks',
      answering(
        `${head('Transfer-Encoding: chunked')}10\r\n${TOKEN.slice(0, 16)}\r\n`,
        `${(TOKEN.length - 16).toString(16)}\r\n${TOKEN.slice(16)}\r\n0\r\n\r\n`,
      ),
    ],
    ['ends its answer with the connection', answeringAndEnding(head() + TOKEN)],
    [
      'sends what nobody asked for: it is encoded',
      answering(
        Buffer.concat([
          Buffer.from(head(`Content-Length: ${gzipSync(TOKEN).length}`, 'Content-Encoding: gzip')),
          gzipSync(TOKEN),
        ]),
      ),
    ],
    ['answers with bare line feeds', answering(`HTTP/1.1 200 OK\nContent-Length: ${TOKEN.length}\n\n${TOKEN}`)],
    [
      'says first that it is at it',
      answering('HTTP/1.1 102 Processing\r\n\r\n', head(`Content-Length: ${TOKEN.length}`) + TOKEN),
    ],
    [
      'writes a byte order mark',
      answering(Buffer.from(`${head(`Content-Length: ${TOKEN.length + 3}`)}\ufeff${TOKEN}`)),
    ],
  ])('is understood that %s', async (_, behaviour) => {
    const { outcome, receiver } = await attemptWith(behaviour);
    expect(outcome).toMatchObject({ kind: 'accepted' });
    expect(receiver.begun[0]).toContain('\r\nAuthorization: Bearer canary-token\r\n');
  });

  test('that takes its time to the end of its answer has half of the attempt: longer than any other body is waited for', async () => {
    const begun = Promise.withResolvers<() => void>();
    const slow: Behaviour = {
      received: (socket) => {
        socket.write(head(`Content-Length: ${TOKEN.length}`) + TOKEN.slice(0, 10));
        begun.resolve(() => void socket.write(TOKEN.slice(10)));
      },
    };
    const { outcome } = await attemptWith(slow, {
      turns: [HALF_OF_THE_TIME - 1],
      afterwards: async () => (await begun.promise)(),
    });
    expect(outcome).toMatchObject({ kind: 'accepted' });
  });

  test.each<[what: string, behaviour: Behaviour, because: string, turns?: number[]]>([
    ['never answers', {}, 'timeout: no complete response header in time', [HALF_OF_THE_TIME]],
    [
      'never ends its header',
      answering('HTTP/1.1 200 OK\r\nX-A: '),
      'timeout: no complete response header in time',
      [HALF_OF_THE_TIME],
    ],
    [
      'never ends its body',
      answering(head('Content-Length: 100') + TOKEN),
      'an answer that broke off, or is longer than 64 KiB',
      [HALF_OF_THE_TIME],
    ],
    [
      'says again and again that it is at it',
      flooding('HTTP/1.1 100 Continue\r\n\r\n'.repeat(400)),
      'timeout: no complete response header in time',
      [HALF_OF_THE_TIME],
    ],
    [
      'breaks off',
      answeringAndEnding(head('Content-Length: 100') + TOKEN),
      'an answer that broke off, or is longer than 64 KiB',
    ],
    [
      'hangs up',
      { received: (socket) => void socket.end() },
      'protocol: the receiver hung up before the response header was complete',
    ],
    [
      'speaks something else',
      answering('220 mail.example.com ESMTP canary\r\n'),
      'protocol: the answer does not start like an HTTP/1 response',
    ],
    [
      'answers without end',
      flooding('x'.repeat(16 * 1024), head('Transfer-Encoding: identity')),
      'an answer that broke off, or is longer than 64 KiB',
    ],
    [
      'answers in chunks without end',
      flooding('4000\r\n' + `${'x'.repeat(16 * 1024)}\r\n`, head('Transfer-Encoding: chunked')),
      'an answer that broke off, or is longer than 64 KiB',
    ],
    ['sends a bomb', bomb(), 'an answer that is not JSON'],
    [
      'says that it is encoded, and is not',
      answering(head(`Content-Length: ${4}`, 'Content-Encoding: gzip') + 'nope'),
      'an answer that is not JSON',
    ],
    [
      'answers deeper than anybody nests',
      answering(head(`Content-Length: ${60_000}`) + '['.repeat(60_000)),
      'an answer that is not JSON',
    ],
  ])(
    'that %s fails the attempt within half of its time, and its connection is closed',
    async (_, behaviour, because, turns) => {
      const { outcome, receiver } = await attemptWith(behaviour, turns && { turns });
      expect(outcome).toEqual({ kind: 'failed', because: 'credential_missing', detail: because });
      expect(receiver.connections).toBe(0);
    },
  );

  test('is sent nothing in the clear unless a setting names its address', async () => {
    await using issuer = await HostileReceiver.open(answering(head(`Content-Length: ${TOKEN.length}`) + TOKEN));
    const bench = new AttemptBench();
    const data = { token_url: `http://auth.example.com:${issuer.port}/`, client_id: 'i', client_secret: 's' };
    bench.secrets = [secret('oauth2_client_credentials', data)];
    const kept = keepConnections({
      policy: strict,
      resolve: async () => ['93.184.216.34'],
      clock: bench.clock,
      connect: (address, port) =>
        Object.defineProperty(dialTcp('127.0.0.1', port), 'remoteAddress', { value: address }),
    });
    const { outcome } = await bench.attempt(
      { credentialUuid: CREDENTIAL_UUID },
      { parts: { connections: kept.begin() } },
    );
    await kept.close();
    expect(outcome).toMatchObject({
      kind: 'failed',
      because: 'credential_invalid',
      detail: expect.stringMatching(
        /cannot be asked for an access token: its URL must begin with https:\/\/: http:\/\/ is for addresses that a setting allows$/,
      ),
    });
    expect([issuer.connections, issuer.bytes]).toEqual([1, 0]);
  });
});

/** As fast as it is read, until it is hung up on. */
function flooding(piece: string, first = ''): Behaviour {
  return {
    received: (socket) => {
      socket.write(first);
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', more);
      more();
    },
  };
}

function bomb(): Behaviour {
  const bytes = gzipSync(Buffer.alloc(20 * 1024 * 1024));
  const start = head(`Content-Length: ${bytes.length}`, 'Content-Encoding: gzip');
  return answering(Buffer.concat([Buffer.from(start), bytes]));
}
