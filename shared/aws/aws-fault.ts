import type { PostAnswer } from './http-post.ts';

/** What an AWS service answered in place of success. Its `name` is the exception's own, such as `ThrottlingException`. */
export class AwsFault extends Error {
  static override readonly name = 'AwsFault';
  override readonly name: string;
  readonly status: number;
  /** That the service asks for before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(
    name: string,
    message: string,
    { status, retryAfterMs }: { status: number; retryAfterMs?: number | undefined },
  ) {
    super(message);
    this.name = name;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** The name stands in a header or in the body, perhaps between a namespace and a URL: `aws.protocol#Name:https://…`. */
  static of({ status, headers, text }: PostAnswer): AwsFault {
    const body = parsed(text);
    const told = [headers['x-amzn-errortype'], body['__type'], body['code']].find((name) => typeof name === 'string');
    const name =
      String(told ?? '')
        .split(':', 1)[0]
        ?.split('#')
        .at(-1) ?? '';
    const message = [body['message'], body['Message']].find((one) => typeof one === 'string');
    return new AwsFault(name === '' ? 'UnknownError' : name, String(message ?? ''), {
      status,
      retryAfterMs: retryAfterOf(headers['retry-after']),
    });
  }
}

const TRANSIENT_STATUSES = new Set([500, 502, 503, 504]);
/** Of a signature that is too old by the time it arrives: the next one is new. */
const OUTDATED = new Set(['RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed']);
const TIMED_OUT = new Set(['RequestTimeout', 'RequestTimeoutException']);
const THROTTLED = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

const BASE_MS = 100;
const THROTTLED_BASE_MS = 500;
const LONGEST_MS = 20_000;
/** A service that asks for more than this beyond the usual pause is not waited for. */
const MOST_ASKED_MS = 5_000;

/**
 * Milliseconds to wait before the same is asked again, as in the SDK's standard mode; undefined for what does not pass by itself.
 *
 * @param random in [0, 1)
 */
export function pauseBeforeRetry(
  error: unknown,
  { tries, random }: { tries: number; random: number },
): number | undefined {
  if (error instanceof AwsFault) {
    const isThrottled = error.status === 429 || THROTTLED.has(error.name);
    if (!isThrottled && !passes(error)) return undefined;
    const leastMs = backoffMs(isThrottled ? THROTTLED_BASE_MS : BASE_MS, tries, random);
    const askedMs = Math.min(error.retryAfterMs ?? 0, leastMs + MOST_ASKED_MS);
    return Math.max(leastMs, askedMs);
  }
  const isNetwork = error instanceof Error && 'code' in error && NETWORK.has(String(error.code));
  return isNetwork ? backoffMs(BASE_MS, tries, random) : undefined;
}

function passes({ name, status, message }: AwsFault): boolean {
  if (TRANSIENT_STATUSES.has(status) || TIMED_OUT.has(name) || OUTDATED.has(name)) return true;
  return name === 'InvalidSignatureException' && message.includes('Signature expired');
}

function backoffMs(baseMs: number, tries: number, random: number): number {
  return random * Math.min(LONGEST_MS, baseMs * 2 ** (tries - 1));
}

/** Seconds, as AWS sends it; anything else is ignored. */
function retryAfterOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch {
    // An intermediary's page.
    return {};
  }
}
