import type { AcceptParts, EnqueueAnswer } from './accept-delivery.ts';
import { announceDeliveries, type AnnounceParts, type AnnounceResult, inOrder } from './announce-deliveries.ts';
import { type Announcement, parseAnnouncement } from './announce-request.ts';
import type { CallLimit } from '../delivery/store-answers.ts';
import {
  type EnqueueErrorType,
  enqueueRequests,
  failedOver,
  type ItemResult,
  reportFailures,
} from './enqueue-items.ts';
import { type EnqueueContext, parseEnqueueRequest } from './enqueue-request.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { tooLargeBecause } from './json-size.ts';
import type { Log } from '../observe/log.ts';

/** Its name becomes the `errorType` of the invocation. The message says what is wrong and repeats no value. */
export class EnqueueRefused extends Error {
  static override readonly name = 'EnqueueRefused';
  override readonly name: EnqueueErrorType;
  /** For the log: Lambda's own client writes there the name of the class, unless a field says otherwise. */
  readonly errorType: EnqueueErrorType;
  readonly code = 'enqueue_refused';

  constructor(errorType: EnqueueErrorType, errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
    this.errorType = errorType;
  }
}

type Skipped = { skipped: true; reason: 'disabled' };
type ItemError = { error: { errorType: EnqueueErrorType; errorMessage: string } };
export type EnqueueResponse =
  | EnqueueAnswer
  | Skipped
  | { results: (EnqueueAnswer | Skipped | ItemError)[] }
  | { results: AnnounceResult[] };

export type EnqueueParts = AcceptParts &
  AnnounceParts & {
    log: Log;
    context: Omit<EnqueueContext, 'nowMs'>;
    /** How long a waiting caller is kept: callers have timeouts of their own, a queue has none. */
    answerWithinSeconds: number;
  };

const DISABLED: Skipped = { skipped: true, reason: 'disabled' };

/**
 * Enqueues the request of one invocation, or announces what it names. Throws only EnqueueRefused; the items of a batch are refused one by one instead.
 * `limit` is the function's own; the caller's may end earlier.
 */
export async function enqueueByInvoke(event: unknown, parts: EnqueueParts, limit: CallLimit): Promise<EnqueueResponse> {
  const until = parts.clock.monotonicMs() + parts.answerWithinSeconds * 1000;
  try {
    return await answerTo(event, parts, { untilMonotonicMs: Math.min(limit.untilMonotonicMs, until) });
  } catch (fault) {
    if (fault instanceof EnqueueRefused) throw fault;
    const failed = failedOver(fault);
    reportFailures('enqueue_failed', [failed], parts);
    throw new EnqueueRefused(failed.errorType, failed.errorMessage);
  }
}

async function answerTo(event: unknown, parts: EnqueueParts, limit: CallLimit): Promise<EnqueueResponse> {
  const tooLarge = tooLargeBecause(event);
  if (tooLarge !== undefined) {
    const errorMessage = isJsonObject(event) && 'deliveries' in event ? `deliveries: ${tooLarge}` : tooLarge;
    throw refuse({ errorType: 'PayloadTooLarge', errorMessage }, parts);
  }
  const announcement = parseAnnouncement(event);
  if (announcement !== undefined) return await answerAnnouncement(announcement, parts, limit);
  const parsed = parseEnqueueRequest(event, { ...parts.context, nowMs: parts.clock.nowMs() });
  if (parsed.kind === 'refused') throw refuse(parsed, parts);
  const [results = []] = await enqueueRequests([parsed], parts, limit);
  throwWhereAllFailed(results, parts);
  if (parsed.kind === 'batch') {
    parts.metrics.count('ItemsRefused', results.filter(({ kind }) => kind === 'refused').length);
    return { results: results.map(batchItem) };
  }
  const [result] = results;
  if (result === undefined || result.kind === 'failed') throw new Error('a request without an item');
  if (result.kind === 'refused') throw refuse(result, parts);
  return result.kind === 'disabled' ? DISABLED : result.answer;
}

async function answerAnnouncement(
  announcement: Announcement,
  parts: EnqueueParts,
  limit: CallLimit,
): Promise<EnqueueResponse> {
  if (announcement.kind === 'refused') throw refuse(announcement, parts);
  const announced = await announceDeliveries(announcement.deliveryUuids, parts, limit);
  if (announced.kind === 'announced') return { results: inOrder(announcement.deliveryUuids, announced) };
  reportFailures('enqueue_failed', [announced], parts);
  throw new EnqueueRefused(announced.errorType, announced.errorMessage);
}

/** If any item is stored, the invocation succeeds, and its answer says for each of the others what went wrong. */
function throwWhereAllFailed(results: readonly ItemResult[], parts: EnqueueParts): void {
  const failed = results.filter((result) => result.kind === 'failed');
  reportFailures('enqueue_failed', failed, parts);
  const [first] = failed;
  if (first === undefined || results.some(({ kind }) => kind === 'stored')) return;
  throw new EnqueueRefused(first.errorType, first.errorMessage);
}

function batchItem(result: ItemResult, index: number): EnqueueAnswer | Skipped | ItemError {
  switch (result.kind) {
    case 'stored':
      return result.answer;
    case 'disabled':
      return DISABLED;
    case 'refused':
      return { error: { errorType: result.errorType, errorMessage: result.errorMessage } };
    case 'failed':
      return { error: { errorType: result.errorType, errorMessage: `deliveries[${index}]: ${result.errorMessage}` } };
  }
}

function refuse(
  { errorType, errorMessage }: { errorType: EnqueueErrorType; errorMessage: string },
  { metrics, log }: EnqueueParts,
): EnqueueRefused {
  metrics.count('EnqueueMistakes');
  log.info('enqueue_refused', { error_type: errorType, error_message: errorMessage });
  return new EnqueueRefused(errorType, errorMessage);
}
