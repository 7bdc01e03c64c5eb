import type { Dispatcher } from 'undici';
import { decodeExcerpt } from './decode-excerpt.ts';
import type { SendResult } from './send-result.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Connection } from './http-connections.ts';
import { classifyFailure } from './http-failure.ts';
import type { SendAttempt } from './send-attempt.ts';
import { MAX_RESPONSE_BODY_BYTES, RESPONSE_EXCERPT_BYTES } from '../runtime/limits.ts';

/**
 * Only the first KiB of a body is needed, and reading the rest allows the connection to be used again. Neither is worth
 * delaying a batch, so reading stops 2 s after the header.
 */
const BODY_READ_MS = 2000;

/** `reusable`: the response ended cleanly and the connection can carry another request. */
export type Exchanged = { result: SendResult; reusable: boolean };

/**
 * One request and its response over a connection of its own. Never rejects. Once the header block is complete, the status is
 * the result, whatever happens to the body.
 */
export function exchange(
  connection: Connection,
  attempt: SendAttempt,
  call: { request: Dispatcher.DispatchOptions; clock: Clock; whenAborted: () => SendResult },
): Promise<Exchanged> {
  const { promise, resolve } = Promise.withResolvers<Exchanged>();
  const reader = new ResponseReader();
  let cancelBodyLimit = () => {};

  /**
   * Called when the first byte is about to be written. The deadline's timer alone is not enough: it runs after the callbacks
   * of sockets, so a process that stood still while connecting would get here first.
   */
  function begin(): boolean {
    if (call.clock.monotonicMs() >= attempt.endsAtMonotonicMs) return false;
    attempt.enter('exchange');
    return true;
  }
  function settle(exchanged: Exchanged): void {
    cancelBodyLimit();
    attempt.signal.removeEventListener('abort', abort);
    attempt.response = reader.facts();
    resolve(reader.coding === undefined ? exchanged : decoded(exchanged, reader.coding));
  }
  function cutBody(): void {
    const response = reader.response();
    if (response !== undefined) settle({ result: response, reusable: false });
  }
  function abort(): void {
    settle({ result: reader.response() ?? call.whenAborted(), reusable: false });
  }

  if (attempt.signal.aborted) return Promise.resolve({ result: call.whenAborted(), reusable: false });
  attempt.signal.addEventListener('abort', abort, { once: true });
  connection.dispatch(attempt, call.request, {
    onRequestStart() {
      connection.expectResponse(begin);
    },
    onResponseStart(_, status, headers) {
      attempt.answered();
      reader.start(status, headers);
      cancelBodyLimit = call.clock.after(BODY_READ_MS, cutBody);
    },
    onResponseData(_, chunk) {
      if (reader.read(chunk) > MAX_RESPONSE_BODY_BYTES) cutBody();
    },
    onResponseEnd() {
      reader.end();
      const response = reader.response();
      if (response !== undefined) settle({ result: response, reusable: !connection.uploading });
    },
    onResponseError(_, error) {
      settle({ result: reader.response() ?? classifyFailure(error, attempt.phase), reusable: false });
    },
  });
  return promise;
}

async function decoded({ result, reusable }: Exchanged, coding: string): Promise<Exchanged> {
  if (result.kind !== 'response') return { result, reusable };
  return { result: { ...result, excerpt: await decodeExcerpt(result.excerpt, coding) }, reusable };
}

/**
 * Collects what is kept of a response: the status, the headers that say what happens next, and the first KiB, or the bytes it is
 * decoded from.
 */
class ResponseReader {
  /** Of the body; undefined where it has none. */
  coding: string | undefined;
  readonly #excerpt: Buffer[] = [];
  #kept = 0;
  #seen = 0;
  #isComplete = false;
  #headerNames: readonly string[] = [];
  #head: Omit<Extract<SendResult, { kind: 'response' }>, 'kind' | 'excerpt'> | undefined;

  start(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    const list = (name: string) => [headers[name] ?? []].flat().join(', ') || undefined;
    this.#head = {
      status,
      retryAfter: list('retry-after'),
      date: [headers['date']].flat()[0],
      rateLimitReset: list('ratelimit-reset'),
      rateLimit: list('ratelimit'),
      xRateLimitReset: list('x-ratelimit-reset'),
      webhookDelivery: list('webhook-delivery'),
      location: [headers['location']].flat()[0],
    };
    this.coding = list('content-encoding');
    this.#headerNames = Object.keys(headers);
  }

  end(): void {
    this.#isComplete = true;
  }

  /** Undefined before the header block is complete. */
  facts(): SendAttempt['response'] {
    if (this.#head === undefined) return undefined;
    return { headerNames: this.#headerNames, bodyBytes: this.#seen, isComplete: this.#isComplete };
  }

  /** Returns how many bytes of the body have arrived so far. */
  read(chunk: Buffer): number {
    // A copy: a slice would keep the whole chunk alive. The beginning of an encoded body may be unreadable without the rest:
    // zstd encodes 128 KiB at a time.
    const keep = this.coding === undefined ? RESPONSE_EXCERPT_BYTES : MAX_RESPONSE_BODY_BYTES;
    const part = Buffer.from(chunk.subarray(0, keep - this.#kept));
    if (part.length > 0) this.#excerpt.push(part);
    this.#kept += part.length;
    this.#seen += chunk.length;
    return this.#seen;
  }

  /** Undefined before the header block is complete. */
  response(): SendResult | undefined {
    return this.#head && { kind: 'response', ...this.#head, excerpt: Buffer.concat(this.#excerpt) };
  }
}
