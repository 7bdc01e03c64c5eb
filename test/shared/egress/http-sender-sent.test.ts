import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Dial } from '../../../shared/egress/dial-addresses.ts';
import { dialTcp } from '../../../shared/egress/http-connect.ts';
import { classifyFailure, SendFault, type SendPhase, TOO_LATE } from '../../../shared/egress/http-failure.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ATTEMPT_MS, openBench, posting } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// What was sent is never given back. Real: the sender, receivers on loopback sockets. Double: the kernel's refusals,
// which no test can bring about: the socket is destroyed with the error that Node makes of them. Never to be asserted: `exhausted`
// or `refused` for a request of which the receiver saw a byte.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** Errors of this process: before the first byte none of them costs an attempt. */
const OURS = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL', 'EAI_MEMORY'];
const BEFORE: SendPhase[] = ['queue', 'dns', 'connect', 'tls'];

class HeldSockets {
  readonly #sockets: Socket[] = [];
  readonly dial: Dial = (address, port) => {
    const socket = dialTcp(address, port);
    this.#sockets.push(socket);
    return socket;
  };

  break(code: string): void {
    for (const socket of this.#sockets) socket.destroy(Object.assign(new Error(`write ${code}`), { code }));
  }
}

describe('a fault of this process', () => {
  it.each(OURS)('after the request was written has used up the attempt: %s', async (code) => {
    const sockets = new HeldSockets();
    await using receiver = await HostileReceiver.open({ received: () => sockets.break(code) });
    await using bench = openBench({ connect: sockets.dial });
    expect(await bench.send(1, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({
      kind: 'failed',
      because: 'connection',
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it.each(['ENOBUFS', 'ENOMEM'])('in the middle of an upload has used it up: %s', async (code) => {
    const sockets = new HeldSockets();
    await using receiver = await HostileReceiver.open({
      begun: (socket) => {
        socket.pause();
        sockets.break(code);
      },
    });
    await using bench = openBench({ connect: sockets.dial });
    const body = Buffer.alloc(50_000_000);
    expect(await bench.send(1, posting(receiver.url(), { body }), ATTEMPT_MS)).toMatchObject({ kind: 'failed' });
    expect([receiver.begun.length, receiver.requests.length]).toEqual([1, 0]);
  });

  it('under the second request of a connection has used up that one', async () => {
    const sockets = new HeldSockets();
    await using receiver = await HostileReceiver.open({
      received: (socket, { path }) => {
        if (path === '/second') sockets.break('ENOBUFS');
        else socket.write(OK);
      },
    });
    await using bench = openBench({ connect: sockets.dial });
    expect(await bench.send(1, posting(receiver.url('/first')), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(await bench.send(1, posting(receiver.url('/second')), ATTEMPT_MS)).toMatchObject({ kind: 'failed' });
    expect([receiver.connections, receiver.requests.length]).toEqual([1, 2]);
  });

  it('after the status has come does not undo it', async () => {
    const clock = new TurnedClock();
    const sockets = new HeldSockets();
    await using receiver = await HostileReceiver.open(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'));
    await using bench = openBench({ clock, connect: sockets.dial });
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await clock.timerSet(2000);
    sockets.break('ENOBUFS');
    expect(await sent).toMatchObject({ kind: 'response', status: 200 });
  });

  it.each(OURS.flatMap((code) => BEFORE.map((phase) => [code, phase] as const)))(
    'before it costs nothing: %s while at %s',
    (code, phase) => {
      expect(classifyFailure({ code }, phase)).toMatchObject({ kind: 'exhausted' });
    },
  );
});

describe('from the first byte on', () => {
  it.each(OURS)('no error gives back: %s', (code) => {
    expect(classifyFailure({ code }, 'exchange')).toMatchObject({ kind: 'failed', because: 'connection' });
  });

  it('neither does one that has its place already', () => {
    expect(classifyFailure(new SendFault(TOO_LATE), 'exchange')).toMatchObject({ kind: 'failed' });
    expect(classifyFailure(new SendFault(TOO_LATE), 'queue')).toEqual(TOO_LATE);
  });

  it('the end of the invocation does not give back a request of which half was written', async () => {
    await using receiver = await HostileReceiver.open({ begun: (socket) => socket.pause() });
    const bench = openBench();
    const sent = bench.send(1, posting(receiver.url(), { body: Buffer.alloc(50_000_000) }), ATTEMPT_MS);
    await receiver.until(({ begun }) => begun.length === 1);
    await bench.close();
    expect(await sent).toEqual({
      kind: 'failed',
      because: 'timeout',
      detail: 'the invocation ended before the response',
    });
    expect(receiver.requests).toHaveLength(0);
  });
});
