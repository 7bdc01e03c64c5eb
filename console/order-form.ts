import { isRowId } from './delivery-search.ts';

/** What an order can do with many deliveries, as people name it. `done` follows "3 deliveries are". */
export const ORDER_ACTIONS = {
  redeliver: { label: 'Redeliver', does: 'makes dead letters pending again', done: 'pending again' },
  replay: { label: 'Replay', does: 'sends again what is over, as new deliveries', done: 'sent again' },
  dismiss: { label: 'Dismiss', does: 'marks dead letters as dealt with', done: 'dismissed' },
  cancel: { label: 'Cancel', does: 'ends pending deliveries', done: 'cancelled' },
  expunge: { label: 'Expunge', does: 'erases what they hold, for good', done: 'erased' },
} as const;
export type OrderAction = keyof typeof ORDER_ACTIONS;

/** The choice, named as in the order's request; empty means any. */
export type OrderForm = Record<(typeof MEMBERS)[number], string> & { action: OrderAction };

/** `dead_since` and `dead_until` are `YYYY-MM-DDTHH:MM` in UTC, as a `datetime-local` field gives them. */
const MEMBERS = [
  'status',
  'organization_id',
  'workflow_run_id',
  'delivery_uuid',
  'reason',
  'endpoint_host',
  'dead_since',
  'dead_until',
  'note',
  'order_key',
] as const;
/** Says how, not which. */
const NO_CHOICE: ReadonlySet<string> = new Set(['action', 'note', 'order_key']);
const MAX_NOTE_CHARACTERS = 2000;

export function readOrderForm(fields: URLSearchParams): OrderForm {
  const field = (name: string): string => (fields.get(name) ?? '').trim().slice(0, MAX_NOTE_CHARACTERS);
  const given = Object.fromEntries(MEMBERS.map((name) => [name, field(name)])) as Omit<OrderForm, 'action'>;
  const action = field('action');
  return { ...given, action: isOrderAction(action) ? action : 'redeliver' };
}

/** The form as first shown. A redelivery of which nothing is chosen covers what is dead by now: no order takes an empty choice. */
export function openingForm(fields: URLSearchParams, nowMs: number): OrderForm {
  const form = readOrderForm(fields);
  const isChosen = Object.entries(form).some(([name, value]) => !NO_CHOICE.has(name) && value !== '');
  if (isChosen || form.action !== 'redeliver') return form;
  return { ...form, dead_until: new Date(Math.ceil((nowMs + 1) / 60_000) * 60_000).toISOString().slice(0, 16) };
}

/** The request for the operate function. Malformed values are sent unchanged: the function says what is wrong. */
export function toOrderRequest(form: OrderForm): Record<string, unknown> {
  const request: Record<string, unknown> = { action: form.action };
  for (const name of ['organization_id', 'workflow_run_id'] as const) {
    const text = form[name];
    if (text !== '') request[name] = isRowId(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  if (form.delivery_uuid !== '') request['delivery_uuids'] = [form.delivery_uuid];
  for (const name of ['status', 'reason', 'endpoint_host', 'note', 'order_key'] as const) {
    if (form[name] !== '') request[name] = form[name];
  }
  for (const name of ['dead_since', 'dead_until'] as const) {
    if (form[name] !== '') request[name] = inUtc(form[name]);
  }
  return request;
}

export function isOrderAction(text: string): text is OrderAction {
  return Object.hasOwn(ORDER_ACTIONS, text);
}

function inUtc(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00.000Z` : text;
}
