import { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineEndpoint, type Reaching } from '../../../shared/egress/examine-endpoint.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { answering, authorities, certificate, HostileReceiver } from '../../support/receivers/hostile-receivers.ts';
import { blackHole, loopbackAllowed, RecordingDial, strict } from '../../support/receivers/sender-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: the way to an endpoint, TCP and TLS on loopback, certificates of `test/data/tls`. Doubles: the resolver, and the clock where
// one turns.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const systemAuthorities = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...systemAuthorities, ...authorities]));
afterAll(() => setDefaultCACertificates(systemAuthorities));

const reaching = (given: Partial<Reaching> = {}): Reaching => ({
  policy: loopbackAllowed,
  resolve: () => Promise.resolve(['127.0.0.1']),
  clock: systemClock,
  ...given,
});
const examine = async (url: string, given: Partial<Reaching> = {}) =>
  (await examineEndpoint(url, reaching(given), 10_000)).map(({ step, ok, detail }) => [step, ok, detail]);

async function examineOverTls(options: TlsOptions) {
  await using receiver = await HostileReceiver.open(answering(OK), options);
  const steps = await examine(`https://receiver.example.com:${receiver.port}/hook?token=secret`);
  return { steps, begun: receiver.begun };
}

describe('an endpoint that is examined', () => {
  it('shows each step of the way, and gets not one byte of a request', async () => {
    const { steps, begun } = await examineOverTls(certificate('good'));
    expect(steps.map(([step, ok]) => [step, ok])).toEqual([
      ['url', true],
      ['dns', true],
      ['address', true],
      ['connect', true],
      ['tls', true],
    ]);
    expect(steps.at(-1)?.[2]).toMatch(/^TLSv1\.3, issued by .+, chain of \d, -?\d+ days left$/);
    expect(steps[3]?.[2]).toBe('127.0.0.1 (IPv4)');
    expect(JSON.stringify(steps)).not.toContain('secret');
    expect(begun).toEqual([]);
  });

  it.each<[Parameters<typeof certificate>[0], string]>([
    ['expired', 'the certificate has expired, or one of its chain has'],
    ['wrong-name', 'the certificate is for another name'],
  ])('says of a certificate that is %s what is wrong', async (name, detail) => {
    const { steps } = await examineOverTls(certificate(name));
    expect(steps.at(-1)).toEqual(['tls', false, detail]);
  });

  it('ends with the first step that fails', async () => {
    const { dial, dialled } = new RecordingDial();
    expect(await examine('ftp://a.example.com/')).toEqual([
      ['url', false, 'the URL must start with http:// or https://'],
    ]);
    const nameless = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect((await examine('https://a.example.com/', { resolve: nameless })).at(-1)).toEqual([
      'dns',
      false,
      'the name does not resolve',
    ]);
    expect((await examine('https://a.example.com/', { policy: strict })).at(-1)).toEqual([
      'address',
      false,
      "the endpoint's name resolves to an address that is not public (loopback)",
    ]);
    expect(dialled).toEqual([]);
    expect((await examine('https://a.example.com/', { connect: dial })).at(-1)).toEqual([
      'connect',
      false,
      'connection refused',
    ]);
  });

  it('that is an address has no name to resolve', async () => {
    await using receiver = await HostileReceiver.open(answering(OK));
    const steps = await examine(`http://127.0.0.1:${receiver.port}/`);
    expect(steps.map(([step, ok]) => [step, ok])).toEqual([
      ['url', true],
      ['address', true],
      ['connect', true],
    ]);
  });

  it('that never answers is given up, and nothing stays open', async () => {
    const clock = new TurnedClock();
    const connect = blackHole(['127.0.0.1']);
    const examined = examineEndpoint('https://a.example.com/', reaching({ clock, connect }), 10_000);
    await clock.timerSet(250);
    await clock.turn(10_000);
    expect((await examined).at(-1)).toMatchObject({ step: 'connect', ok: false, detail: 'no connection in time' });
  });
});
