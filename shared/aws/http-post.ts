import { Agent, type AgentOptions, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as requestOverTls } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../runtime/clock.ts';

type Posting = { endpoint: URL; path: string; headers: readonly string[]; body: string };
export type PostAnswer = { status: number; headers: IncomingMessage['headers']; text: string };

/** As an AbortError of the platform: the caller does not wait any longer. */
export class AbortError extends Error {
  static override readonly name = 'AbortError';
  override readonly name = 'AbortError';

  constructor() {
    super('the call was aborted');
  }
}

/** A connection, or an answer, took too long. */
class TimeoutError extends Error {
  static override readonly name = 'TimeoutError';
  override readonly name = 'TimeoutError';
  readonly code = 'ETIMEDOUT';

  constructor(what: string, limitMs: number) {
    super(`no ${what} within ${limitMs} ms`);
  }
}

/** Milliseconds. Without `answerMs` only the caller's signal bounds the wait for an answer. */
export type PostLimits = { connectMs: number; answerMs?: number };

export type HttpPost = {
  /** Rejects with AbortError, TimeoutError or what Node says of a connection that broke. */
  post(posting: Posting, abortSignal: AbortSignal): Promise<PostAnswer>;
  close(): void;
};

/** As many as the SDK opens to one host. */
const CONNECTIONS: AgentOptions = { keepAlive: true, maxSockets: 50 };

const NOTHING = (): void => {};

/** POST requests to services that are trusted, over connections that are kept. */
export function createHttpPost(clock: Clock, limits: PostLimits): HttpPost {
  const plain = { agent: new Agent(CONNECTIONS), request };
  const overTls = { agent: new TlsAgent(CONNECTIONS), request: requestOverTls };

  /** Returns what ends the limit. */
  function limit(outgoing: ClientRequest, what: string, limitMs: number): () => void {
    return clock.after(limitMs, () => outgoing.destroy(new TimeoutError(what, limitMs)));
  }

  function limitConnecting(outgoing: ClientRequest, socket: Socket): () => void {
    if (!socket.connecting) return NOTHING;
    const cancel = limit(outgoing, 'connection', limits.connectMs);
    socket.once('connect', cancel);
    return cancel;
  }

  return {
    post({ endpoint, path, headers, body }, abortSignal) {
      if (abortSignal.aborted) return Promise.reject(new AbortError());
      const way = endpoint.protocol === 'https:' ? overTls : plain;
      const outgoing = way.request({
        agent: way.agent,
        host: hostOf(endpoint),
        port: endpoint.port,
        method: 'POST',
        path,
        headers: [...headers, 'content-length', String(Buffer.byteLength(body))],
      });
      const { answerMs } = limits;
      const cancelAnswer = answerMs === undefined ? NOTHING : limit(outgoing, 'answer', answerMs);
      let cancelConnecting = NOTHING;
      outgoing.once('socket', (socket) => (cancelConnecting = limitConnecting(outgoing, socket)));
      const abort = (): void => void outgoing.destroy(new AbortError());
      abortSignal.addEventListener('abort', abort, { once: true });
      const answer = answerTo(outgoing, abortSignal).finally(() => {
        cancelAnswer();
        cancelConnecting();
        abortSignal.removeEventListener('abort', abort);
      });
      // Head and body leave in one piece.
      outgoing.end(body);
      return answer;
    },
    close() {
      plain.agent.destroy();
      overTls.agent.destroy();
    },
  };
}

function answerTo(outgoing: ClientRequest, abortSignal: AbortSignal): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(abortSignal.aborted ? new AbortError() : error);
    outgoing.once('error', fail);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => void chunks.push(chunk));
      // Also when the connection ends before the answer does.
      incoming.once('error', fail);
      incoming.once('end', () => {
        // What comes after an abort is dropped, so this may be a part only.
        if (abortSignal.aborted) reject(new AbortError());
        else resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: textOf(chunks) });
      });
    });
  });
}

/** Node wants an IPv6 address without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function textOf(chunks: readonly Buffer[]): string {
  const [only, ...more] = chunks;
  if (only === undefined) return '';
  return (more.length === 0 ? only : Buffer.concat(chunks)).toString();
}
