import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DemoCount, DemoReceiver, DemoRequest } from '../../console/console-parts.ts';
import { type DemoAnswer, demoAnswer, DEMO_CHOICES, DEMO_HELP } from './demo-answer.ts';
import type { Timers } from '../timers.ts';

/** The receiver as the console shows it, with its end of the port. */
type ServedDemoReceiver = DemoReceiver & {
  /** Answers requests below `/demo/`; returns false, and does nothing, for any other path. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
};

const RECENT_REQUESTS = 200;
const BODY_START_BYTES = 4 * 1024;
/** Deliveries whose requests are counted, some 15 MB; the one unused for longest is dropped first. */
const COUNTED_DELIVERIES = 100_000;
const MAX_ID_CHARACTERS = 100;
const MAX_PATH_CHARACTERS = 2048;
const NOTHING = Buffer.alloc(0);

/**
 * A receiver that its URL tells what to do: see DEMO_HELP. Keeps the last 200 requests and the counts of the last 100,000
 * deliveries, never more. It recognises a delivery by its `…-Delivery-Id` header, whatever the prefix.
 */
export function createDemoReceiver({ timers }: { timers: Timers }): ServedDemoReceiver {
  const recent: DemoRequest[] = [];
  const counts = new Map<string, DemoCount>();
  let total = 0;

  const record = (request: IncomingMessage): DemoRequest => {
    const seen: DemoRequest = {
      number: ++total,
      atMs: timers.nowMs(),
      method: request.method ?? '',
      path: (request.url ?? '').slice(0, MAX_PATH_CHARACTERS),
      rawHeaders: request.rawHeaders,
      bodyStart: NOTHING,
      bodyBytes: 0,
      deliveryId: deliveryIdOf(request),
      answer: 'waiting',
    };
    // A ring: the slot of the oldest is written over.
    recent[(total - 1) % RECENT_REQUESTS] = seen;
    return seen;
  };

  const count = (key: string): DemoCount => {
    const known = counts.get(key) ?? { requests: 0, accepted: 0 };
    // Taken out and put in again, a Map keeps its keys in the order of their last use.
    counts.delete(key);
    counts.set(key, known);
    if (counts.size > COUNTED_DELIVERIES) {
      for (const oldest of counts.keys()) {
        counts.delete(oldest);
        break;
      }
    }
    known.requests++;
    return known;
  };

  return {
    choices: DEMO_CHOICES,
    keeps: RECENT_REQUESTS,
    handle(request, response) {
      if (request.url?.startsWith('/demo/') !== true) return false;
      const seen = record(request);
      const pathname = request.url.split('?', 1)[0] ?? '';
      const counted = count(seen.deliveryId ?? `no id, ${pathname.slice(0, MAX_ID_CHARACTERS)}`);
      const answer = demoAnswer(pathname, counted.requests);
      response.on('close', () => {
        if (seen.answer === 'waiting') seen.answer = 'client gone';
      });
      const reply = (): void => {
        if (response.destroyed) return;
        seen.answer = answer;
        send({ request, response, seen, answer });
        if (answer.kind === 'status' && answer.status >= 200 && answer.status < 300) counted.accepted++;
      };
      readBody(request, seen, () => {
        if (answer.kind !== 'status' || answer.afterSeconds === 0) reply();
        else response.on('close', timers.after(answer.afterSeconds * 1000, reply));
      });
      return true;
    },
    snapshot() {
      const newest = recent.toSorted((a, b) => b.number - a.number);
      const shown = new Map<string, DemoCount>();
      for (const { deliveryId } of newest) {
        const known = deliveryId === undefined ? undefined : counts.get(deliveryId);
        if (deliveryId !== undefined && known !== undefined) shown.set(deliveryId, known);
      }
      return { total, requests: newest, counts: shown };
    },
  };
}

function readBody(request: IncomingMessage, seen: DemoRequest, done: () => void): void {
  request.on('data', (chunk: Buffer) => {
    seen.bodyBytes += chunk.length;
    const room = BODY_START_BYTES - seen.bodyStart.length;
    if (room > 0) seen.bodyStart = joined(seen.bodyStart, chunk.subarray(0, room));
  });
  request.on('end', done);
  // The response's close event reports that the client has gone.
  request.on('error', () => undefined);
}

/** Copied to its own memory: a slice would keep its whole chunk alive, and Buffer.concat a pool. */
function joined(start: Buffer, more: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(start.length + more.length);
  start.copy(both);
  more.copy(both, start.length);
  return both;
}

function send(exchange: {
  request: IncomingMessage;
  response: ServerResponse;
  seen: DemoRequest;
  answer: DemoAnswer;
}): void {
  const { request, response, seen, answer } = exchange;
  if (answer.kind === 'hang-up') {
    request.socket.destroy();
    return;
  }
  const body = bodyOf(answer, seen);
  response.writeHead(answer.status, {
    ...answer.headers,
    // Never a type that a browser would run: an echo contains what a stranger sent.
    'content-type': answer.body === 'echo' ? 'application/json' : 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...(mayHaveBody(answer.status) && { 'content-length': Buffer.byteLength(body) }),
  });
  response.end(mayHaveBody(answer.status) ? body : undefined);
}

function bodyOf(answer: DemoAnswer & { kind: 'status' }, seen: DemoRequest): string {
  if (answer.body === 'help') return DEMO_HELP;
  if (answer.body === 'plain') return `demo receiver: ${answer.status}\n`;
  const body = seen.bodyStart.toString('utf8');
  return `${JSON.stringify({ method: seen.method, path: seen.path, headers: seen.rawHeaders, body }, null, 2)}\n`;
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function deliveryIdOf(request: IncomingMessage): string | undefined {
  for (const name in request.headers) {
    if (!name.endsWith('-delivery-id')) continue;
    const value = request.headers[name];
    if (typeof value === 'string' && value !== '' && value.length <= MAX_ID_CHARACTERS) return value;
  }
  return undefined;
}
