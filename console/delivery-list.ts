import { type Answered, idAt, instantAt, listAt, numberAt, objectOf, textAt } from './answer-values.ts';
import { type DeliveryPhase, readPhase } from './delivery-phase.ts';
import { type DeliverySearch, filterMembers, searchTarget, targetMembers } from './delivery-search.ts';
import { type Invoke, type Told, toldAs } from './invoke-function.ts';

/** One line of the list. */
export type ListedDelivery = {
  id: string;
  runId: string;
  organizationId: string;
  name: string | undefined;
  /** The origin of its URL. */
  endpoint: string;
  method: string;
  phase: DeliveryPhase;
  attemptCount: number;
  maxAttempts: number;
  dueAt: Date | undefined;
  updatedAt: Date | undefined;
  lastError: string | undefined;
  reason: string | undefined;
  isDismissed: boolean;
  isExpunged: boolean;
  /** An attempt never reported, so the receiver may have got it, however the delivery ended. */
  mayHaveArrived: boolean;
};

export type DeliveryPage = {
  deliveries: readonly ListedDelivery[];
  /** Position to continue from; undefined at the end. */
  next: string | undefined;
  /** Deliveries that nothing can be told of. */
  unreadable: number;
};

export const PAGE_ROWS = 50;
/** Nothing is older. */
const FROM_THE_BEGINNING = '1970-01-01T00:00:00Z';

/** One page, in the order of what is listed. */
export async function listDeliveries(
  invoke: Invoke,
  search: DeliverySearch,
  nowMs: number,
): Promise<Told<DeliveryPage>> {
  const target = searchTarget(search.text);
  const ask = async (members: object): Promise<Told<DeliveryPage>> =>
    toldAs(await invoke('inspect', { ...listRequest(search, nowMs), ...members }), readPage);
  if (target.kind !== 'number') return ask(targetMembers(target));
  // The delivery of that number stands before those of that run.
  const ofRun = ask({ workflow_run_id: Number(target.id) });
  if (search.after !== undefined) return ofRun;
  const [one, run] = await Promise.all([ask({ delivery_ids: [Number(target.id)] }), ofRun]);
  if (!one.ok || !run.ok) return one.ok ? run : one;
  const others = run.value.deliveries.filter(({ id }) => id !== target.id);
  return { ok: true, value: { ...run.value, deliveries: [...one.value.deliveries, ...others] } };
}

function listRequest(search: DeliverySearch, nowMs: number): Record<string, unknown> {
  const { state, phase, heldBy, after } = search;
  const filters = filterMembers(search, nowMs);
  const isEmpty = Object.keys(filters).length === 0 && search.text === '';
  return {
    action: 'list',
    limit: PAGE_ROWS,
    ...filters,
    ...(isEmpty && { created_since: FROM_THE_BEGINNING }),
    ...(state === 'pending' && { order: 'due' }),
    ...(phase !== undefined && { phase }),
    ...(heldBy !== undefined && { held_by: heldBy }),
    ...(after !== undefined && { after }),
  };
}

function readPage(answer: unknown): DeliveryPage {
  const answered = objectOf(answer);
  return {
    deliveries: listAt(answered, 'deliveries').map((entry) => readListed(objectOf(entry))),
    next: textAt(answered, 'next'),
    unreadable: listAt(answered, 'unreadable').length,
  };
}

function readListed(entry: Answered): ListedDelivery {
  return {
    id: idAt(entry, 'delivery_id') ?? '',
    runId: idAt(entry, 'workflow_run_id') ?? '',
    organizationId: idAt(entry, 'organization_id') ?? '',
    name: textAt(entry, 'webhook_name'),
    endpoint: textAt(entry, 'endpoint') ?? '',
    method: textAt(entry, 'http_method') ?? '',
    phase: readPhase(textAt(entry, 'phase') ?? ''),
    attemptCount: numberAt(entry, 'attempt_count') ?? 0,
    maxAttempts: numberAt(entry, 'max_attempts') ?? 0,
    dueAt: instantAt(entry, 'scheduled_for'),
    updatedAt: instantAt(entry, 'updated_at'),
    lastError: textAt(entry, 'last_error'),
    reason: textAt(entry, 'dead_letter_reason'),
    isDismissed: textAt(entry, 'dismissed_at') !== undefined,
    isExpunged: textAt(entry, 'expunged_at') !== undefined,
    mayHaveArrived: entry['may_have_arrived'] === true,
  };
}
