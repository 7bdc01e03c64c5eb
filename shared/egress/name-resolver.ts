import { Resolver } from 'node:dns/promises';
import type { Clock } from '../runtime/clock.ts';
import { HostsFile } from './hosts-file.ts';
import type { Resolve } from './http-connect.ts';
import { codeOf, failed, SendFault } from './http-failure.ts';

/** An unanswered question is asked again, because a datagram may be lost: c-ares doubles its waits, so at 0, 1, 3 and 7 s. */
const FIRST_WAIT_MS = 1000;
const TRIES = 4;
/** When a look-up is given up: what the system's own resolver takes by default (5 s, twice), well below an attempt's 30 s. */
export const LOOK_UP_MS = 10_000;
/** RFC 8305, section 3: once IPv4 addresses are known, IPv6 addresses are waited for this much longer. */
export const RESOLUTION_DELAY_MS = 50;
/** After these the next server of several is asked, as the system's own resolver does. */
const ASK_THE_NEXT: ReadonlySet<string> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP']);

/** The result of one question. */
type Answer = { addresses: readonly string[]; error?: unknown };
/** A look-up in progress, and how many wait for it. */
type LookUp = { answers: Promise<readonly string[]>; asking: number; abandon: AbortController };

type Asking = { servers: readonly string[] | undefined; signal: AbortSignal };

/**
 * Looks names up without a thread: the system's `getaddrinfo` runs on two threads of a process, so that two names whose name
 * servers never answer hold up every other one. Here each look-up has a socket of its own (c-ares), and nobody waits for
 * anybody else's.
 *
 * As with `getaddrinfo`: the hosts file comes first, then the servers of `/etc/resolv.conf`, read anew each time. Otherwise:
 * a name is asked for as it stands, never with a search domain behind it; other sources of nsswitch.conf (mDNS, NIS, a VPN's
 * own resolver on macOS) are not asked. Nothing is remembered; deliveries that ask for one name at the same time share a
 * look-up, and it ends with the last of them.
 */
export class NameResolver {
  readonly #clock: Clock;
  readonly #hosts: HostsFile;
  readonly #servers: readonly string[] | undefined;
  readonly #underWay = new Map<string, LookUp>();

  /** `servers`, as `address:port`, and `hostsFile` are the machine's own, except in tests. */
  constructor(options: { clock: Clock; hostsFile?: string; servers?: readonly string[] }) {
    this.#clock = options.clock;
    this.#hosts = new HostsFile(options.hostsFile ?? '/etc/hosts');
    this.#servers = options.servers;
  }

  readonly resolve: Resolve = async (host, signal) => {
    signal.throwIfAborted();
    const listed = this.#hosts.addressesOf(host);
    return listed.length > 0 ? listed : await this.#share(host, signal);
  };

  #share(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const lookUp = this.#underWay.get(host) ?? this.#begin(host);
    const leave = () => {
      lookUp.asking -= 1;
      if (lookUp.asking > 0) return;
      this.#underWay.delete(host);
      lookUp.abandon.abort();
    };
    lookUp.asking += 1;
    signal.addEventListener('abort', leave, { once: true });
    return lookUp.answers.finally(() => signal.removeEventListener('abort', leave));
  }

  #begin(host: string): LookUp {
    const abandon = new AbortController();
    const answers = this.#lookUp(host, abandon).finally(() => {
      if (this.#underWay.get(host) === lookUp) this.#underWay.delete(host);
    });
    const lookUp: LookUp = { answers, asking: 0, abandon };
    this.#underWay.set(host, lookUp);
    return lookUp;
  }

  async #lookUp(host: string, abandon: AbortController): Promise<readonly string[]> {
    const cancelLimit = this.#clock.after(LOOK_UP_MS, () => abandon.abort());
    try {
      return await askBothFamilies(host, { servers: this.#servers, signal: abandon.signal }, this.#clock);
    } catch (error) {
      if (codeOf(error) !== 'ECANCELLED') throw error;
      throw new SendFault(failed('dns', 'the name did not resolve in time'), { cause: error });
    } finally {
      cancelLimit();
      // The question about IPv6 may still be open.
      abandon.abort();
    }
  }
}

/** IPv6 first, as RFC 6724 orders them: on a machine without IPv6 that costs nothing. */
async function askBothFamilies(host: string, asking: Asking, clock: Clock): Promise<readonly string[]> {
  const resolver = resolverOf(asking);
  const askedIpv6 = settled(ask(host, 'resolve6', { resolver, signal: asking.signal }));
  const ipv4 = await settled(ask(host, 'resolve4', { resolver, signal: asking.signal }));
  const ipv6 =
    ipv4.addresses.length === 0 ? await askedIpv6 : await answerWithin(askedIpv6, RESOLUTION_DELAY_MS, clock);
  const addresses = [...ipv6.addresses, ...ipv4.addresses];
  if (addresses.length > 0) return addresses;
  // A name may have no address of one family; everything else is a failure.
  const failure = [ipv4.error, ipv6.error].find((error) => error !== undefined && codeOf(error) !== 'ENODATA');
  if (failure !== undefined) throw failure;
  return [];
}

/** A socket of its own, from an unpredictable port, open while it has questions and until the signal aborts. */
function resolverOf({ servers, signal }: Asking): Resolver {
  const resolver = new Resolver({ timeout: FIRST_WAIT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  signal.addEventListener('abort', () => resolver.cancel(), { once: true });
  return resolver;
}

async function ask(
  host: string,
  question: 'resolve4' | 'resolve6',
  { resolver, signal }: { resolver: Resolver; signal: AbortSignal },
): Promise<readonly string[]> {
  try {
    return await resolver[question](host);
  } catch (error) {
    const servers = resolver.getServers().slice(1);
    if (signal.aborted || servers.length === 0 || !ASK_THE_NEXT.has(codeOf(error))) throw error;
    return await ask(host, question, { resolver: resolverOf({ servers, signal }), signal });
  }
}

function settled(asked: Promise<readonly string[]>): Promise<Answer> {
  return asked.then(
    (addresses) => ({ addresses }),
    (error: unknown) => ({ addresses: [], error }),
  );
}

function answerWithin(answer: Promise<Answer>, ms: number, clock: Clock): Promise<Answer> {
  const { promise: none, resolve } = Promise.withResolvers<Answer>();
  const cancel = clock.after(ms, () => resolve({ addresses: [] }));
  return Promise.race([answer, none]).finally(cancel);
}
