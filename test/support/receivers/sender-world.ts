import { Socket } from 'node:net';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { egressPolicy } from '../../../shared/egress/egress-guard.ts';
import type { Dial } from '../../../shared/egress/dial-addresses.ts';
import { dialTcp, type Resolve } from '../../../shared/egress/http-connect.ts';
import {
  type Connections,
  keepConnections,
  type OutgoingRequest,
  type SendLimits,
  type WireFacts,
} from '../../../shared/egress/http-sender.ts';
import type { SendResult } from '../../../shared/egress/send-result.ts';
import type { TurnedClock } from '../time/turned-clock.ts';

/** Long enough that only a turned clock ever reaches it. */
export const ATTEMPT_MS = 30_000;

export const strict = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });
export const loopbackAllowed = egressPolicy({ allowCidrs: ['127.0.0.0/8', '::1/128'], blockedAuthorities: [] });

/** Of a send that may begin whenever it does. */
export const IN_TIME: SendLimits = { timeoutMs: ATTEMPT_MS, mustStartByMonotonicMs: Infinity };

/** A request in which only what a test names matters. */
export function posting(url: string, request: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    url,
    method: 'POST',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from('{"ok":true}'),
    ...request,
  };
}

/** The connections of one invocation, which all end with it. */
export function openConnections(options: Parameters<typeof keepConnections>[0]): Connections {
  const kept = keepConnections(options);
  const { send, close } = bound(kept.begin());
  return {
    send,
    async close() {
      await close();
      await kept.close();
    },
  };
}

function bound(connections: Connections): Connections {
  return { send: (...args) => connections.send(...args), close: () => connections.close() };
}

type Bench = AsyncDisposable & {
  close(): Promise<void>;
  /** The end of one invocation, and the begin of the next in the same process. */
  nextInvocation(): Promise<void>;
  send(
    organizationId: number,
    request: OutgoingRequest,
    timeoutMs: number,
    mustStartByMonotonicMs?: number,
  ): Promise<SendResult>;
  /** What each send told of the wire, in the order in which they ended. */
  readonly told: WireFacts[];
};

/**
 * Connections to real receivers on loopback, over real sockets; every name resolves to 127.0.0.1. The clock is the
 * system's unless a test turns one.
 */
export function openBench(options: { clock?: TurnedClock; resolve?: Resolve; connect?: Dial } = {}): Bench {
  const kept = keepConnections({
    policy: loopbackAllowed,
    resolve: () => Promise.resolve(['127.0.0.1']),
    clock: systemClock,
    ...options,
  });
  let connections = kept.begin();
  const close = async () => {
    await connections.close();
    await kept.close();
  };
  const told: WireFacts[] = [];
  return {
    told,
    send: (organizationId, request, timeoutMs, mustStartByMonotonicMs = Infinity) =>
      connections.send(organizationId, request, {
        timeoutMs,
        mustStartByMonotonicMs,
        tell: (facts) => told.push(facts),
      }),
    async nextInvocation() {
      await connections.close();
      connections = kept.begin();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Writes down what would be dialled and refuses the connection, so that no test reaches any address. `failing` names
 * the error code of the addresses that do not answer ECONNREFUSED.
 */
export class RecordingDial {
  readonly dialled: string[] = [];
  readonly #failing: Readonly<Record<string, string>>;

  constructor(failing: Readonly<Record<string, string>> = {}) {
    this.#failing = failing;
  }

  readonly dial: Dial = (address, port) => {
    this.dialled.push(`${address} ${port}`);
    const code = this.#failing[address] ?? 'ECONNREFUSED';
    return new Socket().destroy(Object.assign(new Error(`connect ${code} ${address}`), { code }));
  };
}

/** Sockets that stay silent for ever at the addresses named, and real ones elsewhere: a SYN that nobody answers. */
export function blackHole(addresses: readonly string[], elsewhere: Dial = dialTcp): Dial {
  return (address, port) => (addresses.includes(address) ? new Socket() : elsewhere(address, port));
}

/** A resolver that answers each call with the next list, and counts the calls. */
export function resolvingInTurn(...answers: string[][]): Resolve & { calls: string[] } {
  const calls: string[] = [];
  const resolve: Resolve = (host) => {
    calls.push(host);
    return Promise.resolve(answers[Math.min(calls.length, answers.length) - 1] ?? []);
  };
  return Object.assign(resolve, { calls });
}
