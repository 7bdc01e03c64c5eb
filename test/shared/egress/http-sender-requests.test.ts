import { describe, expect, it } from 'vitest';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ORIGIN } from '../../../shared/egress/http-connections.ts';
import type { OutgoingRequest } from '../../../shared/egress/http-sender.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, receivers on raw loopback sockets. Doubles: the resolver, and the clock where one turns.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const BIG = Buffer.alloc(5_000_000, 'a');

describe('what goes over the wire', () => {
  it('is the request as given, and of the client only what frames it', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    const headers: OutgoingRequest['headers'] = [
      ['Content-Type', 'application/json'],
      ['User-Agent', 'surehook/0'],
      ['X-Empty', ''],
      ['X-Tab', 'a\tb'],
    ];
    const body = Buffer.from('{"a": "ü"}');
    await bench.send(1, posting(receiver.url('/a%20b/?q=%0d%0a&r=é'), { headers, body }), ATTEMPT_MS);
    expect(receiver.requests[0]?.head.split('\r\n')).toEqual([
      'POST /a%20b/?q=%0d%0a&r=%C3%A9 HTTP/1.1',
      `host: 127.0.0.1:${receiver.port}`,
      'connection: keep-alive',
      'Content-Type: application/json',
      'User-Agent: surehook/0',
      'X-Empty: ',
      'X-Tab: a\tb',
      'content-length: 11',
    ]);
    expect(receiver.requests[0]?.body).toEqual(body);
  });

  it('asks for no encoding (REQ-11)', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(receiver.begun.join('').toLowerCase()).not.toContain('accept-encoding');
  });

  it('names the host without the trailing dot', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    await bench.send(1, posting(`http://Receiver.Example.com.:${receiver.port}/`), ATTEMPT_MS);
    expect(receiver.begun[0]).toContain(`\r\nhost: receiver.example.com:${receiver.port}\r\n`);
  });

  it.each(['GET', 'DELETE'])('holds no body for %s, whatever was handed over (REQ-05)', async (method) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    expect(await bench.send(1, posting(receiver.url(), { method }), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.begun[0]).not.toMatch(/content-length|transfer-encoding/i);
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.requests.map((request) => request.body.length)).toEqual([0, 11]);
  });

  it.each(['POST', 'PUT', 'PATCH'])('says that a %s without a body has none', async (method) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    await bench.send(1, posting(receiver.url(), { method, body: undefined }), ATTEMPT_MS);
    expect(receiver.begun[0]).toMatch(new RegExp(`^${method} .*content-length: 0$`, 's'));
  });

  it('never holds a cookie that a receiver set before (REQ-09)', async () => {
    await using receiver = await HostileReceiver.open(
      answering('HTTP/1.1 200 OK\r\nSet-Cookie: a=tenant; Path=/\r\nContent-Length: 0\r\n\r\n'),
    );
    await using bench = openBench();
    for (const organizationId of [1, 1, 2]) await bench.send(organizationId, posting(receiver.url()), ATTEMPT_MS);
    expect(receiver.begun.join('').toLowerCase()).not.toContain('cookie');
  });

  it.each([
    ['a line break in a value', [['X-A', 'a\r\nX-Evil: 1']]],
    ['a carriage return', [['X-A', 'a\rb']]],
    ['a line feed at the end', [['X-A', 'a\n']]],
    ['a NUL', [['X-A', 'a\0']]],
    ['what Latin-1 cannot carry', [['X-A', '€']]],
    ['what ASCII cannot carry', [['X-A', 'é']]],
    ['a name with a space', [['X A', 'a']]],
    ['a name with a colon', [['X-A:', 'a']]],
    ['a name with a line break', [['X-A\r\nX-Evil', 'a']]],
    ['no name', [['', 'a']]],
    ['a host of its own', [['HOST', 'evil.example.com']]],
    ['a length of its own', [['content-length', '1']]],
    ['an encoding of its own', [['Transfer-Encoding', 'chunked']]],
    ['a connection of its own', [['Connection', 'X-A']]],
    ['an upgrade', [['Upgrade', 'h2c']]],
    ['an expectation', [['Expect', '100-continue']]],
    ['a length as CGI would read it', [['Content_Length', '1']]],
    ['an encoding as CGI would read it', [['transfer_encoding', 'chunked']]],
    ['settings of HTTP/2', [['HTTP2-Settings', 'AAMAAABkAAQAAP__']]],
    [
      'one name twice in two cases',
      [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
    ],
    [
      'one name twice as CGI would read it',
      [
        ['X-A', '1'],
        ['X_A', '2'],
      ],
    ],
  ] satisfies [string, [string, string][]][])('is nothing at all for a header with %s (REQ-03)', async (_, headers) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url(), { headers }), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'refused', because: 'header' });
    expect(JSON.stringify(result)).not.toContain('Evil');
    expect(receiver.connections).toBe(0);
  });

  it('is nothing at all for a method that is no token', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url(), { method: 'PO ST' }), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'refused', because: 'header' });
    expect(receiver.connections).toBe(0);
  });
});

describe('a large upload', () => {
  it('ends at the deadline when the receiver stops reading (REQ-07)', async () => {
    await using receiver = await HostileReceiver.open({ begun: (socket) => socket.pause() });
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sent = bench.send(1, posting(receiver.url(), { body: Buffer.alloc(50_000_000) }), ATTEMPT_MS);
    await receiver.until(({ begun }) => begun.length === 1);
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toMatchObject({ kind: 'failed', because: 'timeout' });
  });

  it.each(Array.from({ length: 10 }, (_, round) => round))(
    'has the status of a receiver that answers 413 and hangs up in its middle, time %i (REQ-08)',
    async () => {
      await using receiver = await HostileReceiver.open({
        begun: (socket) => {
          socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
            socket.destroy(),
          );
        },
      });
      await using bench = openBench();
      const result = await bench.send(1, posting(receiver.url(), { body: BIG }), ATTEMPT_MS);
      expect(result).toMatchObject({ kind: 'response', status: 413 });
      expect(receiver.begun).toHaveLength(1);
    },
  );

  it('has the status of a receiver that answers with as much meanwhile, and resets in the end (RES-28)', async () => {
    await using receiver = await HostileReceiver.open({
      begun: (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG.length}\r\n\r\n`);
        socket.write(BIG, () => socket.resetAndDestroy());
      },
    });
    await using bench = openBench();
    const result = await bench.send(1, posting(receiver.url(), { body: BIG }), ATTEMPT_MS);
    expect(result).toMatchObject({ kind: 'response', status: 200 });
    expect(receiver.begun).toHaveLength(1);
  });

  it('is not finished over a connection that was answered early: the next request takes another', async () => {
    await using receiver = await HostileReceiver.open({
      begun: (socket, { path }) => {
        socket.write(OK);
        if (path === '/early') socket.pause();
      },
    });
    await using bench = openBench();
    const early = posting(receiver.url('/early'), { body: Buffer.alloc(50_000_000) });
    expect(await bench.send(1, early, ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(await bench.send(1, posting(receiver.url('/next')), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.connections).toBe(2);
  });
});

describe('a connection', () => {
  it('serves an organization and an origin again, and nobody else (CON-18)', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    const send = (organizationId: number, url: string) => bench.send(organizationId, posting(url), ATTEMPT_MS);
    for (let again = 0; again < 3; again += 1) await send(1, receiver.url(`/${again}`));
    expect(receiver.connections).toBe(1);
    await send(2, receiver.url());
    expect(receiver.connections).toBe(2);
    await send(1, `http://name.example.com:${receiver.port}/`);
    expect(receiver.connections).toBe(3);
    expect(receiver.requests).toHaveLength(5);
  });

  it('is not used again after an answer that ends it', async () => {
    await using receiver = await HostileReceiver.open(
      answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    );
    await using bench = openBench();
    for (let again = 0; again < 3; again += 1) {
      expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
    }
    expect([receiver.connections, receiver.requests.length]).toEqual([3, 3]);
  });

  it('that died idle is replaced, for nothing of the request was written (CON-17)', async () => {
    await using receiver = await HostileReceiver.open({
      received: (socket) => void socket.end(OK),
    });
    await using bench = openBench();
    for (let again = 1; again <= 5; again += 1) {
      expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
      await receiver.until(({ hungUp }) => hungUp === again);
    }
    expect([receiver.connections, receiver.requests.length]).toEqual([5, 5]);
  });

  it.each(['POST', 'GET', 'PUT', 'DELETE'])(
    'that dies under a second %s fails it, and nothing is written twice (CON-17)',
    async (method) => {
      let served = 0;
      await using receiver = await HostileReceiver.open({
        received: (socket) => {
          served += 1;
          if (served === 1) socket.write(OK);
          else socket.end();
        },
      });
      await using bench = openBench();
      expect(await bench.send(1, posting(receiver.url(), { method }), ATTEMPT_MS)).toMatchObject({ status: 200 });
      expect(await bench.send(1, posting(receiver.url(), { method }), ATTEMPT_MS)).toEqual({
        kind: 'failed',
        because: 'connection',
        detail: 'the receiver closed the connection before answering',
      });
      expect([receiver.connections, receiver.requests.length]).toEqual([1, 2]);
    },
  );

  it('that is reset under its first request fails it once', async () => {
    await using receiver = await HostileReceiver.open({ received: (socket) => void socket.resetAndDestroy() });
    await using bench = openBench();
    expect(await bench.send(1, posting(receiver.url(), { method: 'GET' }), ATTEMPT_MS)).toEqual({
      kind: 'failed',
      because: 'connection',
      detail: 'connection reset by the receiver',
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('cannot hand an answer nobody asked for to the next request', async () => {
    await using receiver = await HostileReceiver.open({
      received: (socket, { path }) => {
        socket.write(path === '/first' ? `${OK}HTTP/1.1 299 Poisoned\r\nContent-Length: 0\r\n\r\n` : OK);
      },
    });
    await using bench = openBench();
    expect(await bench.send(1, posting(receiver.url('/first')), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(await bench.send(1, posting(receiver.url('/second')), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.requests).toHaveLength(2);
  });

  it('is one of a bounded number to an origin; what waits is sent once', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    const sends = Array.from({ length: 4 * MAX_CONNECTIONS_PER_ORIGIN }, (_, n) =>
      bench.send(1, posting(receiver.url(`/${n}`)), ATTEMPT_MS),
    );
    const results = await Promise.all(sends);
    expect(results.map(statusOf)).toEqual(sends.map(() => 200));
    expect(receiver.connections).toBe(MAX_CONNECTIONS_PER_ORIGIN);
    expect(new Set(receiver.requests.map(({ path }) => path)).size).toBe(sends.length);
    expect(receiver.requests).toHaveLength(sends.length);
  });

  it('is one of a bounded number in total, where idle ones make room', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    for (let organizationId = 1; organizationId <= MAX_CONNECTIONS + 5; organizationId += 1) {
      await bench.send(organizationId, posting(receiver.url()), ATTEMPT_MS);
    }
    await receiver.until(({ hungUp }) => hungUp === 5);
    expect(receiver.connections - receiver.hungUp).toBe(MAX_CONNECTIONS);
  });

  it('that never becomes free is no fault of the receiver', async () => {
    await using receiver = await HostileReceiver.open({});
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const held = Array.from({ length: MAX_CONNECTIONS_PER_ORIGIN }, () =>
      bench.send(1, posting(receiver.url()), ATTEMPT_MS),
    );
    const waiting = bench.send(1, posting(receiver.url()), ATTEMPT_MS - 1);
    await receiver.until(({ requests }) => requests.length === MAX_CONNECTIONS_PER_ORIGIN);
    await clock.turn(ATTEMPT_MS);
    expect(await waiting).toMatchObject({ kind: 'exhausted' });
    expect((await Promise.all(held)).map(({ kind }) => kind)).toEqual(held.map(() => 'failed'));
    expect(receiver.requests).toHaveLength(MAX_CONNECTIONS_PER_ORIGIN);
  });
});

function statusOf(result: SendResult): number | undefined {
  return result.kind === 'response' ? result.status : undefined;
}
