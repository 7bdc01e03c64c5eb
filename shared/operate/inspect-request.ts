import * as z from 'zod/mini';
import { MAX_NODE_ID_CHARACTERS, MAX_URL_CHARACTERS } from '../runtime/limits.ts';
import type { ReceiverExamination } from './examiner.ts';
import {
  COUNTED_BY,
  type CountedBy,
  type DeliveryKey,
  ENDPOINT_STATES,
  type EndpointSearch,
  type EndpointState,
  type ListFilter,
} from './inspect-store.ts';
import { listMembers, readListFilter } from './list-filter.ts';
import type { OrderState } from './order-store.ts';
import { type ActionSchema, type Members, readRequest } from './read-request.ts';
import { id, integer, optional, says, selectionMembers, text, uuid } from './selection-schema.ts';
import { type Selection, selectionOf, type WalkPosition } from './selection.ts';

const MAX_LIST_ROWS = 200;
const DEFAULT_LIST_ROWS = 50;
const MAX_CURSOR_CHARACTERS = 200;

const OBJECT = says('must be a JSON object');
const CURSOR = says('must be the `next` of the page before');
const cursor = z.string(CURSOR).check(
  z.maxLength(MAX_CURSOR_CHARACTERS, CURSOR),
  z.refine((given: string) => readCursor(given) !== undefined, CURSOR),
);
const page = { limit: optional(integer(1, MAX_LIST_ROWS)), after: optional(cursor) };
const STATES = ['running', 'paused', 'stopped', 'done'] as const;
const by = z.array(
  z.enum(COUNTED_BY, says(`must be one of ${COUNTED_BY.join(', ')}`)),
  says(`must be a list of ${COUNTED_BY.join(', ')}`),
);
const include = z.array(z.enum(['payload'], says('must be payload')), says('must be a list, of payload alone'));

const ONE = 'give delivery_id, or delivery_uuid, or workflow_run_id and webhook_node_id';
const show = z.strictObject(
  {
    action: z.literal('show'),
    delivery_id: optional(id),
    delivery_uuid: optional(uuid),
    workflow_run_id: optional(id),
    webhook_node_id: optional(text(1, MAX_NODE_ID_CHARACTERS)),
    include: optional(include),
  },
  OBJECT,
);

export const INSPECT_ACTIONS: Readonly<Record<InspectRequest['kind'], ActionSchema>> = {
  show: { schema: show, selects: false },
  list: {
    schema: z.strictObject({ action: z.literal('list'), ...selectionMembers, ...listMembers, ...page }, OBJECT),
    selects: true,
  },
  count: {
    schema: z.strictObject({ action: z.literal('count'), ...selectionMembers, by: optional(by) }, OBJECT),
    selects: true,
  },
  backlog: { schema: z.strictObject({ action: z.literal('backlog') }, OBJECT), selects: false },
  doctor: {
    schema: z.strictObject(
      {
        action: z.literal('doctor'),
        endpoint_url: text(1, MAX_URL_CHARACTERS),
        organization_id: optional(id),
        credential_uuid: optional(uuid),
        send: optional(z.boolean(says('must be true or false'))),
      },
      OBJECT,
    ),
    selects: false,
  },
  endpoints: {
    schema: z.strictObject(
      {
        action: z.literal('endpoints'),
        organization_id: optional(id),
        state: optional(z.enum(ENDPOINT_STATES, says(`must be one of ${ENDPOINT_STATES.join(', ')}`))),
        limit: page.limit,
        after: optional(uuid),
      },
      OBJECT,
    ),
    selects: false,
  },
  orders: {
    schema: z.strictObject(
      {
        action: z.literal('orders'),
        order_id: optional(id),
        state: optional(z.enum(STATES, says(`must be one of ${STATES.join(', ')}`))),
        limit: page.limit,
        after: optional(id),
      },
      OBJECT,
    ),
    selects: false,
  },
};

export type InspectRequest =
  | { kind: 'show'; which: DeliveryKey; withPayload: boolean }
  | {
      kind: 'list';
      selection: Selection;
      filter: ListFilter;
      /** Pending ones by their due time. */
      soonestFirst: boolean;
      limit: number;
      after: WalkPosition | undefined;
    }
  | { kind: 'count'; selection: Selection; by: readonly CountedBy[] }
  | { kind: 'backlog' }
  | { kind: 'endpoints'; search: EndpointSearch }
  | { kind: 'doctor'; examination: ReceiverExamination }
  | {
      kind: 'orders';
      orderId: number | undefined;
      state: OrderState | undefined;
      limit: number;
      afterId: number | undefined;
    };

export type ParsedInspect = { ok: true; request: InspectRequest } | { ok: false; errorMessage: string };

/** Reads a request to `inspect`; reports every fault at once. */
export function parseInspectRequest(input: unknown): ParsedInspect {
  const read = readRequest(input, INSPECT_ACTIONS);
  if (!read.ok) return read;
  const { action, members } = read;
  // Each member that is present has passed its rule.
  const given = members as Partial<{
    delivery_id: number;
    delivery_uuid: string;
    workflow_run_id: number;
    webhook_node_id: string;
    include: string[];
    limit: number;
    after: string | number;
    by: CountedBy[];
    order_id: number;
    state: OrderState;
    endpoint_url: string;
    organization_id: number;
    credential_uuid: string;
    send: boolean;
  }>;
  if (action === 'endpoints') return { ok: true, request: { kind: action, search: endpointSearchOf(members) } };
  const limit = given.limit ?? DEFAULT_LIST_ROWS;
  switch (action) {
    case 'show': {
      const which = keyOf(given);
      if (which === undefined) return { ok: false, errorMessage: ONE };
      return { ok: true, request: { kind: 'show', which, withPayload: given.include?.includes('payload') === true } };
    }
    case 'list': {
      const after = typeof given.after === 'string' ? readCursor(given.after) : undefined;
      const selection = selectionOf(members);
      const filtered = readListFilter(members, selection);
      if (!filtered.ok) return filtered;
      const { filter, soonestFirst } = filtered;
      return { ok: true, request: { kind: 'list', selection, filter, soonestFirst, limit, after } };
    }
    case 'count':
      return { ok: true, request: { kind: 'count', selection: selectionOf(members), by: given.by ?? [] } };
    case 'doctor': {
      const { endpoint_url: endpointUrl = '', organization_id: organizationId, credential_uuid, send = false } = given;
      if (credential_uuid !== undefined && organizationId === undefined) {
        return { ok: false, errorMessage: 'organization_id: is required with credential_uuid' };
      }
      const credentialUuid = credential_uuid?.toLowerCase();
      return {
        ok: true,
        request: {
          kind: 'doctor',
          examination: { endpointUrl: endpointUrl.trim(), organizationId, credentialUuid, send },
        },
      };
    }
    case 'backlog':
      return { ok: true, request: { kind: 'backlog' } };
    case 'orders': {
      const afterId = typeof given.after === 'number' ? given.after : undefined;
      return { ok: true, request: { kind: 'orders', orderId: given.order_id, state: given.state, limit, afterId } };
    }
  }
}

function endpointSearchOf(members: Members): EndpointSearch {
  // Each member that is present has passed its rule.
  const given = members as Partial<{ organization_id: number; state: EndpointState; limit: number; after: string }>;
  return {
    organizationId: given.organization_id,
    state: given.state,
    afterKey: given.after,
    pageRows: given.limit ?? MAX_LIST_ROWS,
  };
}

/** Exactly one of the three ways to name a delivery. */
function keyOf(given: {
  delivery_id?: number;
  delivery_uuid?: string;
  workflow_run_id?: number;
  webhook_node_id?: string;
}): DeliveryKey | undefined {
  const { delivery_id: deliveryId, delivery_uuid: deliveryUuid, workflow_run_id: run, webhook_node_id: node } = given;
  const keys: DeliveryKey[] = [];
  if (deliveryId !== undefined) keys.push({ deliveryId });
  if (deliveryUuid !== undefined) keys.push({ deliveryUuid: deliveryUuid.toLowerCase() });
  if (run !== undefined && node !== undefined) keys.push({ workflowRunId: run, webhookNodeId: node });
  else if (run !== undefined || node !== undefined) return undefined;
  return keys.length === 1 ? keys[0] : undefined;
}

/** The end of a page as one text. */
export function cursorOf({ at, id: deliveryId }: WalkPosition): string {
  return `${at}/${deliveryId}`;
}

function readCursor(text: string): WalkPosition | undefined {
  const [, at, deliveryId] = /^([\dT:.+ -]{10,40})\/(\d{1,19})$/.exec(text) ?? [];
  return at === undefined || deliveryId === undefined ? undefined : { at, id: deliveryId };
}
