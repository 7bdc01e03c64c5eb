import { formatExchange } from '../delivery/exchange.ts';
import type { Clock } from '../runtime/clock.ts';
import { phaseOf, shownDueMs } from './delivery-facts.ts';
import { endpointsFields } from './endpoint-fields.ts';
import type { Examiner } from './examiner.ts';
import { examineDatabase } from './examine-database.ts';
import { explain } from './explain.ts';
import { cursorOf, type InspectRequest } from './inspect-request.ts';
import type {
  CountedBy,
  CountedGroup,
  DeliveryKey,
  InspectStore,
  ListedDelivery,
  ListFilter,
  ListLook,
  ShownAttempt,
  ShownDelivery,
} from './inspect-store.ts';
import { nameIds } from './name-ids.ts';
import { orderFields } from './order-fields.ts';
import type { OrderStore } from './order-store.ts';
import { type Selection, statusesOf, type Walk, walkOf, type WalkPosition } from './selection.ts';

export type InspectParts = { store: InspectStore & Pick<OrderStore, 'findNamed'>; examiner: Examiner; clock: Clock };

const ALL = ['pending', 'succeeded', 'dead_letter'] as const;
/** Groups that a count tells; the others are told as a number. */
const MOST_GROUPS = 1000;
/** Most lists are full by then. What is rarer is looked for in longer looks. */
const FIRST_LOOK_ROWS = 250;
const LOOK_GROWTH = 8;
/** Refused deliveries that a list of orders names of each. */
const NAMED_IN_A_LIST = 20;

/** Its name is the `errorType` of the invocation. */
export class InspectRefused extends Error {
  static override readonly name = 'InspectRefused';
  override readonly name: 'InvalidRequest' | 'DeliveryNotFound';
  /** For the log: Lambda's own client writes there the name of the class, unless a field says otherwise. */
  readonly errorType: 'InvalidRequest' | 'DeliveryNotFound';
  readonly code = 'inspect_refused';

  constructor(errorType: 'InvalidRequest' | 'DeliveryNotFound', errorMessage: string) {
    super(errorMessage);
    this.name = errorType;
    this.errorType = errorType;
  }
}

/** Answers what was asked, in JSON's names. A list or a count ends at `stopAtMonotonicMs` with what it has. Throws InspectRefused. */
export async function inspectDeliveries(
  parts: InspectParts,
  request: InspectRequest,
  stopAtMonotonicMs: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { store } = parts;
  switch (request.kind) {
    case 'show':
      return show(store, request.which, request.withPayload ? 'with payload' : 'without payload');
    case 'list':
      return list(parts, request, stopAtMonotonicMs);
    case 'count':
      return count(parts, request, stopAtMonotonicMs);
    case 'doctor':
      return {
        steps: [await examineDatabase(store, parts.clock), ...(await parts.examiner.examine(request.examination))],
      };
    case 'backlog':
      return backlog(store);
    case 'endpoints':
      return endpointsFields(await store.listEndpoints(request.search), request.search);
    case 'orders': {
      const { orderId, state, afterId, limit } = request;
      const orders = await store.findOrders({
        ...(orderId === undefined ? {} : { orderId }),
        ...(state === undefined ? {} : { state }),
        ...(afterId === undefined ? {} : { afterId }),
        pageRows: limit,
        namedRows: NAMED_IN_A_LIST,
      });
      const last = orders.length < limit ? undefined : orders.at(-1);
      return { orders: orders.map(orderFields), next: last?.orderId ?? null };
    }
  }
}

async function show(store: InspectStore, which: DeliveryKey, payload: 'with payload' | 'without payload') {
  const delivery = await store.showDelivery(which);
  if (delivery === undefined) throw new InspectRefused('DeliveryNotFound', 'there is no such delivery');
  const attempts = await store.listAttempts(delivery.deliveryId);
  const withPayload = payload === 'with payload';
  return {
    delivery: {
      ...deliveryFields(delivery, withPayload),
      ...(withPayload ? { payload: await store.readPayload(delivery.deliveryId) } : {}),
    },
    attempts: attempts.map(attemptFields),
    explanation: explain(delivery, attempts),
  };
}

/** Values of headers, a trace's state among them, are told with the payload only: who asks for where a delivery is needs none. */
function deliveryFields(delivery: ShownDelivery, withPayload: boolean) {
  const { customHeaders, trace, dismissal } = delivery;
  return {
    ...commonFields(delivery),
    endpoint_url: delivery.endpointUrl,
    credential_uuid: delivery.credentialUuid ?? null,
    traceparent: trace?.traceparent ?? null,
    has_tracestate: trace?.tracestate !== undefined,
    ...(withPayload ? { tracestate: trace?.tracestate ?? null } : {}),
    custom_headers: withPayload ? customHeaders : customHeaders.map(({ key }) => ({ key })),
    payload_bytes: delivery.payloadBytes,
    ordering_on_dead_letter: delivery.orderingKey === undefined ? null : delivery.holdsKey ? 'hold' : 'continue',
    waiting_behind: delivery.waitingBehind ?? null,
    claim_count: delivery.claimCount,
    claimed_at: timeOf(delivery.claimedAtMs),
    put_back_at: timeOf(delivery.putBackAtMs),
    redelivered_by: delivery.redeliveredBy ?? null,
    cancelled_by: delivery.cancelledBy ?? null,
    dismissed:
      delivery.dismissedAtMs === undefined
        ? null
        : {
            at: timeOf(delivery.dismissedAtMs),
            order_id: dismissal?.orderId ?? null,
            by: dismissal?.by ?? null,
            note: dismissal?.note ?? null,
          },
  };
}

function commonFields(delivery: ListedDelivery | ShownDelivery) {
  return {
    delivery_id: delivery.deliveryId,
    delivery_uuid: delivery.deliveryUuid,
    workflow_run_id: delivery.workflowRunId,
    organization_id: delivery.organizationId,
    webhook_node_id: delivery.webhookNodeId,
    webhook_name: delivery.webhookName ?? null,
    http_method: delivery.httpMethod,
    status: delivery.status,
    phase: phaseOf(delivery),
    attempt_count: delivery.attemptCount,
    max_attempts: delivery.maxAttempts,
    scheduled_for: timeOf(shownDueMs(delivery)),
    lease_expires_at: timeOf(delivery.leaseExpiresAtMs),
    last_status_code: delivery.lastStatusCode ?? null,
    last_error: delivery.lastError ?? null,
    dead_letter_reason: delivery.reason ?? null,
    succeeded_late: delivery.succeededLate,
    cancelled: delivery.isCancelled,
    replay_of: delivery.replayOf ?? null,
    ordering_key: delivery.orderingKey ?? null,
    behind: delivery.behind?.deliveryId ?? null,
    created_at: timeOf(delivery.createdAtMs),
    updated_at: timeOf(delivery.updatedAtMs),
    dismissed_at: timeOf(delivery.dismissedAtMs),
    expunged_at: timeOf(delivery.expungedAtMs),
  };
}

function listedFields(delivery: ListedDelivery) {
  return { ...commonFields(delivery), endpoint: delivery.endpoint, may_have_arrived: delivery.mayHaveArrived };
}

function attemptFields(attempt: ShownAttempt) {
  return {
    attempt: attempt.attempt,
    started_at: timeOf(attempt.startedAtMs),
    duration_ms: attempt.durationMs ?? null,
    status_code: attempt.statusCode ?? null,
    error_class: attempt.errorClass ?? null,
    error: attempt.error ?? null,
    response_excerpt: attempt.responseExcerpt ?? null,
    exchange: attempt.exchange === undefined ? null : formatExchange(attempt.exchange),
  };
}

type ListRequest = Extract<InspectRequest, { kind: 'list' }>;

/** Page after page until there are as many as asked for. What is asked for may be rare: time ends it, and `next` goes on. */
async function list(
  { store, clock }: InspectParts,
  { selection: asked, filter, soonestFirst, limit, after }: ListRequest,
  stopAtMonotonicMs: number,
) {
  const { selection } = await nameIds(store, asked);
  const statuses = statusesOf(selection, ALL);
  const walk = listWalk(walkOf(selection, statuses), filter, soonestFirst ? 'soonest first' : 'latest first');
  const deliveries: ListedDelivery[] = [];
  const unreadable: string[] = [];
  let next = after;
  let lookRows = FIRST_LOOK_ROWS;
  do {
    const found = await store.listDeliveries({
      walk,
      selection,
      statuses,
      filter,
      after: next,
      lookRows,
      pageRows: limit - deliveries.length - unreadable.length,
    });
    deliveries.push(...found.deliveries);
    unreadable.push(...found.unreadable);
    next = found.next;
    lookRows *= LOOK_GROWTH;
  } while (
    next !== undefined &&
    deliveries.length + unreadable.length < limit &&
    clock.monotonicMs() < stopAtMonotonicMs
  );
  return {
    deliveries: deliveries.map(listedFields),
    ...(unreadable.length > 0 && { unreadable }),
    next: next === undefined ? null : cursorOf(next),
  };
}

function listWalk(walk: Walk, { heldBy }: ListFilter, order: 'soonest first' | 'latest first'): ListLook['walk'] {
  if (walk === 'dead_rows') return 'dead';
  if (walk !== 'pending') return walk;
  if (heldBy !== undefined) return 'held';
  return order === 'soonest first' ? 'due' : 'pending';
}

async function count(
  { store, clock }: InspectParts,
  { selection: asked, by }: { selection: Selection; by: readonly CountedBy[] },
  stopAtMonotonicMs: number,
) {
  const { selection } = await nameIds(store, asked);
  const statuses = statusesOf(selection, ALL);
  const walk = walkOf(selection, statuses);
  const groups = new Map<string, CountedGroup>();
  let matched = 0;
  let after: WalkPosition | undefined;
  do {
    const look = {
      // What is counted by endpoint is not in the index.
      walk: walk === 'dead' && by.includes('endpoint') ? ('dead_rows' as const) : walk,
      selection,
      statuses,
      withoutCancelled: false,
      diedBy: undefined,
      after,
    };
    const found = await store.countGroups(look, by);
    matched += found.matched;
    for (const { count, ...key } of found.groups) {
      const name = JSON.stringify(key);
      groups.set(name, { ...key, count: count + (groups.get(name)?.count ?? 0) });
    }
    after = found.next;
  } while (after !== undefined && clock.monotonicMs() < stopAtMonotonicMs);
  const counts = [...groups.values()].toSorted((a, b) => b.count - a.count);
  return {
    matched,
    counts: by.length === 0 ? [{ count: matched }] : counts.slice(0, MOST_GROUPS),
    more_groups: Math.max(0, counts.length - MOST_GROUPS),
    complete: after === undefined,
  };
}

async function backlog(store: InspectStore) {
  const found = await store.countBacklog();
  const { most, due, inFlight, later, behind, held, deadLetters, standingDeadLetters, lastHour } = found;
  return {
    due,
    in_flight: inFlight,
    later,
    behind,
    held,
    dead_letters: deadLetters,
    standing_dead_letters: standingDeadLetters,
    oldest_due_seconds: found.oldestDueSeconds,
    looked_last_hour: lastHour.looked,
    succeeded_last_hour: lastHour.succeeded,
    // Each count stops there, which then means: at least.
    counted_up_to: most,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
