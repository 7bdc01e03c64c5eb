import { idAt, instantAt, listAt, numberAt, objectOf, textAt } from './answer-values.ts';

/** An order as `inspect` tells it. */
export type OrderRecord = {
  id: string;
  action: string;
  /** Members of its request by name, as text. */
  selection: readonly (readonly [string, string])[];
  note: string | undefined;
  by: string | undefined;
  givenAt: Date | undefined;
  finishedAt: Date | undefined;
  lastDueAt: Date | undefined;
  state: OrderState;
  matched: number;
  done: number;
  refused: number;
  /** Some of the refused, each with its reason. */
  refusedNamed: readonly { id: string; because: string }[];
  perSecond: number | undefined;
  /** It was paused or stopped, and what it brought back and nobody attempted is on its way to rest. */
  isPuttingToRest: boolean;
};

export type OrderState = 'running' | 'paused' | 'stopped' | 'done' | 'unknown';

export type OrderList = { orders: readonly OrderRecord[]; next: string | undefined };

const STATES: readonly OrderState[] = ['running', 'paused', 'stopped', 'done'];

/** Reads the answer to `orders`. What is not as expected is left out, not guessed. */
export function readOrders(answer: unknown): OrderList {
  const answered = objectOf(answer);
  const next = numberAt(answered, 'next');
  return {
    orders: listAt(answered, 'orders').map(readOrder),
    next: next === undefined ? undefined : String(next),
  };
}

function readOrder(entry: unknown): OrderRecord {
  const order = objectOf(entry);
  return {
    id: idAt(order, 'order_id') ?? '',
    action: textAt(order, 'action') ?? 'order',
    selection: Object.entries(objectOf(order['selection'])).map(([name, value]) => [name, asText(value)]),
    note: textAt(order, 'note') || undefined,
    by: textAt(order, 'by') || undefined,
    givenAt: instantAt(order, 'given_at'),
    finishedAt: instantAt(order, 'finished_at'),
    lastDueAt: instantAt(order, 'last_due_at'),
    state: STATES.find((state) => state === order['state']) ?? 'unknown',
    matched: numberAt(order, 'matched') ?? 0,
    done: numberAt(order, 'done') ?? 0,
    refused: numberAt(order, 'refused') ?? 0,
    refusedNamed: listAt(order, 'refused_named').map((one) => {
      const refused = objectOf(one);
      return { id: asText(refused['delivery_id'] ?? refused['delivery_uuid']), because: asText(refused['because']) };
    }),
    perSecond: numberAt(order, 'per_second'),
    isPuttingToRest: order['putting_to_rest'] === true,
  };
}

/** A list of ids can be a thousand long: its length says enough. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? asText(value[0]) : `${value.length} named ones`;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value ?? null);
}
