import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dial } from '../../../shared/egress/dial-addresses.ts';
import { dialTcp } from '../../../shared/egress/http-connect.ts';
import { MAX_CONNECTIONS_PER_ORIGIN } from '../../../shared/egress/http-connections.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, receivers on loopback sockets, TLS. Doubles: the resolver, and the clock, which a test has stand
// still or jump as it does for a process that is stopped: the sockets go on, and no timer fires.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GIVEN_BACK = { kind: 'exhausted', detail: 'no time was left to begin the request' };
const systemAuthorities = getCACertificates('default');

beforeAll(() => {
  setDefaultCACertificates([...systemAuthorities, ...authorities]);
});
afterAll(() => {
  setDefaultCACertificates(systemAuthorities);
});

/** The process stands still for `ms` with the connection just made. */
function stallingDial(clock: TurnedClock, ms: number): Dial {
  return (address, port) => dialTcp(address, port).once('connect', () => clock.stall(ms));
}

describe('a process that stands still past the end of the attempt', () => {
  it('while it looks a name up writes nothing, and the attempt is given back', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    const resolve = async () => {
      clock.stall(ATTEMPT_MS);
      return ['127.0.0.1'];
    };
    await using bench = openBench({ clock, resolve });
    const url = `http://receiver.example.com:${receiver.port}/`;
    expect(await bench.send(1, posting(url), ATTEMPT_MS)).toEqual(GIVEN_BACK);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.bytes).toBe(0);
  });

  it.each(['GET', 'POST'])('while it connects writes nothing of a %s, and hangs up (CLA-16)', async (method) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock, connect: stallingDial(clock, ATTEMPT_MS) });
    expect(await bench.send(1, posting(receiver.url(), { method }), ATTEMPT_MS)).toEqual(GIVEN_BACK);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect([receiver.connections, receiver.bytes]).toEqual([1, 0]);
  });

  it('by less than the last millisecond still sends', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock, connect: stallingDial(clock, ATTEMPT_MS - 1) });
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
  });

  it('while TLS is agreed upon writes nothing, and hangs up', async () => {
    const clock = new TurnedClock();
    const SNICallback = (_: string, answer: (error: null) => void) => {
      clock.stall(ATTEMPT_MS);
      answer(null);
    };
    // In TLS 1.2 the server is done before the client: it cannot miss that the client hangs up.
    const tls = { ...certificate('good'), SNICallback, maxVersion: 'TLSv1.2' } as const;
    await using receiver = await HostileReceiver.open(answering(OK), tls);
    await using bench = openBench({ clock });
    const url = `https://receiver.example.com:${receiver.port}/`;
    expect(await bench.send(1, posting(url), ATTEMPT_MS)).toEqual(GIVEN_BACK);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect([receiver.connections, receiver.bytes]).toEqual([1, 0]);
  });

  it('while it waits for a connection writes nothing, and uses none', async () => {
    const clock = new TurnedClock();
    const held: (() => void)[] = [];
    await using receiver = await HostileReceiver.open({ received: (socket) => held.push(() => socket.write(OK)) });
    await using bench = openBench({ clock });
    const first = Array.from({ length: MAX_CONNECTIONS_PER_ORIGIN }, () =>
      bench.send(1, posting(receiver.url()), 2 * ATTEMPT_MS),
    );
    const waiting = bench.send(1, posting(receiver.url('/waiting')), ATTEMPT_MS);
    await receiver.until(({ requests }) => requests.length === MAX_CONNECTIONS_PER_ORIGIN);
    clock.stall(ATTEMPT_MS);
    for (const answer of held) answer();
    expect(await waiting).toEqual(GIVEN_BACK);
    expect((await Promise.all(first)).map(({ kind }) => kind)).toEqual(first.map(() => 'response'));
    expect(receiver.begun.filter((head) => head.includes('/waiting'))).toEqual([]);
  });

  it('before a connection is used again writes nothing to it, and never uses it again', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
    const { bytes } = receiver;
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    clock.stall(ATTEMPT_MS);
    expect(await sent).toEqual(GIVEN_BACK);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.bytes).toBe(bytes);
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect([receiver.connections, receiver.requests.length]).toEqual([2, 2]);
  });

  it('after its request was written has sent it: the answer counts', async () => {
    const clock = new TurnedClock();
    await using receiver = await HostileReceiver.open({
      received: (socket) => {
        clock.stall(ATTEMPT_MS);
        socket.write(OK);
      },
    });
    await using bench = openBench({ clock });
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
  });
});

describe('a send that begins', () => {
  it('a moment past the last instant for it connects nowhere', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const mustStartBy = clock.monotonicMs() - 1;
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS, mustStartBy)).toEqual(GIVEN_BACK);
    expect(receiver.connections).toBe(0);
  });

  it('at that instant has the whole of its time', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock, connect: stallingDial(clock, ATTEMPT_MS - 1) });
    const mustStartBy = clock.monotonicMs();
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS, mustStartBy)).toMatchObject({ status: 200 });
  });
});
