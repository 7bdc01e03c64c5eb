import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOOK_UP_MS, NameResolver, RESOLUTION_DELAY_MS } from '../../../shared/egress/name-resolver.ts';
import { NameServer, type Question, type Reply } from '../../support/receivers/name-server.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

// Real: Node's resolver over UDP and TCP, the name servers on loopback, the hosts file. Doubles: the clock, which stands still
// unless a test turns it. No name server but those of the tests may be asked.

const HOST = 'receiver.example.com';

let clock: TurnedClock;
let folder: string;
let hostsFile: string;

beforeEach(() => {
  clock = new TurnedClock();
  folder = mkdtempSync(join(tmpdir(), 'surehook-hosts-'));
  hostsFile = join(folder, 'hosts');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Asks about a name; nobody leaves unless a test gives a signal. */
function ask(servers: readonly string[], signal = new AbortController().signal): Promise<readonly string[]> {
  return new NameResolver({ clock, servers, hostsFile }).resolve(HOST, signal);
}

/** Replies by the type asked for. */
function replying(A: Reply, AAAA: Reply): (question: Question) => Reply {
  return ({ type }) => (type === 'A' ? A : AAAA);
}

describe('a name', () => {
  it('has all its addresses of both families, IPv6 first', async () => {
    const addresses = ['93.184.216.34', '2606:2800:220:1::1', '93.184.216.35'];
    await using server = await NameServer.open(() => ({ addresses }));
    expect(await ask([server.address])).toEqual(['2606:2800:220:1::1', '93.184.216.34', '93.184.216.35']);
    expect(server.questions.map(({ name, type }) => `${type} ${name}`).sort()).toEqual([`A ${HOST}`, `AAAA ${HOST}`]);
  });

  it('has the addresses of its alias', async () => {
    await using server = await NameServer.open(() => ({
      addresses: ['93.184.216.34'],
      alias: 'edge_1.cdn.example.net',
    }));
    expect(await ask([server.address])).toEqual(['93.184.216.34']);
  });

  it('has more addresses than fit a datagram: they come over TCP', async () => {
    const addresses = Array.from({ length: 1000 }, (_, n) => `93.184.${n >> 8}.${n & 255}`);
    await using server = await NameServer.open(() => ({ addresses }));
    expect(await ask([server.address])).toEqual(addresses);
    expect(server.questions).toContainEqual({ name: HOST, type: 'A', over: 'TCP' });
  });

  it('may have no address at all', async () => {
    await using server = await NameServer.open(() => ({ addresses: [] }));
    expect(await ask([server.address])).toEqual([]);
  });

  it('that does not exist is asked for as it stands and in no other domain', async () => {
    await using server = await NameServer.open(() => ({ failure: 'NXDOMAIN' }));
    await expect(ask([server.address])).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(new Set(server.questions.map(({ name }) => name))).toEqual(new Set([HOST]));
  });

  it('is asked for again when a question was lost', async () => {
    await using server = await NameServer.open(({ type }) =>
      server.questions.filter((question) => question.type === type).length === 1
        ? 'silence'
        : { addresses: ['93.184.216.34'] },
    );
    expect(await ask([server.address])).toEqual(['93.184.216.34']);
  });
});

describe('one family of addresses', () => {
  const ipv4 = { addresses: ['93.184.216.34'] };
  const ipv6 = { addresses: ['2606:2800:220:1::1'] };

  it.each<Reply>([{ failure: 'SERVFAIL' }, { failure: 'NXDOMAIN' }, { failure: 'REFUSED' }, { addresses: [] }])(
    'is enough when the other one fails: %j',
    async (failing) => {
      await using withoutIpv6 = await NameServer.open(replying(ipv4, failing));
      expect(await ask([withoutIpv6.address])).toEqual(ipv4.addresses);
      await using withoutIpv4 = await NameServer.open(replying(failing, ipv6));
      expect(await ask([withoutIpv4.address])).toEqual(ipv6.addresses);
    },
  );

  it('of IPv4 goes without one of IPv6 that does not come soon', async () => {
    await using server = await NameServer.open(replying(ipv4, 'silence'));
    const asked = ask([server.address]);
    await clock.timerSet(RESOLUTION_DELAY_MS);
    await clock.turn(RESOLUTION_DELAY_MS);
    expect(await asked).toEqual(ipv4.addresses);
  });

  it('of IPv6 that comes a little later is waited for', async () => {
    const late = Promise.withResolvers<Reply>();
    await using server = await NameServer.open(({ type }) => (type === 'A' ? ipv4 : late.promise));
    const asked = ask([server.address]);
    await clock.timerSet(RESOLUTION_DELAY_MS);
    await clock.turn(49);
    late.resolve(ipv6);
    expect(await asked).toEqual([...ipv6.addresses, ...ipv4.addresses]);
  });

  it('of IPv6 is waited for while there is none of IPv4', async () => {
    const late = Promise.withResolvers<Reply>();
    await using server = await NameServer.open(({ type }) => (type === 'A' ? { addresses: [] } : late.promise));
    const asked = ask([server.address]);
    await server.asked(2);
    await clock.turn(LOOK_UP_MS - 1);
    late.resolve(ipv6);
    expect(await asked).toEqual(ipv6.addresses);
  });

  it('of IPv6 waits for that of IPv4: there may be no way to it from here', async () => {
    const late = Promise.withResolvers<Reply>();
    await using server = await NameServer.open(({ type }) => (type === 'A' ? late.promise : ipv6));
    const asked = ask([server.address]);
    await server.asked(2);
    await clock.turn(LOOK_UP_MS - 1);
    late.resolve(ipv4);
    expect(await asked).toEqual([...ipv6.addresses, ...ipv4.addresses]);
  });

  it('of IPv6 is enough when none of IPv4 comes in time', async () => {
    await using server = await NameServer.open(replying('silence', ipv6));
    const asked = ask([server.address]);
    await server.asked(2);
    await clock.turn(LOOK_UP_MS);
    expect(await asked).toEqual(ipv6.addresses);
  });
});

describe('a name server', () => {
  it('that never answers is given up in time', async () => {
    await using server = await NameServer.open(() => 'silence');
    let isOver = false;
    const asked = ask([server.address])
      .catch((error: unknown) => error)
      .finally(() => (isOver = true));
    await server.asked(2);
    await clock.turn(9_999);
    expect(isOver).toBe(false);
    await clock.turn(1);
    expect(await asked).toMatchObject({
      result: { kind: 'failed', because: 'dns', detail: 'the name did not resolve in time' },
    });
  });

  it.each<Reply>([{ failure: 'SERVFAIL' }, { failure: 'REFUSED' }])(
    'that fails makes us ask the next: %j',
    async (reply) => {
      await using first = await NameServer.open(() => reply);
      await using second = await NameServer.open(() => reply);
      await using third = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
      expect(await ask([first.address, second.address, third.address])).toEqual(['93.184.216.34']);
      expect([first, second, third].map(({ questions }) => questions.length)).toEqual([2, 2, 2]);
    },
  );

  it('that says the name does not exist is believed', async () => {
    await using first = await NameServer.open(() => ({ failure: 'NXDOMAIN' }));
    await using second = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    await expect(ask([first.address, second.address])).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(second.questions).toEqual([]);
  });

  it('that is not there makes us ask the next', async () => {
    await using second = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    expect(await ask([await NameServer.gone(), second.address])).toEqual(['93.184.216.34']);
  });

  it('of this machine that is not there is told from a name that does not resolve', async () => {
    await expect(ask([await NameServer.gone()])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('the hosts file', () => {
  it('comes first, and nobody is asked', async () => {
    writeFileSync(
      hostsFile,
      `127.0.0.1\tlocalhost\n# 10.0.0.9 ${HOST}\n127.0.0.2  other.test Receiver.Example.COM. # ours\r\n::1 ${HOST}\n`,
    );
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    expect(await ask([server.address])).toEqual(['127.0.0.2', '::1']);
    expect(server.questions).toEqual([]);
  });

  it('is read again when it has changed', async () => {
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    const names = new NameResolver({ clock, servers: [server.address], hostsFile });
    const { signal } = new AbortController();
    expect(await names.resolve(HOST, signal)).toEqual(['93.184.216.34']);
    writeFileSync(hostsFile, `127.0.0.2 ${HOST}\n`);
    expect(await names.resolve(HOST, signal)).toEqual(['127.0.0.2']);
    writeFileSync(hostsFile, `127.0.0.3 ${HOST}\n`);
    utimesSync(hostsFile, 1, 1);
    expect(await names.resolve(HOST, signal)).toEqual(['127.0.0.3']);
    rmSync(hostsFile);
    expect(await names.resolve(HOST, signal)).toEqual(['93.184.216.34']);
  });

  it('that cannot be read lists nothing', async () => {
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    const names = new NameResolver({ clock, servers: [server.address], hostsFile: folder });
    expect(await names.resolve(HOST, new AbortController().signal)).toEqual(['93.184.216.34']);
  });
});

describe('a look-up', () => {
  it('is shared by those who ask at the same time, and done afresh for those who ask later', async () => {
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    const names = new NameResolver({ clock, servers: [server.address], hostsFile });
    const { signal } = new AbortController();
    const answers = await Promise.all(Array.from({ length: 10 }, () => names.resolve(HOST, signal)));
    expect(answers).toEqual(answers.map(() => ['93.184.216.34']));
    expect(server.questions).toHaveLength(2);
    await names.resolve(HOST, signal);
    expect(server.questions).toHaveLength(4);
  });

  it('goes on for the others when one leaves, and ends with the last', async () => {
    const late = Promise.withResolvers<Reply>();
    await using server = await NameServer.open(() => late.promise);
    const names = new NameResolver({ clock, servers: [server.address], hostsFile });
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const both = [leaving, staying].map(({ signal }) => names.resolve(HOST, signal));
    await server.asked(2);
    leaving.abort();
    late.resolve({ addresses: ['93.184.216.34'] });
    expect(await Promise.all(both)).toEqual([['93.184.216.34'], ['93.184.216.34']]);
  });

  it('that everybody has left is over at once, and the next to ask begins another', async () => {
    await using server = await NameServer.open(() =>
      server.questions.length <= 2 ? 'silence' : { addresses: ['93.184.216.34'] },
    );
    const names = new NameResolver({ clock, servers: [server.address], hostsFile });
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(({ signal }) => names.resolve(HOST, signal).catch(String));
    await server.asked(2);
    for (const controller of leaving) controller.abort();
    expect(await names.resolve(HOST, new AbortController().signal)).toEqual(['93.184.216.34']);
    // Not a datagram will answer it, and the clock stood still: it was ended.
    expect(await Promise.all(left)).toEqual(left.map(() => 'SendFault: the name did not resolve in time'));
  });

  it('is not begun for somebody who has already left', async () => {
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    await expect(ask([server.address], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.questions).toEqual([]);
  });

  it('leaves nothing open, not even a question that nobody needs answered any more', async () => {
    await using server = await NameServer.open(replying({ addresses: ['93.184.216.34'] }, 'silence'));
    // The process ends by itself as soon as nothing is open; the silent question alone would keep it for 15 s.
    expect(await inAProcess(server, `console.log(await ask('/none'));`)).toEqual(['93.184.216.34']);
  });

  it('in a process without a file descriptor left is no fault of the name', async () => {
    await using server = await NameServer.open(() => ({ addresses: ['93.184.216.34'] }));
    writeFileSync(hostsFile, `127.0.0.2 ${HOST}\n`);
    const script = `
      console.log(await ask('/none'));
      try { for (;;) openSync('/dev/null'); } catch {}
      console.log(await ask('/none'));
      console.log(await ask('${hostsFile}'));
      process.exit();`;
    expect(await inAProcess(server, script)).toEqual([
      '93.184.216.34',
      'exhausted: the resolver of this machine could not be asked',
      'exhausted: this process ran out of sockets or memory',
    ]);
  });
});

/** The lines that a process of its own prints, with few file descriptors, which may `ask` the server for the name. */
async function inAProcess({ address }: NameServer, script: string): Promise<string[]> {
  const modules = ['egress/name-resolver', 'egress/http-failure', 'runtime/clock'].map(
    (name) => new URL(`../../../shared/${name}.ts`, import.meta.url).href,
  );
  const preamble = `
    import { openSync } from 'node:fs';
    const [{ NameResolver }, { classifyFailure }, { systemClock }] = await Promise.all(
      ${JSON.stringify(modules)}.map((module) => import(module)));
    const ask = (hostsFile) =>
      new NameResolver({ clock: systemClock, servers: ['${address}'], hostsFile })
        .resolve('${HOST}', new AbortController().signal)
        .then(String, (error) => Object.values(classifyFailure(error, 'dns')).join(': '));`;
  const limited = ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, preamble + script];
  const { stdout } = await promisify(execFile)('sh', limited, { timeout: 10_000 });
  return stdout.trim().split('\n');
}
