import * as z from 'zod/mini';
import { parseForeignTable } from '../runtime/foreign-table.ts';
import { ADOPTION_LEASE } from './adoption-lease.ts';
import { MAX_ATTEMPTS_LIMIT } from '../runtime/limits.ts';
import {
  ENDPOINT_ACTIONS,
  type EndpointAction,
  endpointActions,
  type EndpointRequest,
  readEndpointRequest,
} from './endpoint-request.ts';
import { type ActionSchema, type Members, readRequest } from './read-request.ts';
import { id, integer, optional, says, selectionMembers, text } from './selection-schema.ts';
import { type Selection, selectionOf } from './selection.ts';

/** What an order does to the deliveries that it selects. */
export const ORDER_ACTIONS = ['redeliver', 'replay', 'dismiss', 'cancel', 'expunge', 'adopt'] as const;
export type OrderAction = (typeof ORDER_ACTIONS)[number];
/** An action on deliveries that a selection names. */
export type DeliveryAction = Exclude<OrderAction, 'adopt'>;

/** What can be done with an order that was given. */
const ORDER_VERBS = ['pause', 'continue', 'stop'] as const;
export type OrderVerb = (typeof ORDER_VERBS)[number];

/** Deliveries a second for each endpoint host: slow enough for one that has just come back, 36,000 an hour. */
const DEFAULT_PER_SECOND = 10;
const MAX_PER_SECOND = 1000;
const MAX_NOTE_CHARACTERS = 2000;
const MAX_KEY_CHARACTERS = 255;
const MAX_BY_CHARACTERS = 2048;
/** PostgreSQL's limit for a name. */
const MAX_NAME_CHARACTERS = 63;

const commonMembers = {
  note: optional(text(0, MAX_NOTE_CHARACTERS)),
  by: optional(text(1, MAX_BY_CHARACTERS)),
  order_key: optional(text(1, MAX_KEY_CHARACTERS)),
  dry_run: optional(z.boolean(says('must be true or false'))),
};
const orderMembers = { ...selectionMembers, ...commonMembers };
/** Of the pipeline whose table it is: its schema and name, and for how long a worker there holds what it has claimed. */
const adoptMembers = {
  table: text(1, 2 * MAX_NAME_CHARACTERS).check(
    z.refine((name) => parseForeignTable(name) !== undefined, says('must be <schema>.<table>')),
  ),
  back: optional(z.boolean(says('must be true or false'))),
  lease_seconds: optional(integer(1, ADOPTION_LEASE.max)),
  ...commonMembers,
};
const paceMembers = {
  per_second: optional(integer(1, MAX_PER_SECOND)),
  max_attempts: optional(integer(1, MAX_ATTEMPTS_LIMIT)),
};

const OBJECT = says('must be a JSON object');
const order = (action: DeliveryAction, members: z.core.$ZodLooseShape = {}): ActionSchema => ({
  schema: z.strictObject({ action: z.literal(action), ...orderMembers, ...members }, OBJECT),
  selects: true,
});
const verb = (action: OrderVerb): ActionSchema => ({
  schema: z.strictObject({ action: z.literal(action), order_id: id, by: orderMembers.by }, OBJECT),
  selects: false,
});

export const OPERATE_ACTIONS: Readonly<Record<OrderAction | OrderVerb | EndpointAction, ActionSchema>> = {
  redeliver: order('redeliver', paceMembers),
  replay: order('replay', paceMembers),
  dismiss: order('dismiss'),
  cancel: order('cancel'),
  expunge: order('expunge'),
  adopt: {
    schema: z.strictObject({ action: z.literal('adopt'), ...adoptMembers }, OBJECT),
    selects: false,
  },
  pause: verb('pause'),
  continue: verb('continue'),
  stop: verb('stop'),
  ...endpointActions(commonMembers),
};

/** Who asks for something, why, and how. */
type Asked = {
  /** The members that say what is to be done: what makes two requests the same. */
  request: Members;
  note: string | undefined;
  by: string | undefined;
  orderKey: string | undefined;
  dryRun: boolean;
};

/** An order as it was given. */
export type GivenOrder = Asked & {
  action: OrderAction;
  selection: Selection;
  /** Deliveries a second for each endpoint host. */
  perSecond: number;
  /** Further attempts each may have; undefined: as many as a new delivery. */
  moreAttempts: number | undefined;
};

/** An order about what holds deliveries back, done in one step. */
export type GivenEndpointOrder = Asked & { change: EndpointRequest };

export type OperateRequest =
  | { kind: 'order'; order: GivenOrder }
  | { kind: 'endpoint'; order: GivenEndpointOrder }
  | { kind: 'verb'; verb: OrderVerb; orderId: number };

export type ParsedOperate = { ok: true; request: OperateRequest } | { ok: false; errorMessage: string };

/** Reads a request to `operate`; reports every fault at once. */
export function parseOperateRequest(input: unknown): ParsedOperate {
  const read = readRequest(input, OPERATE_ACTIONS);
  if (!read.ok) return read;
  const { action, members } = read;
  // Each member that is present has passed its rule.
  const given = members as Partial<{
    order_id: number;
    note: string;
    by: string;
    order_key: string;
    dry_run: boolean;
    per_second: number;
    max_attempts: number;
  }>;
  if (isVerb(action)) return { ok: true, request: { kind: 'verb', verb: action, orderId: given.order_id ?? 0 } };
  const { action: _, note: __, by: ___, order_key: ____, dry_run: _____, ...request } = members;
  const asked = {
    request,
    note: given.note,
    by: given.by,
    orderKey: given.order_key,
    dryRun: given.dry_run ?? false,
  };
  if (isAboutEndpoint(action)) {
    const change = readEndpointRequest(action, members);
    if (!change.ok) return change;
    const { endpointUrl } = change.change;
    // A query may carry a token.
    const withPlainUrl = endpointUrl === undefined ? request : { ...request, endpoint_url: endpointUrl };
    return {
      ok: true,
      request: { kind: 'endpoint', order: { ...asked, change: change.change, request: withPlainUrl } },
    };
  }
  return {
    ok: true,
    request: {
      kind: 'order',
      order: {
        ...asked,
        action,
        selection: selectionOf(members),
        perSecond: given.per_second ?? DEFAULT_PER_SECOND,
        moreAttempts: given.max_attempts,
      },
    },
  };
}

function isAboutEndpoint(action: OrderAction | EndpointAction): action is EndpointAction {
  return ENDPOINT_ACTIONS.some((one) => one === action);
}

function isVerb(action: string): action is OrderVerb {
  return ORDER_VERBS.some((verb) => verb === action);
}
