import type { Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import {
  MAX_CONNECTIONS_PER_ORGANIZATION,
  MAX_CONNECTIONS_PER_ORIGIN,
} from '../../../shared/egress/http-connections.ts';
import type { Resolve } from '../../../shared/egress/http-connect.ts';
import { LOOK_UP_MS, NameResolver } from '../../../shared/egress/name-resolver.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { NameServer, type Reply } from '../../support/receivers/name-server.ts';
import {
  ATTEMPT_MS,
  IN_TIME,
  openBench,
  posting,
  RecordingDial,
  strict,
  openConnections,
} from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, the look-up of names with Node's resolver, the name server and the receivers on loopback.
// Doubles: the clock, which stands still unless a test turns it, and the dial where an address is not loopback.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const SILENT = /^silent/;

let clock: TurnedClock;
let folder: string;

beforeEach(() => {
  clock = new TurnedClock();
  folder = mkdtempSync(join(tmpdir(), 'surehook-names-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function askedAt(address: string): Resolve {
  return new NameResolver({ clock, servers: [address], hostsFile: join(folder, 'none') }).resolve;
}

/** Nothing for a name that begins with `silent`, the loopback address for every other. */
const someSilent = ({ name }: { name: string }): Reply =>
  SILENT.test(name) ? 'silence' : { addresses: ['127.0.0.1'] };

describe('names whose name servers never answer', () => {
  it.each([1, 2, 6, 20, 100])('hold up no other organization’s: %i of them', async (count) => {
    await using server = await NameServer.open(someSilent);
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench({ clock, resolve: askedAt(server.address) });
    const silent = Array.from({ length: count }, (_, n) =>
      bench.send(8, posting(`http://silent-${n}.example.com:${receiver.port}/`), ATTEMPT_MS),
    );
    await server.asked(2 * Math.min(count, MAX_CONNECTIONS_PER_ORGANIZATION));
    // The clock stands still: not a millisecond of waiting is needed.
    expect(await bench.send(7, posting(`http://healthy.example.com:${receiver.port}/`), ATTEMPT_MS)).toMatchObject({
      status: 200,
    });
    await bench.close();
    expect(new Set((await Promise.all(silent)).map(({ kind }) => kind))).toEqual(new Set(['exhausted']));
  });

  it('hold up none of the same organization’s', async () => {
    await using server = await NameServer.open(someSilent);
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench({ clock, resolve: askedAt(server.address) });
    for (let n = 0; n < 20; n += 1) {
      void bench.send(8, posting(`http://silent-${n}.example.com:${receiver.port}/`), ATTEMPT_MS);
    }
    await server.asked(40);
    expect(await bench.send(8, posting(`http://healthy.example.com:${receiver.port}/`), ATTEMPT_MS)).toMatchObject({
      status: 200,
    });
  });

  it('hold up nobody in the next invocation', async () => {
    await using server = await NameServer.open(someSilent);
    await using receiver = await HostileReceiver.open(answering(OK));
    const resolve = askedAt(server.address);
    const first = openBench({ clock, resolve });
    const silent = Array.from({ length: 20 }, (_, n) =>
      first.send(8, posting(`http://silent-${n}.example.com:${receiver.port}/`), ATTEMPT_MS),
    );
    await server.asked(40);
    await first.close();
    expect(await Promise.all(silent)).toEqual(
      silent.map(() => ({ kind: 'exhausted', detail: 'the invocation ended before the request was sent' })),
    );

    await using second = openBench({ clock, resolve });
    expect(await second.send(8, posting(`http://healthy.example.com:${receiver.port}/`), ATTEMPT_MS)).toMatchObject({
      status: 200,
    });
    // One that was left open is asked for afresh.
    void second.send(8, posting(`http://silent-0.example.com:${receiver.port}/`), ATTEMPT_MS);
    await server.asked(40 + 2 + 2);
  });

  it('fail their attempts well before the attempts are over', async () => {
    await using server = await NameServer.open(() => 'silence');
    await using bench = openBench({ clock, resolve: askedAt(server.address) });
    const sent = bench.send(8, posting('http://silent.example.com/'), ATTEMPT_MS);
    await server.asked(2);
    await clock.turn(LOOK_UP_MS);
    expect(await sent).toEqual({ kind: 'failed', because: 'dns', detail: 'the name did not resolve in time' });
  });

  it('charge nobody who only waited for a turn', async () => {
    await using server = await NameServer.open(() => 'silence');
    await using bench = openBench({ clock, resolve: askedAt(server.address) });
    const attemptMs = LOOK_UP_MS / 2;
    const sent = Array.from({ length: MAX_CONNECTIONS_PER_ORGANIZATION + 5 }, (_, n) =>
      bench.send(
        8,
        posting(`http://silent-${n}.example.com/`),
        attemptMs - (n < MAX_CONNECTIONS_PER_ORGANIZATION ? 0 : 1),
      ),
    );
    await server.asked(2 * MAX_CONNECTIONS_PER_ORGANIZATION);
    await clock.turn(attemptMs);
    const results = await Promise.all(sent);
    expect(results.slice(-5)).toEqual(
      Array.from({ length: 5 }, () => ({
        kind: 'exhausted',
        detail: 'no connection became free within the time of the attempt',
      })),
    );
    expect(results.slice(0, -5)).toEqual(
      Array.from({ length: MAX_CONNECTIONS_PER_ORGANIZATION }, () => ({
        kind: 'failed',
        because: 'dns',
        detail: 'the name did not resolve in time',
      })),
    );
  });

  it('charge nobody whose turn came too late', async () => {
    await using server = await NameServer.open(() => 'silence');
    await using bench = openBench({ clock, resolve: askedAt(server.address) });
    const attemptMs = LOOK_UP_MS + 1000;
    const sent = Array.from({ length: MAX_CONNECTIONS_PER_ORGANIZATION + 1 }, (_, n) =>
      bench.send(8, posting(`http://silent-${n}.example.com/`), attemptMs),
    );
    await server.asked(2 * MAX_CONNECTIONS_PER_ORGANIZATION);
    await clock.turn(LOOK_UP_MS);
    await server.asked(2 * MAX_CONNECTIONS_PER_ORGANIZATION + 2);
    await clock.turn(1000);
    expect((await Promise.all(sent)).at(-1)).toEqual({
      kind: 'exhausted',
      detail: 'no connection became free within the time of the attempt',
    });
  });
});

describe('an attempt whose turn came late', () => {
  it('is the receiver’s from the moment its request is out', async () => {
    const held: Socket[] = [];
    await using receiver = await HostileReceiver.open({ received: (socket) => void held.push(socket) });
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const sends = Array.from({ length: MAX_CONNECTIONS_PER_ORIGIN }, () =>
      bench.send(1, posting(receiver.url()), 2 * ATTEMPT_MS),
    );
    const late = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await receiver.until(({ requests }) => requests.length === MAX_CONNECTIONS_PER_ORIGIN);
    await clock.turn(ATTEMPT_MS - 1);
    held[0]?.write(OK);
    await receiver.until(({ requests }) => requests.length === MAX_CONNECTIONS_PER_ORIGIN + 1);
    await clock.turn(1);
    expect(await late).toMatchObject({ kind: 'failed', because: 'timeout' });
    await bench.close();
    await Promise.all(sends);
  });
});

describe('the resolver of this machine', () => {
  const exhausted = (detail: string): SendResult => ({ kind: 'exhausted', detail });

  it.each([
    ['EBUSY', 'the resolver of this machine could not be asked'],
    ['ECONNREFUSED', 'the resolver of this machine could not be asked'],
    ['EFILE', 'the resolver of this machine could not be asked'],
    ['EMFILE', 'this process ran out of sockets or memory'],
    ['ENOMEM', 'this process ran out of sockets or memory'],
  ])('that cannot be asked is no fault of the endpoint: %s', async (code, detail) => {
    await using bench = openBench({
      resolve: () => Promise.reject(Object.assign(new Error(`query ${code}`), { code })),
    });
    expect(await bench.send(1, posting('http://receiver.example.com/'), ATTEMPT_MS)).toEqual(exhausted(detail));
  });

  it('that is not there is no fault of the endpoint', async () => {
    await using bench = openBench({ clock, resolve: askedAt(await NameServer.gone()) });
    expect(await bench.send(1, posting('http://receiver.example.com/'), ATTEMPT_MS)).toEqual(
      exhausted('the resolver of this machine could not be asked'),
    );
  });
});

describe('what a name server answers', () => {
  async function sendTo(addresses: string[]): Promise<{ result: SendResult; dialled: string[] }> {
    await using server = await NameServer.open(() => ({ addresses, alias: 'edge.example.net' }));
    const recorder = new RecordingDial();
    const connections = openConnections({
      policy: strict,
      resolve: askedAt(server.address),
      connect: recorder.dial,
      clock,
    });
    const result = await connections.send(1, posting('http://receiver.example.com/'), IN_TIME);
    await connections.close();
    return { result, dialled: recorder.dialled };
  }

  it('is dialled, IPv6 first and the families in turn', async () => {
    expect(await sendTo(['93.184.216.34', '93.184.216.35', '2606:2800:220:1::1'])).toEqual({
      result: { kind: 'failed', because: 'connection', detail: 'connection refused' },
      dialled: ['2606:2800:220:1::1 80', '93.184.216.34 80', '93.184.216.35 80'],
    });
  });

  it.each(['0.0.0.0', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', '64:ff9b::a9fe:a9fe'])(
    'fails the attempt when %s is among it, and nothing is dialled',
    async (address) => {
      expect(await sendTo(['93.184.216.34', '2606:2800:220:1::1', address])).toMatchObject({
        result: { kind: 'failed', because: 'blocked_address' },
        dialled: [],
      });
    },
  );

  it('from a DNS64 resolver is reached by IPv4', async () => {
    const { dialled } = await sendTo(['93.184.216.34', '64:ff9b::5db8:d822']);
    expect(dialled).toEqual(['93.184.216.34 80', '64:ff9b::5db8:d822 80']);
  });
});
