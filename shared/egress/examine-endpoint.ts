import type { Socket } from 'node:net';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type Dial, dialFirst } from './dial-addresses.ts';
import { judgeEndpoint } from './endpoint-url.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EgressPolicy } from './egress-guard.ts';
import {
  type ClientCertificate,
  type ConnectOptions,
  dialTcp,
  judgeAnswers,
  judgeLiterals,
  type Resolve,
  resolveName,
  secure,
} from './http-connect.ts';
import { classifyFailure, deadlineFailure, type SendPhase } from './http-failure.ts';
import { SendAttempt } from './send-attempt.ts';

/** One step on the way to an endpoint, how it went and how long it took. `detail` holds nothing that the endpoint said. */
export type ExaminedStep = { step: string; ok: boolean; detail: string; ms: number };

/** As for `openConnections`. */
export type Reaching = { policy: EgressPolicy; resolve: Resolve; connect?: Dial; clock: Clock };

/** And what is shown to a receiver that asks for it. */
type Examining = Reaching & { clientCertificate?: ClientCertificate | undefined };

const DAY_MS = 86_400_000;

/**
 * Goes the way of a webhook, step by step, up to its first byte: url, dns, address, connect, tls. Ends with the first step
 * that fails. Never rejects, and leaves nothing open.
 */
export async function examineEndpoint(url: string, reaching: Examining, timeoutMs: number): Promise<ExaminedStep[]> {
  const steps: ExaminedStep[] = [];
  const { connect = dialTcp, ...rest } = reaching;
  const options: Going['options'] = { ...rest, dial: connect };
  const { clock } = options;
  const signal = new AbortController();
  const cancel = clock.after(timeoutMs, () => signal.abort());
  const endsAtMonotonicMs = clock.monotonicMs() + timeoutMs;
  const attempt = new SendAttempt({ clock, signal: signal.signal, endsAtMonotonicMs });
  const sockets: Socket[] = [];
  async function take<T>(step: string, work: () => T | Promise<T>, tell: (found: T) => string): Promise<T | undefined> {
    const beganAt = clock.monotonicMs();
    const done = (ok: boolean, detail: string) =>
      void steps.push({ step, ok, detail, ms: Math.round(clock.monotonicMs() - beganAt) });
    try {
      const found = await work();
      done(true, tell(found));
      return found;
    } catch (fault) {
      done(false, detailOf(fault, { phase: attempt.phase, isLate: signal.signal.aborted }));
      return undefined;
    }
  }
  try {
    await goThere(url, { options, attempt, sockets, take });
  } finally {
    cancel();
    for (const socket of sockets) socket.destroy();
  }
  return steps;
}

type Going = {
  options: ConnectOptions & Pick<Examining, 'clientCertificate'>;
  attempt: SendAttempt;
  sockets: Socket[];
  take: <T>(step: string, work: () => T | Promise<T>, tell: (found: T) => string) => Promise<T | undefined>;
};

async function goThere(url: string, { options, attempt, sockets, take }: Going): Promise<void> {
  const target = await take(
    'url',
    () => {
      const verdict = judgeEndpoint(url, options.policy);
      if (verdict.ok) return verdict.target;
      throw new UrlFault(verdict.fault);
    },
    ({ host, port }) => `${host}, port ${port}`,
  );
  if (target === undefined) return;
  const literals = target.addresses;
  const answers =
    literals ??
    (await take(
      'dns',
      () => resolveName(target.host, attempt, options),
      (found) => `${found.length} ${found.length === 1 ? 'address' : 'addresses'}`,
    ));
  if (answers === undefined) return;
  const addresses = await take(
    'address',
    () => (literals === undefined ? judgeAnswers(answers, target, options) : judgeLiterals(literals, target, options)),
    (found) => found.slice(0, 4).join(', ') + (found.length > 4 ? ', …' : ''),
  );
  if (addresses === undefined) return;
  attempt.enter('connect');
  const socket = await take(
    'connect',
    () => dialFirst(addresses, target.port, { ...options, signal: attempt.signal }),
    ({ remoteAddress, remoteFamily }) => `${remoteAddress ?? ''} (${remoteFamily ?? ''})`,
  );
  if (socket === undefined) return;
  if (!target.tls) {
    sockets.push(socket);
    return;
  }
  // From here on the socket is its handshake's: ending both at once crashes Node 24.
  attempt.enter('tls');
  await take(
    'tls',
    async () => {
      const secured = await secure(socket, target.host, attempt, options);
      sockets.push(secured);
      return secured;
    },
    (secured) => (secured instanceof TLSSocket ? tlsDetailOf(secured, options.clock.nowMs()) : ''),
  );
}

/** A fault of the URL: fixed words, as enqueue says them. */
class UrlFault extends Error {}

function detailOf(fault: unknown, { phase, isLate }: { phase: SendPhase; isLate: boolean }): string {
  if (fault instanceof UrlFault) return `the URL ${fault.message}`;
  return isLate ? deadlineFailure(phase).detail : classifyFailure(fault, phase).detail;
}

/** Version, who vouches, how many certificates, and the fewest days that one of them is still valid. */
function tlsDetailOf(socket: TLSSocket, nowMs: number): string {
  const chain = chainOf(socket.getPeerCertificate(true));
  const [own] = chain;
  const daysLeft = chain.map(({ valid_to: until }) => Math.floor((Date.parse(until) - nowMs) / DAY_MS));
  const issuer = [own?.issuer.O, own?.issuer.CN].flatMap((name) => name ?? []).join(', ');
  return `${socket.getProtocol() ?? 'TLS'}, issued by ${printable(issuer)}, chain of ${chain.length}, ${Math.min(...daysLeft)} days left`;
}

function chainOf(first: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = first;
  // A root vouches for itself.
  while (next !== undefined && !chain.includes(next) && chain.length < MAX_CHAIN) {
    chain.push(next);
    next = next.issuerCertificate as DetailedPeerCertificate | undefined;
  }
  return chain;
}

const MAX_CHAIN = 10;

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
