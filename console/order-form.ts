import type { Reader } from './console-parts.ts';
import { isId } from './delivery-search.ts';
import { nameFaults } from './query-faults.ts';
import { typedTime } from './typed-time.ts';

/** What an order can do with many deliveries, as people name it: `does` in short, `means` for whoever is about to decide. */
export const ORDER_ACTIONS = {
  redeliver: {
    label: 'Redeliver',
    does: 'makes dead letters pending again',
    means:
      'Each keeps its id, so a receiver that knows it recognises it. Attempts already made stay counted, each delivery gets the default number of further attempts. Dismissed ones are taken back; those that an operator cancelled are redelivered only by the reason cancelled.',
  },
  replay: {
    label: 'Replay',
    does: 'sends again what is over, as new deliveries',
    means:
      'Each new delivery has an id of its own and the same body: a receiver takes it for another webhook. The old ones stay as they are, and dead letters among them still stand. To bring dead letters themselves back, redeliver them.',
  },
  dismiss: {
    label: 'Dismiss',
    does: 'marks dead letters as dealt with',
    means: 'Nothing is sent. They no longer stand. Redelivering takes it back.',
  },
  cancel: {
    label: 'Cancel',
    does: 'ends pending deliveries',
    means:
      'Whether they are due now, later or held, unless a time or anything else below leaves some out. Of one in flight the attempt under way is the last. They end as dead letters with the reason cancelled, by which they can be redelivered.',
  },
  expunge: {
    label: 'Expunge',
    does: 'erases what they hold, for good',
    means:
      'Payload, headers, the query of the URL and excerpts of answers. Pending ones are cancelled first. Nothing erased can be sent again.',
  },
} as const;
export type OrderAction = keyof typeof ORDER_ACTIONS;

/** Members of a selection as the form has them, as text; empty means any. */
const CHOICES = [
  'delivery_ids',
  'delivery_uuids',
  'status',
  'standing',
  'reason',
  'organization_id',
  'endpoint_host',
  'endpoint_url',
  'workflow_run_id',
  'webhook_node_id',
  'webhook_name',
  'credential_uuid',
  'created_since',
  'created_until',
  'dead_since',
  'dead_until',
] as const;
export type Choice = (typeof CHOICES)[number];

/** They say how, not which. */
const MANNERS = ['per_second', 'note', 'order_key'] as const;

/** Times are as typed, by the clocks of the reader, or RFC 3339. */
export type OrderForm = Record<Choice | (typeof MANNERS)[number], string> & { action: OrderAction };

const TIMES: ReadonlySet<string> = new Set(['created_since', 'created_until', 'dead_since', 'dead_until']);
const NUMBERS: ReadonlySet<string> = new Set(['organization_id', 'workflow_run_id', 'per_second']);
/** A thousand UUIDs. */
const MAX_CHARACTERS = 40_000;

export function readOrderForm(fields: URLSearchParams): OrderForm {
  const field = (name: string): string => (fields.get(name) ?? '').trim().slice(0, MAX_CHARACTERS);
  const given = Object.fromEntries([...CHOICES, ...MANNERS].map((name) => [name, field(name)])) as Omit<
    OrderForm,
    'action'
  >;
  // The boxes of a list that were ticked.
  const ticked = fields.getAll('id').filter(isId).join(',');
  const action = field('action');
  return {
    ...given,
    delivery_ids: ticked === '' ? given.delivery_ids : ticked,
    action: isOrderAction(action) ? action : 'redeliver',
  };
}

/** What of the form would be passed over, so that the order meant more than was written. */
export function orderFormFaults(fields: URLSearchParams): readonly string[] {
  const faults = [...nameFaults(fields, ['action', ...CHOICES, ...MANNERS, 'step', 'id'], ['id'])];
  const action = (fields.get('action') ?? '').trim();
  if (action !== '' && !isOrderAction(action))
    faults.push(`action: must be one of ${Object.keys(ORDER_ACTIONS).join(', ')}`);
  if (!fields.getAll('id').every(isId)) faults.push('id: must be the number of a delivery');
  for (const name of [...CHOICES, ...MANNERS]) {
    if ((fields.get(name) ?? '').trim().length > MAX_CHARACTERS) faults.push(`${name}: is too long`);
  }
  return faults;
}

export function isChosen(form: OrderForm): boolean {
  return CHOICES.some((name) => form[name] !== '');
}

/** The request for the operate function. Malformed values are sent unchanged: the function says what is wrong. */
export function toOrderRequest(form: OrderForm, reader: Reader): Record<string, unknown> {
  const request: Record<string, unknown> = { action: form.action };
  for (const name of [...CHOICES, ...MANNERS]) {
    const text = form[name];
    if (text === '' || (name === 'per_second' && !isPaced(form.action))) continue;
    request[name] = memberOf(name, text, reader);
  }
  return request;
}

function memberOf(name: string, text: string, reader: Reader): unknown {
  if (name === 'delivery_ids') return text.split(',').map((id) => (isId(id.trim()) ? Number(id) : id.trim()));
  if (name === 'delivery_uuids') return text.split(',').map((uuid) => uuid.trim());
  if (name === 'standing') return text === 'true' ? true : text;
  if (TIMES.has(name)) return typedTime(text, reader)?.toISOString() ?? text;
  return NUMBERS.has(name) && isId(text) ? Number(text) : text;
}

/** Only what is sent has a pace. */
export function isPaced(action: OrderAction): boolean {
  return action === 'redeliver' || action === 'replay';
}

/** The form, filled with what was counted: times as instants. */
export function settledForm(form: OrderForm, reader: Reader): OrderForm {
  const times = [...TIMES].map((name) => [name, memberOf(name, form[name as Choice], reader)] as const);
  return { ...form, ...Object.fromEntries(times) };
}

/** Where an order for this selection is counted and given. */
export function orderLink(action: OrderAction, selection: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(selection).map(([name, value]): [string, string] => [name, String(value)]);
  return `/order?${new URLSearchParams([['action', action], ...members]).toString()}`;
}

export function isOrderAction(text: string): text is OrderAction {
  return Object.hasOwn(ORDER_ACTIONS, text);
}
