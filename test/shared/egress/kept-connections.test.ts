import { describe, expect, it } from 'vitest';
import { answering, type Behaviour, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { ReceiverThread } from '../../support/receivers/receiver-thread.ts';
import { ATTEMPT_MS, openBench, posting, resolvingInTurn } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Connections that outlive an invocation. Real: the sender, receivers on loopback sockets, one of them in a thread that goes on while
// this one stands still. Doubles: the resolver, and the clocks where they turn. Never to be asserted: that a request is written
// twice, or that a receiver is charged for a connection that ended between two requests.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Its wall clock is put forward without its other one, as of a process whose monotonic clock stood still while it was frozen. */
class TwoClocks extends TurnedClock {
  wallMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.wallMs;
  }
}

const saying = (hint: string): Behaviour => answering(OK.replace('\r\n\r\n', `\r\nKeep-Alive: ${hint}\r\n\r\n`));

describe('a connection that rests', () => {
  it('carries the next request of its organization and origin, in the next invocation, too', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    await using bench = openBench({ clock: new TurnedClock() });
    for (const organizationId of [1, 2, 1, 2, 1]) {
      expect(await bench.send(organizationId, posting(receiver.url()), ATTEMPT_MS)).toMatchObject({ status: 200 });
      await bench.nextInvocation();
    }
    expect([receiver.connections, receiver.requests.length]).toEqual([2, 5]);
    expect(bench.told.map(({ connection }) => connection?.isKept)).toEqual([false, false, true, true, true]);
  });

  it.each<[string, Behaviour, number]>([
    ['1.5 s where the receiver says nothing', answering(OK), 1500],
    ['a second less than the receiver says', saying('timeout=3'), 2000],
    ['the same in the words of others', saying('max=99, timeout="2"'), 1000],
    ['4 s whatever it says', saying('timeout=600'), 4000],
  ])('is used no more after %s', async (_, behaviour, ms) => {
    await using receiver = await HostileReceiver.open(behaviour);
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    const send = () => bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await send();
    clock.stall(ms - 1);
    await send();
    expect(receiver.connections).toBe(1);
    const { bytes } = receiver;
    clock.stall(ms);
    expect(await send()).toMatchObject({ status: 200 });
    expect(receiver.connections).toBe(2);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.bytes - bytes).toBe(bytes / 2);
  });

  it.each([
    ['the clock of the wall alone went on', 1500],
    ['the clock of the wall was put back', -1],
  ])('is used no more where %s', async (_, ms) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TwoClocks();
    await using bench = openBench({ clock });
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    clock.wallMs = ms;
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(receiver.connections).toBe(2);
  });

  it.each([
    ['a receiver that waits for a second only', saying('timeout=1')],
    ['HTTP/1.0', answering(OK.replace('1.1', '1.0'))],
    ['an end that is the end of the connection', answering('HTTP/1.1 200 OK\r\n\r\nok')],
    [
      'a size of a chunk with an extension',
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nok\r\n0\r\n\r\n'),
    ],
    ['trailers', answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n')],
    [
      'a bare line feed in its chunks',
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n'),
    ],
  ])('is none after %s', async (_, behaviour) => {
    await using receiver = await HostileReceiver.open(behaviour);
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    for (const again of [1, 2]) {
      const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
      await receiver.until(({ requests }) => requests.length === again);
      await clock.timerSet(2000);
      await clock.turn(2000);
      expect(await sent).toMatchObject({ status: 200 });
    }
    expect(receiver.connections).toBe(2);
  });

  it('is one after chunks that everybody reads alike', async () => {
    await using receiver = await HostileReceiver.open(
      answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n', 'ok\r\n0', '\r\n\r\n'),
    );
    await using bench = openBench({ clock: new TurnedClock() });
    for (let again = 0; again < 3; again += 1) await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    expect(receiver.connections).toBe(1);
  });

  it('is closed in time though nobody asks for it', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    await bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await bench.nextInvocation();
    await clock.turn(1000);
    expect(receiver.hungUp).toBe(0);
    await clock.turn(1000);
    await receiver.until(({ hungUp }) => hungUp === 1);
  });

  it('is closed after a minute, however busy: its name is looked up and judged again', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const clock = new TurnedClock();
    const resolve = resolvingInTurn(['127.0.0.1'], ['10.0.0.1']);
    await using bench = openBench({ clock, resolve });
    const send = () => bench.send(1, posting(`http://receiver.example.com:${receiver.port}/`), ATTEMPT_MS);
    for (let seconds = 0; seconds < 60; seconds += 1) {
      expect(await send()).toMatchObject({ status: 200 });
      clock.stall(1000);
    }
    expect([receiver.connections, resolve.calls.length]).toEqual([1, 1]);
    expect(await send()).toMatchObject({ kind: 'failed', because: 'blocked_address' });
    expect([receiver.connections, resolve.calls.length]).toEqual([1, 2]);
  });
});

describe('while this process stood still', () => {
  it.each(['end', 'reset', 'write'] as const)(
    'what a receiver did is heard before a byte is written: %s',
    async (what) => {
      await using receiver = await ReceiverThread.open();
      await using bench = openBench({ clock: new TurnedClock() });
      const send = () => bench.send(1, posting(`http://127.0.0.1:${receiver.port}/`), ATTEMPT_MS);
      expect(await send()).toMatchObject({ status: 200 });
      await bench.nextInvocation();
      receiver.whileFrozen(what);
      expect(await send()).toMatchObject({ status: 200 });
      expect(await receiver.requests()).toEqual([1, 1]);
      expect(bench.told.map(({ connection }) => connection?.isKept)).toEqual([false, false]);
    },
  );

  it('a receiver that went away altogether is nobody’s failure but its own, once', async () => {
    await using receiver = await ReceiverThread.open();
    await using bench = openBench({ clock: new TurnedClock() });
    const url = `http://127.0.0.1:${receiver.port}/`;
    await bench.send(1, posting(url), ATTEMPT_MS);
    await receiver[Symbol.asyncDispose]();
    expect(await bench.send(1, posting(url), ATTEMPT_MS)).toEqual({
      kind: 'failed',
      because: 'connection',
      detail: 'connection refused',
    });
    expect(bench.told[1]).toMatchObject({ written: 'nothing' });
  });
});

describe('bytes that nobody asked for', () => {
  const poison = 'HTTP/1.1 299 Poisoned\r\nContent-Length: 0\r\n\r\n';

  it.each<[string, string, string]>([
    ['behind an answer', OK, poison],
    ['behind an answer without a body', 'HTTP/1.1 204 No\r\n\r\n', poison],
    ['that a body of an answer without one would be', 'HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n', 'ok'],
    ['behind the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', poison],
    ['one byte', OK, '\n'],
  ])('end the connection: %s', async (_, answer, more) => {
    await using receiver = await HostileReceiver.open({
      received: (socket, { path }) => void socket.write(path === '/first' ? answer + more : OK),
    });
    await using bench = openBench({ clock: new TurnedClock() });
    await bench.send(1, posting(receiver.url('/first')), ATTEMPT_MS);
    expect(await bench.send(1, posting(receiver.url('/second')), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect([receiver.connections, receiver.requests.length]).toEqual([2, 2]);
  });

  it('that come while an answer is decoded end it, too', async () => {
    const gzipped = Buffer.from('H4sIAAAAAAAAA8vPBgBH3dx5AgAAAA==', 'base64');
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipped.length}\r\n\r\n`;
    await using receiver = await HostileReceiver.open({
      received: (socket, { path }) => {
        if (path !== '/first') return void socket.write(OK);
        socket.write(Buffer.concat([Buffer.from(head), gzipped]), () => socket.write(poison));
      },
    });
    await using bench = openBench({ clock: new TurnedClock() });
    await bench.send(1, posting(receiver.url('/first')), ATTEMPT_MS);
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(await bench.send(1, posting(receiver.url('/second')), ATTEMPT_MS)).toMatchObject({ status: 200 });
  });
});

describe('the end of the invocation', () => {
  it('leaves what rests, and nothing of a request (DEP-08)', async () => {
    await using receiver = await HostileReceiver.open({
      received: (socket, { path }) => void (path === '/answered' && socket.write(OK)),
    });
    const clock = new TurnedClock();
    await using bench = openBench({ clock });
    await bench.send(1, posting(receiver.url('/answered')), ATTEMPT_MS);
    const held = [1, 2, 3].map(() => bench.send(2, posting(receiver.url('/held')), ATTEMPT_MS));
    await receiver.until(({ requests }) => requests.length === 4);
    await bench.nextInvocation();
    await receiver.until(({ hungUp }) => hungUp === 3);
    expect((await Promise.all(held)).map(({ kind }) => kind)).toEqual(['failed', 'failed', 'failed']);
    await bench.send(1, posting(receiver.url('/answered')), ATTEMPT_MS);
    expect([receiver.connections, receiver.hungUp]).toEqual([4, 3]);
  });

  it('ends what is under way: a request that was written has failed', async () => {
    await using receiver = await HostileReceiver.open({});
    await using bench = openBench();
    const sent = bench.send(1, posting(receiver.url()), ATTEMPT_MS);
    await receiver.until(({ requests }) => requests.length === 1);
    await bench.nextInvocation();
    expect(await sent).toMatchObject({ kind: 'failed', because: 'timeout' });
    await receiver.until(({ hungUp }) => hungUp === 1);
  });

  it('gives back what had not been written', async () => {
    const bench = openBench({ resolve: () => new Promise(() => {}) });
    const sent = bench.send(1, posting('http://receiver.example.com/'), ATTEMPT_MS);
    await bench.close();
    expect(await sent).toMatchObject({ kind: 'exhausted' });
    expect(await bench.send(1, posting('http://receiver.example.com/'), ATTEMPT_MS)).toMatchObject({
      kind: 'exhausted',
    });
  });

  it('can come twice, and without any connection', async () => {
    const bench = openBench();
    await bench.close();
    await expect(bench.close()).resolves.toBeUndefined();
  });

  it('of the process hangs up what rests', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const bench = openBench();
    for (const organizationId of [1, 2]) await bench.send(organizationId, posting(receiver.url()), ATTEMPT_MS);
    await bench.close();
    await receiver.until(({ hungUp }) => hungUp === 2);
    expect(receiver.connections).toBe(2);
  });
});
