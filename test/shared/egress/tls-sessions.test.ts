import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialTcp } from '../../../shared/egress/http-connect.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ReceiverThread } from '../../support/receivers/receiver-thread.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Sessions that are resumed. Real: the sender, TLS receivers on loopback that say whether a session was resumed. Doubles: the
// resolver, and the clock where it turns. Never to be asserted: a session with a receiver whose certificate was not verified.

const systemAuthorities = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...systemAuthorities, ...authorities]));
afterAll(() => setDefaultCACertificates(systemAuthorities));

describe('a TLS session', () => {
  async function receiving(options: Parameters<typeof HostileReceiver.open>[1] = certificate('good')) {
    const resumed: boolean[] = [];
    const receiver = await HostileReceiver.open(
      {
        ...answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
        connected: (socket) => resumed.push((socket as TLSSocket).isSessionReused()),
      },
      options,
    );
    const clock = new TurnedClock();
    const bench = openBench({ clock });
    const send = (organizationId = 1, name = 'receiver.example.com') =>
      bench.send(organizationId, posting(`https://${name}:${receiver.port}/`), ATTEMPT_MS);
    return {
      resumed,
      receiver,
      bench,
      clock,
      send,
      async [Symbol.asyncDispose]() {
        await bench.close();
        await receiver[Symbol.asyncDispose]();
      },
    };
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is resumed by the next connection of its organization to its origin: %s',
    async (version) => {
      const tls = { ...certificate('good'), minVersion: version, maxVersion: version };
      await using open = await receiving(tls);
      const { resumed, send, bench } = open;
      await send();
      await bench.nextInvocation();
      await send();
      await send(2);
      await send(1, 'other.example.com').catch(() => undefined);
      await send();
      expect(resumed.slice(0, 3)).toEqual([false, true, false]);
      expect(resumed.at(-1)).toBe(true);
      expect(bench.told[0]).toMatchObject({ connection: { tls: version } });
    },
  );

  it('is resumed for ten minutes: then the certificate is seen again', async () => {
    await using open = await receiving();
    const { resumed, send, clock } = open;
    await send();
    clock.stall(599_999);
    await send();
    clock.stall(1);
    await send();
    expect(resumed).toEqual([false, true, false]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'with a receiver that is not who it should be is never resumed: %s',
    async (version) => {
      const tls = { ...certificate('wrong-name'), minVersion: version, maxVersion: version };
      await using open = await receiving(tls);
      const { resumed, send, receiver } = open;
      for (let again = 0; again < 3; again += 1) {
        expect(await send()).toMatchObject({ kind: 'failed', because: 'tls' });
      }
      expect(resumed).not.toContain(true);
      expect(receiver.begun).toEqual([]);
    },
  );

  it('that a receiver breaks off at is left, and the handshake made anew within the same attempt', async () => {
    await using open = await receiving();
    const { receiver, resumed } = open;
    let dialled = 0;
    await using bench = openBench({
      connect: (address, port) => {
        dialled += 1;
        const socket = dialTcp(address, port);
        // The second one ends under its handshake.
        return dialled === 2 ? socket.once('connect', () => setImmediate(() => socket.destroy())) : socket;
      },
    });
    const send = () => bench.send(1, posting(`https://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect(await send()).toMatchObject({ status: 200 });
    expect(await send()).toMatchObject({ status: 200 });
    expect([dialled, receiver.requests.length]).toEqual([3, 2]);
    expect(resumed).toEqual([false, false]);
  });
});

it('a connection with TLS carries the next request like any other, however quickly it is answered', async () => {
  await using receiver = await ReceiverThread.open(certificate('good'));
  await using bench = openBench({ clock: new TurnedClock() });
  const url = `https://receiver.example.com:${receiver.port}/`;
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 10 }, () => bench.send(1, posting(url), ATTEMPT_MS)));
    await bench.nextInvocation();
  }
  expect((await receiver.requests()).length).toBe(10);
  expect(bench.told.filter(({ written }) => written !== 'whole')).toEqual([]);
});
