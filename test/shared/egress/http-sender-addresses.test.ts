import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import { type EgressPolicy, egressPolicy } from '../../../shared/egress/egress-guard.ts';
import { type Dial, MAX_ADDRESSES_TRIED } from '../../../shared/egress/dial-addresses.ts';
import { dialTcp, type Resolve } from '../../../shared/egress/http-connect.ts';
import { answering, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import {
  ATTEMPT_MS,
  IN_TIME,
  loopbackAllowed,
  openBench,
  posting,
  RecordingDial,
  resolvingInTurn,
  strict,
  openConnections,
} from '../../support/receivers/sender-world.ts';
import { ssrfCases } from '../../support/receivers/ssrf-cases.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the sender, and receivers on loopback. Doubles: the resolver, and for every address that is not
// loopback the dial, which only writes down what it was asked for. No test may reach another address.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function send(url: string, options: { policy?: EgressPolicy; resolve?: Resolve; connect: Dial }) {
  const resolve: Resolve = () => Promise.reject(new Error('not to be resolved'));
  const connections = openConnections({ policy: strict, resolve, clock: systemClock, ...options });
  return connections.send(1, posting(url), IN_TIME).finally(() => connections.close());
}

/** Hosts that are no DNS names. */
const NO_NAMES = new Set(['ssrf-459', 'ssrf-460', 'ssrf-461', 'ssrf-466']);
/** Of these no request can be made at all, wherever they lead. */
const isUnusable = ({ id, url, stage }: Pick<(typeof ssrfCases)[number], 'id' | 'url' | 'stage'>) =>
  ['raw-chars', 'parse', 'scheme', 'userinfo'].includes(stage) || url.includes('#') || NO_NAMES.has(id);

describe('a URL that was written past enqueue', () => {
  const HOOKS = 'https://hooks.example.com/in';
  it.each([
    [
      'https://user:canary@hooks.example.com/in',
      'must hold no user name or password; put them into a credential of the type basic_auth and name it in credential_uuid',
    ],
    [`${HOOKS}#canary`, 'must hold no fragment'],
    [`${HOOKS}#`, 'must hold no fragment'],
    [`${HOOKS}?${'a'.repeat(2048)}`, 'is longer than 2048 characters'],
    [`${HOOKS}/ü`.padEnd(2048, 'ü'), 'is longer than 2048 characters'],
    [` ${HOOKS}`, 'must hold no space, control character, backslash or lone surrogate'],
    ['', 'is not an absolute URL'],
    ['hooks.example.com/in', 'is not an absolute URL'],
    ['ftp://hooks.example.com/in', 'must start with http:// or https://'],
    ['https://-hooks.example.com/in', 'has a host that is not a valid DNS name'],
  ])('%.45s opens no connection, and says what to correct in its row (CLA-21)', async (url, fault) => {
    const recorder = new RecordingDial();
    const result = await send(url, { connect: recorder.dial });
    expect(result).toEqual({ kind: 'refused', because: 'invalid_row', detail: `endpoint_url ${fault}` });
    expect(recorder.dialled).toEqual([]);
  });
});

describe('known attacks by address (CON-01)', () => {
  it.each(ssrfCases.filter(({ verdict }) => verdict === 'blocked'))(
    '$id reaches no address at all: $why',
    async ({ id, url, resolved, stage }) => {
      const recorder = new RecordingDial();
      const result = await send(url, { resolve: resolvingInTurn(resolved), connect: recorder.dial });
      // What stands in the URL is final; what a name resolves to may be a resolver's bad hour.
      const because = isUnusable({ id, url, stage }) ? 'invalid_row' : 'blocked_address';
      expect(result).toMatchObject({ kind: stage === 'dns' ? 'failed' : 'refused', because });
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

  it('fails for one forbidden answer among a thousand, and none of them is dialled (CON-05)', async () => {
    const recorder = new RecordingDial();
    const many = Array.from({ length: 999 }, (_, n) => `93.184.${n >> 8}.${n & 255}`);
    const result = await send(url, { resolve: resolvingInTurn([...many, '10.0.0.1']), connect: recorder.dial });
    expect(result).toMatchObject({ kind: 'failed', because: 'blocked_address' });
    expect(recorder.dialled).toEqual([]);
  });

  it('is dialled at each of its addresses, once, the families in turn', async () => {
    const recorder = new RecordingDial();
    const v4 = ['93.184.216.1', '93.184.216.2', '93.184.216.3'];
    const v6 = ['2606:2800:220:1::1', '2606:2800:0220:0001::2', '2606:2800:220:1:0:0:0:1'];
    await send(url, { resolve: resolvingInTurn([...v4, ...v6]), connect: recorder.dial });
    expect(recorder.dialled).toEqual([
      '93.184.216.1 80',
      '2606:2800:220:1::1 80',
      '93.184.216.2 80',
      '2606:2800:220:1::2 80',
      '93.184.216.3 80',
    ]);
  });

  it('is dialled at few of very many addresses', async () => {
    const recorder = new RecordingDial();
    const many = Array.from({ length: 999 }, (_, n) => `93.184.${n >> 8}.${n & 255}`);
    expect(await send(url, { resolve: resolvingInTurn(many), connect: recorder.dial })).toMatchObject({
      kind: 'failed',
      because: 'connection',
    });
    expect(recorder.dialled).toEqual(many.slice(0, 32).map((address) => `${address} 80`));

    const ofBothFamilies = new RecordingDial();
    const ipv6 = Array.from({ length: 99 }, (_, n) => `2606:2800:220:1::${n + 1}`);
    await send(url, { resolve: resolvingInTurn([...many, ...ipv6]), connect: ofBothFamilies.dial });
    expect(ofBothFamilies.dialled).toHaveLength(MAX_ADDRESSES_TRIED);
  });

  it.each(['0.0.0.0', '127.0.0.1'])('is tried again after a resolver said %s for an hour', async (answer) => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const recorder = new RecordingDial();
    const bad = await send(url, { resolve: resolvingInTurn([answer]), connect: recorder.dial });
    expect(bad).toMatchObject({ kind: 'failed', because: 'blocked_address' });
    expect(recorder.dialled).toEqual([]);

    const mended: Dial = () => dialTcp('127.0.0.1', receiver.port);
    const policy = loopbackAllowed;
    expect(await send(url, { policy, resolve: resolvingInTurn(['127.0.0.1']), connect: mended })).toMatchObject({
      status: 200,
    });
  });

  it('fails when only the VPC knows it, and the result tells no address of the inside (CON-20)', async () => {
    const recorder = new RecordingDial();
    const result = await send(url, { resolve: resolvingInTurn(['10.0.3.14']), connect: recorder.dial });
    expect(result).toEqual({
      kind: 'failed',
      because: 'blocked_address',
      detail: "the endpoint's name resolves to an address that is not public (private)",
    });
  });

  it('fails when an answer is no address', async () => {
    const recorder = new RecordingDial();
    const result = await send(url, { resolve: resolvingInTurn(['receiver.internal']), connect: recorder.dial });
    expect(result).toMatchObject({ kind: 'failed', because: 'blocked_address' });
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
      kind: 'failed',
      because: 'blocked_address',
      detail: 'the connection reached another address than the one judged',
    });
    await receiver.until(({ hungUp }) => hungUp === 1);
    expect(receiver.begun).toEqual([]);
  });
});

describe('an answer that spells an address of IPv4', () => {
  const url = 'http://receiver.example.com/hook';

  async function dialled(answers: string[]): Promise<{ result: SendResult; dialled: string[] }> {
    const recorder = new RecordingDial();
    const result = await send(url, { resolve: resolvingInTurn(answers), connect: recorder.dial });
    return { result, dialled: recorder.dialled };
  }

  it('as DNS64 does stands beside the good ones, is judged as what it spells, and is dialled last', async () => {
    const answers = ['64:ff9b::5db8:d822', '2606:2800:220:1::1', '93.184.216.34'];
    expect(await dialled(answers)).toEqual({
      result: { kind: 'failed', because: 'connection', detail: 'connection refused' },
      dialled: ['2606:2800:220:1::1 80', '93.184.216.34 80', '64:ff9b::5db8:d822 80'],
    });
  });

  it.each(['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::0a00:0001', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'])(
    'of the inside fails the attempt like the plain one, and nothing is dialled: %s',
    async (answer) => {
      expect(await dialled(['93.184.216.34', answer])).toMatchObject({
        result: { kind: 'failed', because: 'blocked_address' },
        dialled: [],
      });
    },
  );

  it('in the mapped form is that address and no other', async () => {
    expect(await dialled(['::ffff:93.184.216.34', '93.184.216.34'])).toMatchObject({ dialled: ['93.184.216.34 80'] });
  });

  it.each(['64:ff9b:1::5db8:d822', '2002:5db8:d822::1', '::ffff:0:93.184.216.34', '::93.184.216.34'])(
    'in a form whose way nobody can know fails the attempt: %s',
    async (answer) => {
      expect(await dialled(['93.184.216.34', answer])).toMatchObject({
        result: { kind: 'failed', because: 'blocked_address' },
        dialled: [],
      });
    },
  );
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
      const kind = host === 'name.example.com' ? 'failed' : 'refused';
      expect(result).toMatchObject({ kind, because: 'blocked_address' });
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

  it('is told when nobody waits for it any more', async () => {
    const clock = new TurnedClock();
    const left: boolean[] = [];
    const resolve: Resolve = (_, signal) => new Promise(() => signal.addEventListener('abort', () => left.push(true)));
    await using bench = openBench({ clock, resolve });
    const sent = bench.send(1, posting(url), ATTEMPT_MS);
    await clock.turn(ATTEMPT_MS);
    await sent;
    expect(left).toEqual([true]);

    void bench.send(1, posting(url), ATTEMPT_MS);
    await clock.turn(0);
    await bench.close();
    expect(left).toEqual([true, true]);
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
