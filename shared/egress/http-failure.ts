import type { SendResult } from './send-result.ts';
import { tlsDetail } from './tls-failure.ts';

/** Every result of the sender except a response. */
export type NoResponse = Exclude<SendResult, { kind: 'response' }>;

/** Where a send stands: it decides what a failure or the deadline means. `exchange` begins with the first byte of the request. */
export type SendPhase = 'queue' | 'dns' | 'connect' | 'tls' | 'exchange';

/** An internal cause: the time of the attempt was over before a byte of its request was written. */
export const TOO_LATE: NoResponse = { kind: 'exhausted', detail: 'no time was left to begin the request' };

/** A failure whose place in the closed list is already known, on its way to the result. */
export class SendFault extends Error {
  static override readonly name = 'SendFault';
  readonly code = 'SEND_FAULT';
  readonly result: NoResponse;

  constructor(result: NoResponse, options?: ErrorOptions) {
    super(result.detail, options);
    this.name = 'SendFault';
    this.result = result;
  }
}

/**
 * Faults of this process, not of the receiver, while nothing was sent. EADDRNOTAVAIL counts here for IPv4 only, see
 * `dial-addresses.ts`.
 */
const EXHAUSTED: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EADDRNOTAVAIL',
  'EAI_MEMORY',
]);
/**
 * For a look-up: this machine's own resolver could not even be asked. c-ares also reports ECONNREFUSED when no socket is
 * left. No name server of an endpoint can cause this; a server that is silent or fails is the endpoint's problem.
 */
const NOT_ASKED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EBUSY', 'EFILE', 'ENOTINITIALIZED']);
const CONNECTION_DETAILS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by the receiver'],
  ['EPIPE', 'connection reset by the receiver'],
  ['EHOSTUNREACH', 'receiver unreachable'],
  ['ENETUNREACH', 'receiver unreachable'],
]);
/**
 * The place of anything thrown by the network or TLS. It depends only on names and codes; the words are fixed,
 * because a message may hold an internal address or the receiver's own text. Once the first byte is written the phase
 * decides: whatever the cause, the receiver may have the request, so it is not given back.
 */
export function classifyFailure(error: unknown, phase: SendPhase): NoResponse {
  const place = placeOf(error, phase);
  return phase === 'exchange' && place.kind !== 'failed' ? failed('connection', place.detail) : place;
}

function placeOf(error: unknown, phase: SendPhase): NoResponse {
  if (error instanceof SendFault) return error.result;
  const code = codeOf(error);
  if (EXHAUSTED.has(code)) return { kind: 'exhausted', detail: 'this process ran out of sockets or memory' };
  if (phase === 'dns') {
    if (NOT_ASKED.has(code)) return { kind: 'exhausted', detail: 'the resolver of this machine could not be asked' };
    return failed('dns', 'the name does not resolve');
  }
  if (code === 'ETIMEDOUT') return unconnected('the connection timed out');
  const tls = tlsDetail(code);
  if (tls !== undefined) return failed('tls', tls);
  const connection = CONNECTION_DETAILS.get(code);
  if (connection !== undefined) return failed('connection', connection);
  if (phase === 'tls') return failed('tls', 'the handshake failed');
  return failed('connection', 'the connection broke before the response was complete');
}

/** What the attempt's end means where it was reached. */
export function deadlineFailure(phase: SendPhase): NoResponse {
  switch (phase) {
    case 'queue':
      return { kind: 'exhausted', detail: 'no connection became free within the time of the attempt' };
    case 'dns':
      return failed('dns', 'the name did not resolve in time');
    case 'connect':
      return unconnected('no connection in time');
    case 'tls':
      return unconnected('no TLS handshake in time');
    case 'exchange':
      return failed('timeout', 'no complete response header in time');
  }
}

/** An invocation that ends during its own send: the attempt is given back unless the receiver may have seen the request. */
export function closedFailure(phase: SendPhase): NoResponse {
  if (phase === 'exchange') return failed('timeout', 'the invocation ended before the response');
  return { kind: 'exhausted', detail: 'the invocation ended before the request was sent' };
}

export function failed(because: (NoResponse & { kind: 'failed' })['because'], detail: string): NoResponse {
  return { kind: 'failed', because, detail };
}

function unconnected(detail: string): NoResponse {
  return { kind: 'failed', because: 'timeout', detail, isUnconnected: true };
}

/** The code of a Node error; empty if it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
