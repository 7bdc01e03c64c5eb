import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { type EgressPolicy, egressPolicy } from '../../../shared/egress/egress-guard.ts';
import {
  type Dial,
  dialTcp,
  MAX_ADDRESSES_TRIED,
  NEXT_ADDRESS_AFTER_MS,
  type Resolve,
} from '../../../shared/egress/http-connect.ts';
import { openConnections } from '../../../shared/egress/http-sender.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import {
  ATTEMPT_MS,
  blackHole,
  loopbackAllowed,
  openBench,
  posting,
  RecordingDial,
  resolvingInTurn,
  strict,
} from '../../support/receivers/sender-world.ts';
import { ssrfCases } from '../../support/receivers/ssrf-cases.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender with undici, and receivers on loopback. Doubles: the resolver, and for every address that is not
// loopback the dial, which only writes down what it was asked for. No test may reach another address.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function send(url: string, options: { policy?: EgressPolicy; resolve?: Resolve; connect: Dial }) {
  const resolve: Resolve = () => Promise.reject(new Error('not to be resolved'));
  const connections = openConnections({ policy: strict, resolve, clock: systemClock, ...options });
  return connections.send(1, posting(url), ATTEMPT_MS).finally(() => connections.close());
}

describe('known attacks by address (CON-01)', () => {
  it.each(ssrfCases.filter(({ verdict }) => verdict === 'blocked'))(
    '$id reaches no address at all: $why',
    async ({ url, resolved }) => {
      const recorder = new RecordingDial();
      const result = await send(url, { resolve: resolvingInTurn(resolved), connect: recorder.dial });
      expect(result).toMatchObject({ kind: 'refused', because: 'blocked_address' });
      expect(recorder.dialled).toEqual([]);
    },
  );

  it.each(ssrfCases.filter(({ verdict, stage }) => verdict === 'allowed' && stage === 'dns'))(
    '$id reaches what was resolved and judged, and nothing else: $why',
    async ({ url, resolved, resolved_next: next }) => {
      const recorder = new RecordingDial();
      const resolve = resolvingInTurn(resolved, ...(next === undefined ? [] : [next]));
      await send(url, { resolve, connect: recorder.dial });
      const port = new URL(url).port || (url.toLowerCase().startsWith('https') ? '443' : '80');
      expect(recorder.dialled).toEqual(resolved.map((address) => `${address} ${port}`));
      expect(resolve.calls).toEqual([new URL(url).hostname.replace(/\.$/, '')]);
    },
  );

  it.each(ssrfCases.filter(({ verdict, stage }) => verdict === 'allowed' && stage === 'ip'))(
    '$id is dialled as it was judged and never resolved: $why (CON-02)',
    async ({ url, parsed_host: host }) => {
      const recorder = new RecordingDial();
      expect(await send(url, { connect: recorder.dial })).toMatchObject({ kind: 'failed', because: 'connection' });
      expect(recorder.dialled).toEqual([`${host?.replace(/[[\]]/g, '')} 80`]);
    },
  );
});

describe('a name that resolves', () => {
  const url = 'http://receiver.example.com/hook';

  it('is refused for one forbidden answer among a thousand (CON-05)', async () => {
    const recorder = new RecordingDial();
    const many = Array.from({ length: 999 }, (_, n) => `93.184.${n >> 8}.${n & 255}`);
    const result = await send(url, { resolve: resolvingInTurn([...many, '10.0.0.1']), connect: recorder.dial });
    expect(result).toMatchObject({ kind: 'refused', because: 'blocked_address' });
    expect(recorder.dialled).toEqual([]);
  });

  it('is dialled at few of many addresses, the families in turn', async () => {
    const recorder = new RecordingDial();
    const v4 = ['93.184.216.1', '93.184.216.2', '93.184.216.3'];
    const v6 = ['2606:2800:220:1::1', '2606:2800:0220:0001::2', '2606:2800:220:1:0:0:0:1'];
    await send(url, { resolve: resolvingInTurn([...v4, ...v6]), connect: recorder.dial });
    expect(recorder.dialled).toEqual([
      '93.184.216.1 80',
      '2606:2800:220:1::1 80',
      '93.184.216.2 80',
      '2606:2800:220:1::2 80',
    ]);
    expect(recorder.dialled).toHaveLength(MAX_ADDRESSES_TRIED);
  });

  it('is refused when only the VPC knows it, and the result tells no address of the inside (CON-20)', async () => {
    const recorder = new RecordingDial();
    const result = await send(url, { resolve: resolvingInTurn(['10.0.3.14']), connect: recorder.dial });
    expect(result).toEqual({
      kind: 'refused',
      because: 'blocked_address',
      detail: "the endpoint's address is not public (private)",
    });
  });

  it('is refused when an answer is no address', async () => {
    const recorder = new RecordingDial();
    const result = await send(url, { resolve: resolvingInTurn(['receiver.internal']), connect: recorder.dial });
    expect(result).toMatchObject({ kind: 'refused', because: 'blocked_address' });
    expect(recorder.dialled).toEqual([]);
  });

  it('is resolved once for a connection, so that a second answer cannot slip in (CON-03)', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const resolve = resolvingInTurn(['127.0.0.1'], ['169.254.169.254']);
    await using bench = openBench({ resolve });
    const target = `http://rebind.example.com:${receiver.port}/`;
    expect(await bench.send(1, posting(target), ATTEMPT_MS)).toMatchObject({ status: 200 });
    expect(resolve.calls).toHaveLength(1);

    // The control: what the resolver says next is judged afresh by a new connection.
    expect(await bench.send(2, posting(target), ATTEMPT_MS)).toMatchObject({ because: 'blocked_address' });
    expect(receiver.requests).toHaveLength(1);
  });

  it('is let go of when the connection reaches another address than the judged one', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const astray: Dial = () => dialTcp('127.0.0.1', receiver.port);
    const resolve = resolvingInTurn(['93.184.216.34']);
    expect(await send(url, { resolve, connect: astray })).toEqual({
      kind: 'refused',
      because: 'blocked_address',
      detail: 'the connection reached another address than the one judged',
    });
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.begun).toEqual([]);
  });
});

describe('a service of the platform itself', () => {
  it('stays out of reach through a name whose address a setting allows', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const policy = egressPolicy({
      allowCidrs: ['127.0.0.0/8', '::1/128'],
      blockedAuthorities: [`127.0.0.1:${receiver.port}`],
    });
    for (const host of ['name.example.com', 'localhost', '127.0.0.1', '127.1']) {
      const url = `http://${host}:${receiver.port}/`;
      const result = await send(url, { policy, resolve: resolvingInTurn(['127.0.0.1']), connect: dialTcp });
      expect(result).toMatchObject({ kind: 'refused', because: 'blocked_address' });
    }
    expect(receiver.connections).toBe(0);
  });
});

describe('a name that does not resolve', () => {
  const url = 'http://gone.example.com/';

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT', 'EAI_FAIL', 'ENODATA'])(
    'is a failed attempt of class dns: %s (CON-06)',
    async (code) => {
      const resolve: Resolve = () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code} gone`), { code }));
      const result = await send(url, { resolve, connect: new RecordingDial().dial });
      expect(result).toEqual({ kind: 'failed', because: 'dns', detail: 'the name does not resolve' });
    },
  );

  it('has no address at all', async () => {
    const result = await send(url, { resolve: resolvingInTurn([]), connect: new RecordingDial().dial });
    expect(result).toMatchObject({ kind: 'failed', because: 'dns' });
  });

  it('is class dns too when the resolver never answers (CON-07)', async () => {
    const clock = new TurnedClock();
    await using bench = openBench({ clock, resolve: () => new Promise(() => {}) });
    const sent = bench.send(1, posting(url), ATTEMPT_MS);
    await clock.turn(ATTEMPT_MS);
    expect(await sent).toMatchObject({ kind: 'failed', because: 'dns' });
  });

  it('leaves nothing behind when the resolver answers after the attempt', async () => {
    const clock = new TurnedClock();
    const recorder = new RecordingDial();
    const late = Promise.withResolvers<string[]>();
    await using bench = openBench({ clock, resolve: () => late.promise, connect: recorder.dial });
    const sent = bench.send(1, posting(url), ATTEMPT_MS);
    await clock.turn(ATTEMPT_MS);
    await sent;
    late.reject(new Error('too late'));
    await clock.turn(1);
    expect(recorder.dialled).toEqual([]);
  });
});

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
    expect(await sent).toEqual({ kind: 'failed', because: 'timeout', detail: 'no connection in time' });
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

describe('several addresses', () => {
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

describe('proxies named by the environment (CON-13)', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('are ignored', async () => {
    await using proxy = await HostileReceiver.open(answering(OK));
    await using receiver = await HostileReceiver.open(answering(OK));
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy']) {
      vi.stubEnv(name, proxy.url(''));
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    await using bench = openBench();
    await bench.send(1, posting(`http://name.example.com:${receiver.port}/`), ATTEMPT_MS);
    expect([proxy.connections, receiver.requests.length]).toEqual([0, 1]);
  });
});

it('judges with the policy it was given and not with the one of another', async () => {
  const recorder = new RecordingDial();
  await send('http://127.0.0.1:8000/', { policy: loopbackAllowed, connect: recorder.dial });
  await send('http://127.0.0.1:8000/', { policy: strict, connect: recorder.dial });
  expect(recorder.dialled).toEqual(['127.0.0.1 8000']);
});
