import {
  acceptDeliveries,
  type Accepted,
  type AcceptParts,
  type EnqueueAnswer,
  type RunErrorType,
} from './accept-delivery.ts';
import { type CallLimit, StoreUnavailable } from '../delivery/delivery-store.ts';
import { type EnqueueContext, parseEnqueueRequest, type ParsedItem } from './enqueue-request.ts';
import { MAX_INVOKE_REQUEST_BYTES } from '../runtime/limits.ts';
import type { Log } from '../observe/log.ts';
import { errorName } from '../observe/redaction.ts';
import type { RequestErrorType } from './request-faults.ts';

export type EnqueueErrorType = RequestErrorType | RunErrorType | 'TemporaryFailure';

/** Its name is the `errorType` of the invocation. The message says what is wrong and repeats no value. */
export class EnqueueRefused extends Error {
  override readonly name: EnqueueErrorType;
  readonly code = 'enqueue_refused';

  constructor(errorType: EnqueueErrorType, errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
  }
}

type Skipped = { skipped: true; reason: 'disabled' };
type ItemError = { error: { errorType: string; errorMessage: string } };
export type EnqueueResponse = EnqueueAnswer | Skipped | { results: (EnqueueAnswer | Skipped | ItemError)[] };

export type EnqueueParts = AcceptParts & {
  log: Log;
  context: Omit<EnqueueContext, 'nowMs'>;
  rejected: RejectedRequests;
};

/** Where requests end that can never succeed: the intake dead-letter queue. */
export type RejectedRequests = {
  /** Answers the messages that could not be put there. */
  put(messages: readonly RejectedMessage[]): Promise<{ unsent: RejectedMessage[] }>;
};

export type RejectedMessage = { messageId: string; body: string; errorType: string; errorMessage: string };

const DISABLED: Skipped = { skipped: true, reason: 'disabled' };

/** Enqueues the request of one invocation. Throws EnqueueRefused; items of a batch are refused one by one instead. */
export async function enqueueByInvoke(event: unknown, parts: EnqueueParts, limit: CallLimit): Promise<EnqueueResponse> {
  const parsed = parseEnqueueRequest(event, { ...parts.context, nowMs: parts.clock.nowMs() });
  if (parsed.kind === 'refused') throw refuse(parsed, parts);
  if (parsed.kind === 'batch' && isTooLarge(event)) {
    const errorMessage = `deliveries: more than ${MAX_INVOKE_REQUEST_BYTES} bytes in all`;
    throw refuse({ errorType: 'PayloadTooLarge', errorMessage }, parts);
  }
  const results = await enqueueItems(parsed.items, parts, limit).catch((fault: unknown) => {
    throw temporary(fault, parts);
  });
  if (parsed.kind === 'batch') {
    parts.metrics.count('ItemsRefused', results.filter(({ kind }) => kind === 'refused').length);
    return { results: results.map((result, index) => batchItem(result, index)) };
  }
  const [result] = results;
  if (result === undefined) throw new Error('a request without an item');
  if (result.kind === 'refused') throw refuse(result, parts);
  return result.kind === 'disabled' ? DISABLED : result.answer;
}

type ItemResult = Accepted | { kind: 'disabled' } | { kind: 'refused'; errorType: string; errorMessage: string };

/** Accepts the sound items together; one result for each item, in order. */
export async function enqueueItems(
  items: readonly ParsedItem[],
  parts: AcceptParts,
  limit: CallLimit,
): Promise<ItemResult[]> {
  const sound = items.flatMap((item) => (item.kind === 'accepted' ? [item] : []));
  const accepted = new Map(
    (await acceptDeliveries(sound, parts, limit)).map((answer, index) => [sound[index], answer] as const),
  );
  return items.map((item) => {
    if (item.kind !== 'accepted') return item;
    const answer = accepted.get(item);
    if (answer === undefined) throw new Error('an accepted request without an answer');
    return answer;
  });
}

function batchItem(result: ItemResult, index: number): EnqueueAnswer | Skipped | ItemError {
  switch (result.kind) {
    case 'stored':
      return result.answer;
    case 'disabled':
      return DISABLED;
    case 'refused':
      return { error: { errorType: result.errorType, errorMessage: inBatch(result.errorMessage, index) } };
  }
}

/** Faults of the request's own carry their place already; those the database found get it here. */
export function inBatch(errorMessage: string, index: number): string {
  return errorMessage.startsWith('deliveries[') ? errorMessage : `deliveries[${index}].${errorMessage}`;
}

function refuse({ errorType, errorMessage }: { errorType: string; errorMessage: string }, parts: EnqueueParts): Error {
  parts.metrics.count('CallerMistakes', 1);
  parts.log.info('enqueue_refused', { error_type: errorType, error_message: errorMessage });
  const known = ERROR_TYPES.find((name) => name === errorType);
  return known === undefined ? new Error(errorMessage) : new EnqueueRefused(known, errorMessage);
}

const ERROR_TYPES = [
  'InvalidRequest',
  'PayloadTooLarge',
  'WorkflowRunNotFound',
  'WorkflowRunHasNoOrganization',
  'OrganizationMismatch',
] as const;

function temporary(fault: unknown, parts: EnqueueParts): unknown {
  parts.metrics.count('FaultsOfOurs', 1);
  parts.log.error('enqueue_failed', { fault: errorName(fault) });
  if (!(fault instanceof StoreUnavailable)) return fault;
  return new EnqueueRefused('TemporaryFailure', 'the database could not be asked; the same request may be sent again');
}

/** Nesting that a recursive serialiser cannot measure is refused item by item. */
function isTooLarge(event: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(event)) > MAX_INVOKE_REQUEST_BYTES;
  } catch {
    return false;
  }
}
