import { isJsonObject } from '../runtime/json-object.ts';
import { ORDER_ACTIONS } from '../operate/operate-request.ts';
import type {
  MatchLook,
  OrderPosition,
  OrderRecord,
  PageAnswer,
  RefusedDelivery,
  TakenOrder,
} from '../operate/order-store.ts';
import { hostOf, type Selection, type WalkPosition } from '../operate/selection.ts';
import type { Row } from './data-api.ts';
import { orderingOf } from './data-api-ordering.ts';
import { readColumns, UnexpectedRow } from './data-api-rows.ts';

// Translates between the values of orders and selections, and the columns of their statements.

export const ORDER_STATES = ['running', 'paused', 'stopped', 'done'] as const;

/** The filters that every statement over a selection has. */
export function selectionParameters(selection: Selection) {
  const host = hostOf(selection);
  return {
    ids: selection.deliveryIds === undefined ? null : JSON.stringify(selection.deliveryIds),
    organization_id: selection.organizationId ?? null,
    run_id: selection.workflowRunId ?? null,
    node_id: selection.webhookNodeId ?? null,
    name: selection.webhookName ?? null,
    ordering_key: selection.orderingKey ?? null,
    credential_uuid: selection.credentialUuid ?? null,
    reason: selection.reason ?? null,
    host: host?.host ?? null,
    port: host?.port ?? null,
    endpoint: selection.endpointUrl ?? null,
    created_since: timeOf(selection.createdSinceMs),
    created_until: timeOf(selection.createdUntilMs),
    dead_since: timeOf(selection.deadSinceMs),
    dead_until: timeOf(selection.deadUntilMs),
    standing: selection.standing ?? null,
  };
}

export function lookParameters({ walk, selection, statuses, withoutCancelled, diedBy, after }: MatchLook) {
  return {
    ...selectionParameters(selection),
    walk,
    statuses: JSON.stringify(statuses),
    not_reason: withoutCancelled ? 'cancelled' : null,
    dead_by: diedBy ?? null,
    after_at: after?.at ?? null,
    after_id: after?.id ?? null,
  };
}

export function nextPosition(row: Row): WalkPosition | undefined {
  const columns = readColumns(row);
  const [at, id] = [columns.optionalString('next_at'), columns.optionalString('next_id')];
  return at === undefined || id === undefined ? undefined : { at, id };
}

export function orderRecord(row: Row): OrderRecord {
  const columns = readColumns(row);
  return {
    orderId: columns.integer('id'),
    action: columns.string('action'),
    request: objectOf(columns.string('request')),
    orderKey: columns.string('order_key'),
    note: columns.optionalString('note'),
    by: columns.optionalString('given_by'),
    givenAtMs: columns.integer('given_at_ms'),
    state: columns.oneOf('state', ORDER_STATES),
    matched: columns.integer('matched'),
    done: columns.integer('done'),
    refused: columns.integer('refused'),
    // Only statements of ours write it.
    refusedNamed: JSON.parse(columns.optionalString('refused_named') ?? '[]') as RefusedDelivery[],
    perSecond: columns.optionalInteger('per_second'),
    lastDueAtMs: columns.optionalInteger('last_due_at_ms'),
    finishedAtMs: columns.optionalInteger('finished_at_ms'),
    unwinds: columns.boolean('unwinds'),
  };
}

export function takenOrder(row: Row): TakenOrder {
  const columns = readColumns(row);
  return {
    orderId: columns.integer('id'),
    action: columns.oneOf('action', ORDER_ACTIONS),
    request: objectOf(columns.string('request')),
    state: columns.oneOf('state', ORDER_STATES),
    unwinds: columns.boolean('unwinds'),
    step: columns.integer('step'),
    // Only the work on an order writes it.
    position: objectOf(columns.string('position')) as OrderPosition,
    givenAt: columns.string('given_at'),
  };
}

export function pageAnswer(row: Row): PageAnswer {
  const columns = readColumns(row);
  const deliveryId = columns.integer('id');
  const verdict = columns.string('verdict');
  const delaySeconds = columns.optionalInteger('delay_seconds');
  if (verdict !== 'changed' || delaySeconds === undefined) {
    return { deliveryId, verdict, due: undefined, ...orderingOf(row) };
  }
  return {
    deliveryId,
    verdict,
    due: {
      deliveryId: columns.optionalInteger('delivery_id') ?? deliveryId,
      organizationId: columns.integer('organization_id'),
      attempt: columns.integer('attempt'),
      delaySeconds,
    },
  };
}

function objectOf(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  if (!isJsonObject(value)) throw new UnexpectedRow('request', 'a JSON object');
  return value;
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
