import { arrivalsTold, type Clock } from '../runtime/clock.ts';
import { MAX_RESPONSE_BODY_BYTES, MAX_RESPONSE_HEADER_BYTES, RESPONSE_EXCERPT_BYTES } from '../runtime/limits.ts';
import { BodyReader } from './body-reader.ts';
import { decodeExcerpt } from './decode-excerpt.ts';
import { HeaderBlock } from './header-block.ts';
import { classifyFailure, failed, SendFault, TOO_LATE } from './http-failure.ts';
import type { Listener, ReceiverConnection } from './receiver-connection.ts';
import { framingOf, keptForMs, readHead, type ResponseHead } from './response-head.ts';
import type { SendAttempt, WireFacts } from './send-attempt.ts';
import type { SendResult } from './send-result.ts';

/**
 * Only the first KiB of a body is needed, and reading the rest allows the connection to be used again. Neither is worth
 * delaying a batch, so reading stops 2 s after the header.
 */
const BODY_READ_MS = 2000;

/** `isKept`: the connection can carry another request, and is watched until then. */
type Exchanged = { result: SendResult; isKept: boolean };

export type ExchangeCall = {
  request: readonly Buffer[];
  attempt: SendAttempt;
  clock: Clock;
  whenAborted: () => SendResult;
  wanted: 'excerpt' | 'body';
};

/**
 * One request and its response over a connection that nobody else uses. Never rejects. Once the header block is complete, the
 * status is the result, whatever happens to the body.
 */
export async function exchange(connection: ReceiverConnection, call: ExchangeCall): Promise<Exchanged> {
  const { attempt, clock } = call;
  if (attempt.signal.aborted) return { result: call.whenAborted(), isKept: false };
  // The deadline's timer alone is not enough: it runs after the callbacks of sockets, so a process that stood still while it
  // connected would get here first.
  if (clock.monotonicMs() >= attempt.endsAtMonotonicMs) return { result: TOO_LATE, isKept: false };
  // Without this nobody would tell of its end any more.
  if (!connection.isWritable) return { result: classifyFailure(undefined, attempt.phase), isKept: false };
  const { result, coding, isKept } = await new Exchange(connection, call).begin();
  if (coding === undefined || result.kind !== 'response') return { result, isKept };
  return { result: { ...result, excerpt: await decodeExcerpt(result.excerpt, coding, keptBytes(call)) }, isKept };
}

function keptBytes({ wanted }: Pick<ExchangeCall, 'wanted'>): number {
  return wanted === 'body' ? MAX_RESPONSE_BODY_BYTES : RESPONSE_EXCERPT_BYTES;
}

type Ended = Exchanged & { coding?: string | undefined };

class Exchange implements Listener {
  readonly #connection: ReceiverConnection;
  readonly #call: ExchangeCall;
  readonly #ended = Promise.withResolvers<Ended>();
  readonly #block = new HeaderBlock();
  #response: ResponseReader | undefined;
  /** Nothing unexpected has arrived since the request. */
  #isClean = true;
  #hasWaited = false;
  #cancelBodyLimit = () => {};

  constructor(connection: ReceiverConnection, call: ExchangeCall) {
    this.#connection = connection;
    this.#call = call;
  }

  begin(): Promise<Ended> {
    const { attempt, request } = this.#call;
    attempt.signal.addEventListener('abort', this.#abort, { once: true });
    attempt.enter('exchange');
    this.#connection.write(request, attempt, this);
    return this.#ended.promise;
  }

  data(bytes: Buffer): void {
    let offset = 0;
    while (this.#response === undefined && offset < bytes.length && !this.#isOver) {
      this.#takeByte(bytes.readUInt8(offset));
      offset += 1;
    }
    const response = this.#response;
    if (response === undefined || this.#isOver) return;
    // Also where no body is expected: bytes behind the end of an answer are nobody's.
    response.read(bytes.subarray(offset));
    if (response.body.isOver || response.bodyBytes > MAX_RESPONSE_BODY_BYTES) this.#over();
  }

  /** A receiver that hangs up on a used connection may just have closed it when idle, before the request arrived. */
  end(): void {
    if (this.#response !== undefined) {
      this.#response.body.hungUp();
      this.#over();
    } else if (this.#block.isEmpty && this.#connection.isKept) {
      this.#fail(new SendFault(failed('connection', 'the receiver closed the connection before answering')));
    } else {
      this.#refuse('the receiver hung up before the response header was complete');
    }
  }

  broken(error: unknown): void {
    if (this.#response === undefined) this.#fail(error);
    else this.#over();
  }

  readonly #abort = (): void => {
    if (this.#response === undefined) this.#settle({ result: this.#call.whenAborted(), isKept: false });
    else this.#over();
  };

  #takeByte(byte: number): void {
    switch (this.#block.take(byte)) {
      case 'open':
        return;
      case 'foreign':
        return this.#refuse('the answer does not start like an HTTP/1 response');
      case 'complete':
        return this.#answered(true);
      case 'full':
        return this.#answered(false);
    }
  }

  #answered(isComplete: boolean): void {
    const head = readHead(this.#block.text());
    this.#block.clear();
    if (head === undefined || head.status < 100 || head.status === 101) {
      return this.#refuse('the response has no status that can be understood');
    }
    this.#isClean &&= head.isClean && isComplete;
    if (head.status < 200) {
      // Dropped, and the block after it is awaited until the attempt's time is up.
      if (!isComplete) this.#refuse(`an interim response is larger than ${MAX_RESPONSE_HEADER_BYTES} bytes`);
      return;
    }
    this.#call.attempt.answered();
    this.#response = new ResponseReader({ ...head, isClean: this.#isClean }, isComplete, keptBytes(this.#call));
    if (this.#call.wanted === 'excerpt') {
      this.#cancelBodyLimit = this.#call.clock.after(BODY_READ_MS, () => this.#over());
    }
  }

  /** As much of the response is here as is awaited. */
  #over(): void {
    const response = this.#response;
    // Once it is settled the connection may be somebody else's.
    if (response === undefined || this.#isOver) return;
    if (response.isExact && this.#connection.isUploading && !this.#hasWaited) {
      // TLS tells a turn later that a request was written: a quick answer is here before.
      this.#hasWaited = true;
      return void arrivalsTold().then(() => this.#over());
    }
    const isKept = response.isExact && !this.#connection.isUploading && response.keptForMs !== 0;
    if (isKept) this.#connection.rest(response.keptForMs);
    this.#settle({ result: response.result(), coding: response.coding, isKept });
  }

  #refuse(detail: string): void {
    this.#fail(new SendFault(failed('protocol', detail)));
  }

  #fail(error: unknown): void {
    this.#settle({ result: classifyFailure(error, 'exchange'), isKept: false });
  }

  get #isOver(): boolean {
    return this.#call.attempt.isOver;
  }

  #settle(ended: Ended): void {
    const { attempt } = this.#call;
    if (attempt.isOver) return;
    this.#cancelBodyLimit();
    attempt.signal.removeEventListener('abort', this.#abort);
    attempt.end(this.#response?.facts());
    // Nothing more is taken of an answer that was cut.
    if (!ended.isKept) void this.#connection.close();
    this.#ended.resolve(ended);
  }
}

/**
 * Collects what is kept of a response: the status, the headers that say what happens next, and as much of the body as is wanted, or
 * the bytes it is decoded from.
 */
class ResponseReader {
  readonly body: BodyReader;
  /** Of the body; undefined where it has none. */
  readonly coding: string | undefined;
  /** How long the connection is kept for another request; undefined where the receiver says nothing. */
  readonly keptForMs: number | undefined;
  /** As far as it was read. */
  bodyBytes = 0;
  readonly #head: ResponseHead;
  readonly #excerpt: Buffer[] = [];
  #excerptBytes = 0;
  readonly #mostBytes: number;

  constructor(head: ResponseHead, isComplete: boolean, keptBytes: number) {
    this.#head = head;
    this.#mostBytes = keptBytes;
    this.body = new BodyReader(framingOf(head, isComplete));
    this.coding = this.#list('content-encoding');
    this.keptForMs = keptForMs(head);
  }

  get isExact(): boolean {
    return this.#head.isClean && this.body.isExact;
  }

  read(bytes: Buffer): void {
    this.body.take(bytes, (part) => this.#keep(part));
  }

  result(): SendResult {
    return {
      kind: 'response',
      status: this.#head.status,
      retryAfter: this.#list('retry-after'),
      date: this.#values('date')[0],
      rateLimitReset: this.#list('ratelimit-reset'),
      rateLimit: this.#list('ratelimit'),
      xRateLimitReset: this.#list('x-ratelimit-reset'),
      webhookDelivery: this.#list('webhook-delivery'),
      location: this.#values('location')[0],
      excerpt: Buffer.concat(this.#excerpt),
    };
  }

  facts(): WireFacts['response'] {
    const headerNames = [...new Set(this.#head.fields.map(({ name }) => name))];
    return { headerNames, bodyBytes: this.bodyBytes, isComplete: this.body.isComplete };
  }

  #keep(part: Buffer): void {
    // A copy: a slice would keep the whole chunk alive. The beginning of an encoded body may be unreadable without the rest:
    // zstd encodes 128 KiB at a time.
    const most = this.coding === undefined ? this.#mostBytes : MAX_RESPONSE_BODY_BYTES;
    const kept = Buffer.from(part.subarray(0, most - this.#excerptBytes));
    if (kept.length > 0) this.#excerpt.push(kept);
    this.#excerptBytes += kept.length;
    this.bodyBytes += part.length;
  }

  #list(name: string): string | undefined {
    return this.#values(name).join(', ') || undefined;
  }

  /** Names are as `readHead` leaves them; bytes beyond ASCII are most likely UTF-8. */
  #values(name: string): string[] {
    return this.#head.fields
      .filter((field) => field.name === name)
      .map(({ value }) => Buffer.from(value, 'latin1').toString('utf8'));
  }
}
