import { acceptDeliveries, type AcceptParts, type EnqueueAnswer, type RunErrorType } from './accept-delivery.ts';
import { type CallLimit, type Refusal, StoreUnavailable } from '../delivery/store-answers.ts';
import type { ParsedRequest } from './enqueue-request.ts';
import type { Log, LogFields } from '../observe/log.ts';
import { faultFields, refusalFields } from '../observe/fault-fields.ts';
import type { RequestErrorType } from './request-faults.ts';

/** The name of a request's error, in the answer, in the intake dead-letter queue and as `errorType` of an invocation. */
export type EnqueueErrorType = RefusalType | FailureType;
/** Mistakes of callers: such a request can never succeed. */
export type RefusalType = RequestErrorType | RunErrorType;
/** Internal faults. The first passes by itself; the second stays until somebody fixes the database. */
type FailureType = 'TemporaryFailure' | 'DatabaseRefused';

export type ItemResult =
  | { kind: 'stored'; answer: EnqueueAnswer }
  | { kind: 'disabled' }
  | { kind: 'refused'; errorType: RefusalType; errorMessage: string }
  | ItemFailed;

/** Not known to be stored. */
export type ItemFailed = {
  kind: 'failed';
  errorType: FailureType;
  errorMessage: string;
  /** The database gave no answer, or would not take it, or something unexpected happened. */
  because: 'unavailable' | 'refused' | 'unexpected';
  fields: LogFields;
};

export type ReadRequest = Exclude<ParsedRequest, { kind: 'refused' }>;

/** Accepts the valid items of all requests together. Returns one result per item for each request, in order, with its path. */
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
      switch (answer.kind) {
        case 'stored':
          return answer;
        case 'refused': {
          const at = kind === 'one' ? '' : `deliveries[${index}].`;
          return { ...answer, errorMessage: `${at}${answer.errorMessage}` };
        }
        case 'refused_by_database':
          return refusedByDatabase(answer.refusal);
        case 'unnameable':
          return unnameable(answer.deliveryUuid);
        case 'failed':
          return failedOver(answer.fault);
      }
    }),
  );
}

export function refusedByDatabase(refusal: Refusal, what = 'store it'): ItemFailed {
  return {
    kind: 'failed',
    errorType: 'DatabaseRefused',
    errorMessage: `the database refused to ${what} (SQLSTATE ${refusal.sqlState}) and will keep refusing until the cause is fixed; see the log`,
    because: 'refused',
    fields: { fault: 'DatabaseRefused', ...refusalFields(refusal) },
  };
}

/** A row of its own making; the UUID is what finds it again. */
function unnameable(deliveryUuid: string): ItemFailed {
  return {
    kind: 'failed',
    errorType: 'DatabaseRefused',
    because: 'refused',
    errorMessage: `the delivery ${deliveryUuid} stands in the database under an id beyond 2^53-1, which no answer and no message can name; see the log`,
    fields: { fault: 'DatabaseRefused', relation: 'webhook_deliveries', column: 'id', delivery_uuid: deliveryUuid },
  };
}

/** What callers are told of an internal fault: fixed words, none of the fault's own. */
export function failedOver(fault: unknown): ItemFailed {
  const because = fault instanceof StoreUnavailable ? 'unavailable' : 'unexpected';
  const what = because === 'unavailable' ? 'the database is unavailable' : 'an unexpected fault occurred';
  return {
    kind: 'failed',
    because,
    errorType: 'TemporaryFailure',
    errorMessage: `${what}; send the same request again`,
    fields: faultFields(fault),
  };
}

/** Counts and logs each fault once, however many items it affected. */
export function reportFailures(
  event: 'enqueue_failed' | 'intake_failed',
  failed: readonly ItemFailed[],
  { log, metrics }: { log: Log; metrics: AcceptParts['metrics'] },
): void {
  const faults = new Map(failed.map(({ fields }) => [JSON.stringify(fields), fields]));
  for (const fields of faults.values()) log.error(event, fields);
  if (faults.size > 0) metrics.count('InternalFaults', faults.size);
}
