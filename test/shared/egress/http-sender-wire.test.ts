import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { dialTcp } from '../../../shared/egress/http-connect.ts';
import { egressPolicy } from '../../../shared/egress/egress-guard.ts';
import { type WireFacts } from '../../../shared/egress/http-sender.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import {
  ATTEMPT_MS,
  blackHole,
  openBench,
  posting,
  RecordingDial,
  openConnections,
} from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// What a send tells of the wire. Real: the sender, receivers on loopback sockets, TLS. Doubles: the resolver, and the clock where
// one turns. Never to be asserted: an address, or a value that a receiver sent.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Served-By: ada\r\n\r\nok';
const systemAuthorities = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...systemAuthorities, ...authorities]));
afterAll(() => setDefaultCACertificates(systemAuthorities));

const phasesOf = (facts: WireFacts | undefined) => Object.keys(facts?.phasesMs ?? {});

describe('a request that was answered', () => {
  it('tells the way it went, the names it was answered with, and each phase', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    await bench.send(1, posting(`http://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    const [facts] = bench.told;
    expect(facts).toMatchObject({
      written: 'whole',
      connection: { isKept: false, family: 'IPv4', reach: 'private' },
      response: { headerNames: ['content-length', 'x-served-by'], bodyBytes: 2, isComplete: true },
    });
    expect(facts?.connection).not.toHaveProperty('tls');
    expect(phasesOf(facts)).toEqual(['wait', 'resolve', 'connect', 'first_byte', 'body']);
    expect(JSON.stringify(facts)).not.toMatch(/127\.0|ada/);
  });

  it('over TLS tells its version and the time of the handshake', async () => {
    await using receiver = await HostileReceiver.open(answering(OK), certificate('good'));
    await using bench = openBench();
    await bench.send(1, posting(`https://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect(bench.told).toMatchObject([{ connection: { family: 'IPv4', reach: 'private', tls: 'TLSv1.3' } }]);
    expect(phasesOf(bench.told[0])).toEqual(['wait', 'resolve', 'connect', 'tls', 'first_byte', 'body']);
  });

  it('over a connection that was open already was neither resolved nor connected for', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench();
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(bench.told[1]).toMatchObject({ connection: { isKept: true, family: 'IPv4', reach: 'private' } });
    expect(phasesOf(bench.told[1])).toEqual(['wait', 'first_byte', 'body']);
  });

  it('with more body than is read says how much was', async () => {
    const long = `HTTP/1.1 500 No\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(100_000)}`;
    await using receiver = await HostileReceiver.open(answering(long));
    await using bench = openBench();
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(bench.told).toMatchObject([{ response: { isComplete: false } }]);
    expect(bench.told[0]?.response?.bodyBytes).toBeGreaterThan(64 * 1024);
  });

  it('counts time where it passes', async () => {
    const clock = new TurnedClock();
    await using receiver = await HostileReceiver.open({
      received: (socket) => {
        clock.stall(80);
        socket.write(OK);
      },
    });
    const resolve = async () => {
      clock.stall(30);
      return ['127.0.0.1'];
    };
    const connect = (address: string, port: number) => dialTcp(address, port).once('connect', () => clock.stall(7));
    await using bench = openBench({ clock, resolve, connect });
    await bench.send(1, posting(`http://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect(bench.told[0]?.phasesMs).toEqual({ wait: 0, resolve: 30, connect: 7, first_byte: 80, body: 0 });
  });
});

describe('a request that was not answered tells where it ended', () => {
  it('at the name', async () => {
    await using bench = openBench({ resolve: () => Promise.resolve([]) });
    await bench.send(1, posting('http://receiver.example.com/'), ATTEMPT_MS);
    expect(bench.told[0]).toMatchObject({ written: 'nothing' });
    expect(phasesOf(bench.told[0])).toEqual(['wait', 'resolve']);
    expect([bench.told[0]?.connection, bench.told[0]?.response]).toEqual([undefined, undefined]);
  });

  it('at the connection, refused or silent', async () => {
    await using refused = openBench({ connect: new RecordingDial().dial });
    await refused.send(1, posting('http://127.0.0.1:8080/'), ATTEMPT_MS);
    const clock = new TurnedClock();
    await using silent = openBench({ clock, connect: blackHole(['127.0.0.1']) });
    const sent = silent.send(1, posting('http://127.0.0.1:8080/'), ATTEMPT_MS);
    await clock.timerSet(ATTEMPT_MS);
    await clock.turn(ATTEMPT_MS);
    await sent;
    expect([...refused.told, ...silent.told].map(phasesOf)).toEqual([
      ['wait', 'connect'],
      ['wait', 'connect'],
    ]);
    expect(silent.told[0]).toMatchObject({ written: 'nothing', phasesMs: { connect: ATTEMPT_MS } });
  });

  it('at the handshake', async () => {
    await using receiver = await HostileReceiver.open(answering(OK), certificate('expired'));
    await using bench = openBench();
    await bench.send(1, posting(`https://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect(bench.told[0]).toMatchObject({ written: 'nothing' });
    expect(phasesOf(bench.told[0])).toEqual(['wait', 'resolve', 'connect', 'tls']);
  });

  it('after all of it was written', async () => {
    await using receiver = await HostileReceiver.open({ received: (socket) => socket.destroy() });
    await using bench = openBench();
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(bench.told).toMatchObject([{ written: 'whole', connection: { isKept: false } }]);
    expect(bench.told[0]).not.toHaveProperty('response');
    expect(phasesOf(bench.told[0])).toEqual(['wait', 'connect', 'first_byte']);
  });

  it('in the middle of its body', async () => {
    await using receiver = await HostileReceiver.open({
      begun: (socket) => {
        socket.pause();
        socket.destroy();
      },
    });
    await using bench = openBench();
    await bench.send(1, posting(receiver.url(), { body: Buffer.alloc(50_000_000) }), ATTEMPT_MS);
    expect(bench.told).toMatchObject([{ written: 'part' }]);
  });

  it('before anything was tried not at all', async () => {
    await using bench = openBench();
    await bench.send(1, posting('http://10.0.0.1:22/'), ATTEMPT_MS);
    expect(bench.told).toEqual([]);
  });
});

it('a peer at a public address is called public', async () => {
  await using receiver = await HostileReceiver.open(answering(OK));
  const told: WireFacts[] = [];
  const connections = openConnections({
    policy: egressPolicy({ allowCidrs: [], blockedAuthorities: [] }),
    resolve: () => Promise.resolve(['93.184.215.14']),
    // What was judged is what the socket says of its other end; the packets stay on this machine.
    connect: (address) =>
      Object.defineProperty(dialTcp('127.0.0.1', receiver.port), 'remoteAddress', { get: () => address }),
    clock: systemClock,
  });
  await connections.send(1, posting('http://receiver.example.com/'), {
    timeoutMs: ATTEMPT_MS,
    mustStartByMonotonicMs: Infinity,
    tell: (facts) => told.push(facts),
  });
  await connections.close();
  expect(told).toMatchObject([{ written: 'whole', connection: { reach: 'public', family: 'IPv4' } }]);
});
