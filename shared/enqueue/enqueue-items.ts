import { acceptDeliveries, type AcceptParts, type EnqueueAnswer, type RunErrorType } from './accept-delivery.ts';
import { type CallLimit, StoreUnavailable } from '../delivery/delivery-store.ts';
import type { ParsedRequest } from './enqueue-request.ts';
import type { Log } from '../observe/log.ts';
import { errorName } from '../observe/redaction.ts';
import type { RequestErrorType } from './request-faults.ts';

/** The name of a request's error, in the answer, in the intake dead-letter queue and as `errorType` of an invocation. */
export type EnqueueErrorType = RefusalType | FailureType;
/** Callers' mistakes: such a request can never succeed. */
export type RefusalType = RequestErrorType | RunErrorType;
/** Faults of ours. */
export type FailureType = 'TemporaryFailure';

export type ItemResult =
  | { kind: 'stored'; answer: EnqueueAnswer }
  | { kind: 'disabled' }
  | { kind: 'refused'; errorType: RefusalType; errorMessage: string }
  | ItemFailed;

/** Nothing is known to be stored. */
type ItemFailed = { kind: 'failed'; errorType: FailureType; errorMessage: string; fault: unknown };

export type ReadRequest = Exclude<ParsedRequest, { kind: 'refused' }>;

/** Accepts the sound items of all requests together; for each request one result an item, in order, with its path. */
export async function enqueueRequests(
  requests: readonly ReadRequest[],
  parts: AcceptParts,
  limit: CallLimit,
): Promise<ItemResult[][]> {
  const sound = requests.flatMap(({ items }) => items.filter((item) => item.kind === 'accepted'));
  const answers = await acceptDeliveries(sound, parts, limit);
  const answerOf = new Map(sound.map((item, index) => [item, answers[index]] as const));
  return requests.map(({ kind, items }) =>
    items.map((item, index): ItemResult => {
      if (item.kind !== 'accepted') return item;
      const answer = answerOf.get(item);
      if (answer === undefined) throw new Error('an accepted request without an answer');
      if (answer.kind === 'failed') return itemFailed(answer.fault);
      if (answer.kind === 'stored' || kind === 'one') return answer;
      return { ...answer, errorMessage: `deliveries[${index}].${answer.errorMessage}` };
    }),
  );
}

function itemFailed(fault: unknown): ItemFailed {
  return { kind: 'failed', fault, ...failureOf(fault) };
}

/** What a fault of ours is called outside: no word of its own. */
export function failureOf(fault: unknown): { errorType: FailureType; errorMessage: string } {
  const what = fault instanceof StoreUnavailable ? 'the database could not be asked' : 'something unforeseen failed';
  return { errorType: 'TemporaryFailure', errorMessage: `${what}; the same request may be sent again` };
}

/** Counts and logs each fault once, however many items it met. */
export function reportFaults(
  event: 'enqueue_failed' | 'intake_failed',
  faults: readonly unknown[],
  { log, metrics }: { log: Log; metrics: AcceptParts['metrics'] },
): void {
  const names = new Set(faults.map(errorName));
  for (const fault of names) log.error(event, { fault });
  if (names.size > 0) metrics.count('FaultsOfOurs', names.size);
}
