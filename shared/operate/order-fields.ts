import { readEndpoint } from './endpoint-selector.ts';
import type { OrderRecord } from './order-store.ts';

/** An order in JSON's names. Of a URL in its selection only the origin: paths carry tokens. */
export function orderFields(order: OrderRecord): Readonly<Record<string, unknown>> {
  const { endpoint_url: url, ...selection } = order.request;
  const endpoint = typeof url === 'string' ? readEndpoint(url) : undefined;
  return {
    order_id: order.orderId,
    action: order.action,
    selection: endpoint === undefined ? selection : { ...selection, endpoint: new URL(endpoint).origin },
    order_key: order.orderKey,
    note: order.note ?? null,
    by: order.by ?? null,
    given_at: timeOf(order.givenAtMs),
    state: order.state,
    matched: Math.max(order.matched, order.done),
    done: order.done,
    refused: order.refused,
    refused_named: order.refusedNamed,
    per_second: order.perSecond ?? null,
    last_due_at: timeOf(order.lastDueAtMs),
    finished_at: timeOf(order.finishedAtMs),
    // What it brought back and nobody has attempted is being put to rest.
    putting_to_rest: order.unwinds,
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
