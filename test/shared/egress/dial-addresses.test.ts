import { describe, expect, it } from 'vitest';
import { type Dial, MAX_ADDRESSES_TRIED, NEXT_ADDRESS_AFTER_MS } from '../../../shared/egress/dial-addresses.ts';
import type { Resolve } from '../../../shared/egress/http-connect.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import {
  ATTEMPT_MS,
  IN_TIME,
  blackHole,
  openBench,
  posting,
  RecordingDial,
  resolvingInTurn,
  strict,
  openConnections,
} from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, and receivers on loopback. Doubles: the resolver, and for every address that is not
// loopback the dial, which only writes down what it was asked for. No test may reach another address.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function send(url: string, options: { resolve: Resolve; connect: Dial }) {
  const connections = openConnections({ policy: strict, clock: systemClock, ...options });
  return connections.send(1, posting(url), IN_TIME).finally(() => connections.close());
}

describe('a receiver that cannot be reached', () => {
  const url = 'http://receiver.example.com/';

  it.each([
    ['ECONNREFUSED', 'connection refused'],
    ['EHOSTUNREACH', 'receiver unreachable'],
    ['ENETUNREACH', 'receiver unreachable'],
    ['ECONNRESET', 'connection reset by the receiver'],
    ['EWHATEVER', 'the connection broke before the response was complete'],
  ])('is a failed attempt: %s (CON-08)', async (code, detail) => {
    const recorder = new RecordingDial({ '93.184.216.34': code });
    const result = await send(url, { resolve: resolvingInTurn(['93.184.216.34']), connect: recorder.dial });
    expect(result).toEqual({ kind: 'failed', because: 'connection', detail });
  });

  it('is refused for real where nobody listens', async () => {
    const receiver = await HostileReceiver.open({});
    const target = receiver.url();
    await receiver[Symbol.asyncDispose]();
    await using bench = openBench();
    expect(await bench.send(1, posting(target), ATTEMPT_MS)).toMatchObject({ detail: 'connection refused' });
  });

  it('is a timeout when it swallows the connection (CON-09)', async () => {
    const clock = new TurnedClock();
    await using bench = openBench({ clock, connect: blackHole(['127.0.0.1']) });
    const sent = bench.send(1, posting(url), ATTEMPT_MS);
    await clock.timerSet(NEXT_ADDRESS_AFTER_MS);
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toEqual({
      kind: 'failed',
      because: 'timeout',
      detail: 'no connection in time',
      isUnconnected: true,
    });
  });

  it.each(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOMEM', 'ENOBUFS'])(
    'is no fault of its own when this process has run out: %s (CON-14)',
    async (code) => {
      const recorder = new RecordingDial({ '93.184.216.34': code });
      const resolve = resolvingInTurn(['2606:2800:220:1::1', '93.184.216.34']);
      const result = await send(url, { resolve, connect: recorder.dial });
      expect(result).toEqual({ kind: 'exhausted', detail: 'this process ran out of sockets or memory' });
    },
  );

  it('is at fault when this machine has no IPv6 and it has nothing else', async () => {
    const address = '2606:2800:220:1::1';
    const recorder = new RecordingDial({ [address]: 'EADDRNOTAVAIL' });
    const result = await send(url, { resolve: resolvingInTurn([address]), connect: recorder.dial });
    expect(result).toMatchObject({ kind: 'failed', because: 'connection' });
  });
});

describe('addresses of a family that this machine has no way to', () => {
  const url = 'http://receiver.example.com/';
  const ofIpv6 = (count: number) => Array.from({ length: count }, (_, n) => `2606:2800:220:1::${(n + 1).toString(16)}`);
  const ofIpv4 = (count: number) => Array.from({ length: count }, (_, n) => `93.184.216.${n + 1}`);
  const all = (addresses: string[], code: string) => Object.fromEntries(addresses.map((address) => [address, code]));

  it.each([
    ['ENETUNREACH', 8, 8],
    ['EADDRNOTAVAIL', 8, 8],
    ['EHOSTUNREACH', 8, 8],
    ['EAFNOSUPPORT', 8, 8],
    ['ENETUNREACH', 1000, 32],
  ])('take nobody’s place: %s of %i beside %i', async (code, withoutWay, others) => {
    const recorder = new RecordingDial(all(ofIpv6(withoutWay), code));
    const resolve = resolvingInTurn([...ofIpv6(withoutWay), ...ofIpv4(others)]);
    expect(await send(url, { resolve, connect: recorder.dial })).toEqual({
      kind: 'failed',
      because: 'connection',
      detail: 'connection refused',
    });
    const dialled = recorder.dialled.filter((address) => address.includes('.'));
    expect(dialled).toEqual(ofIpv4(others).map((address) => `${address} 80`));
    expect(recorder.dialled.length).toBeLessThanOrEqual(2 * MAX_ADDRESSES_TRIED);
  });

  it('are not all asked about, however many there are', async () => {
    const recorder = new RecordingDial(all(ofIpv6(1000), 'ENETUNREACH'));
    await send(url, { resolve: resolvingInTurn(ofIpv6(1000)), connect: recorder.dial });
    expect(recorder.dialled).toHaveLength(MAX_ADDRESSES_TRIED);
  });

  it('of a translator, beside addresses of IPv4 that refuse, are passed over', async () => {
    const recorder = new RecordingDial(all(['64:ff9b::5db8:d822'], 'ENETUNREACH'));
    const resolve = resolvingInTurn(['64:ff9b::5db8:d822', '93.184.216.34']);
    expect(await send(url, { resolve, connect: recorder.dial })).toMatchObject({ detail: 'connection refused' });
    expect(recorder.dialled).toEqual(['93.184.216.34 80', '64:ff9b::5db8:d822 80']);
  });
});

describe('several addresses', () => {
  it.each([5, MAX_ADDRESSES_TRIED])('are tried one after the other: all of %i but the last refuse', async (count) => {
    const addresses = Array.from({ length: count }, (_, n) => `127.0.0.${n + 1}`);
    await using receiver = await HostileReceiver.open(answering(OK), undefined, addresses.at(-1));
    await using bench = openBench({ resolve: resolvingInTurn(addresses) });
    const url = `http://many.example.com:${receiver.port}/`;
    expect(await bench.send(1, posting(url), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('that are silent are dialled four at a time, and one that fails makes room for the next at once', async () => {
    const clock = new TurnedClock();
    const silent: ReturnType<Dial>[] = [];
    const recorder = new RecordingDial();
    const connect: Dial = (address, port) => {
      if (address === '127.0.0.6') return recorder.dial(address, port);
      const socket = blackHole([address])(address, port);
      silent.push(socket);
      return socket;
    };
    const resolve = resolvingInTurn(Array.from({ length: 8 }, (_, n) => `127.0.0.${n + 1}`));
    await using bench = openBench({ clock, resolve, connect });
    const sent = bench.send(1, posting('http://silent.example.com/'), ATTEMPT_MS);
    await clock.timerSet(NEXT_ADDRESS_AFTER_MS);
    await clock.turn(ATTEMPT_MS / 2);
    expect(silent).toHaveLength(4);

    silent[0]?.destroy(new Error('timed out at last'));
    await clock.turn(0);
    expect(silent).toHaveLength(5);

    // The sixth refuses, so that the seventh is dialled beside the four that still are.
    silent[1]?.destroy(new Error('timed out at last'));
    await clock.turn(0);
    expect(recorder.dialled).toEqual(['127.0.0.6 80']);
    expect(silent).toHaveLength(6);

    await clock.turn(ATTEMPT_MS);
    expect(await sent).toEqual({
      kind: 'failed',
      because: 'timeout',
      detail: 'no connection in time',
      isUnconnected: true,
    });
    expect(silent.every((socket) => socket.destroyed)).toBe(true);
  });

  it('are tried one after the other where one refuses', async () => {
    await using receiver = await HostileReceiver.open(answering(OK), undefined, '127.0.0.2');
    await using bench = openBench({ resolve: resolvingInTurn(['127.0.0.1', '127.0.0.2']) });
    const url = `http://two.example.com:${receiver.port}/`;
    expect(await bench.send(1, posting(url), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(receiver.requests).toHaveLength(1);
  });

  it('are tried beside each other where one is silent, and the silent one is hung up', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    const silent: ReturnType<Dial>[] = [];
    const connect: Dial = (address, port) => {
      const socket = blackHole(['127.0.0.9'])(address, port);
      if (address === '127.0.0.9') silent.push(socket);
      return socket;
    };
    await using bench = openBench({ clock, resolve: resolvingInTurn(['127.0.0.9', '127.0.0.1']), connect });
    const sent = bench.send(1, posting(`http://two.example.com:${receiver.port}/`), ATTEMPT_MS);
    await clock.timerSet(NEXT_ADDRESS_AFTER_MS);
    await clock.turn(NEXT_ADDRESS_AFTER_MS);
    expect(await sent).toMatchObject({ status: 200 });
    expect(silent.map((socket) => socket.destroyed)).toEqual([true]);
    expect(receiver.requests).toHaveLength(1);
  });

  it('of localhost are its own, whatever a resolver says', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const resolve = resolvingInTurn(['169.254.169.254']);
    await using bench = openBench({ resolve });
    expect(await bench.send(1, posting(`http://localhost:${receiver.port}/`), ATTEMPT_MS)).toMatchObject({
      status: 200,
    });
    expect(resolve.calls).toEqual([]);
    expect(receiver.requests[0]?.head).toContain(`\r\nhost: localhost:${receiver.port}`);
  });
});
