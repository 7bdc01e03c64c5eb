import * as z from 'zod/mini';
import { FAILURE_CLASSES } from '../delivery/attempt-outcome.ts';

// The details of the events, as they are published in schema/. Only members may be added: rules and programs of others read them.

const id = z.int().check(z.minimum(1));
const instant = z.string().check(z.regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$/));
const uuid = z.string().check(z.regex(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/));
const reason = z.nullable(z.enum(FAILURE_CLASSES));

const every = {
  event_id: uuid,
  service: z.string(),
  organization_id: id,
  endpoint: z.nullable(z.string()),
};

const delivery = {
  ...every,
  delivery_id: id,
  delivery_uuid: uuid,
  workflow_run_id: id,
  webhook_node_id: z.string(),
  webhook_name: z.nullable(z.string()),
  last_status_code: z.nullable(z.int()),
  attempts: z.int().check(z.minimum(0)),
  created_at: instant,
  ended_at: instant,
};

const succeeded = z.strictObject({ ...delivery, status: z.literal('succeeded'), reason: z.null() });

const turn = {
  ...every,
  outage_id: uuid,
  scope: z.enum(['endpoint', 'origin']),
  reason,
  failures: z.int().check(z.minimum(0)),
  down_since: instant,
};

/** By the detail type of the event. */
export const OUTCOME_DETAILS = {
  'Webhook Delivered': succeeded,
  'Webhook Dead-Lettered': z.strictObject({ ...delivery, status: z.literal('dead_letter'), reason }),
  'Webhook Recovered': succeeded,
  'Endpoint Down': z.strictObject({
    ...turn,
    endpoint_key: z.nullable(uuid),
    status: z.literal('down'),
    up_at: z.null(),
  }),
  'Endpoint Up': z.strictObject({ ...turn, status: z.literal('up'), up_at: instant }),
} as const;

/** What each member means, for readers of the schemas. */
export const MEMBERS_IN_WORDS = {
  event_id: 'The same in every repeat of this event: an event may come more than once.',
  service:
    'Which WebhookDelivery construct tells this, as in its metrics and log lines: the stack and the ids down to it.',
  organization_id: 'Whose webhook or endpoint it is.',
  endpoint: 'Scheme, host and port of the receiver. Never a path or a query. Null if the URL of the delivery has none.',
  delivery_id: 'The id of the delivery.',
  delivery_uuid: 'Its UUID, which receivers see as webhook-id.',
  workflow_run_id: 'The run of the request.',
  webhook_node_id: 'The node of the request.',
  webhook_name: 'The name that the request gave it for people.',
  status: 'What it is now.',
  reason:
    'Why it ended, or what was last wrong with the endpoint: one of the reasons of the documentation. Null if nothing is.',
  last_status_code: 'The status of the last response. Null if there was none.',
  attempts: 'Attempts made in all its lives.',
  created_at: 'When it was enqueued.',
  ended_at: 'When it ended.',
  outage_id: 'The same in Endpoint Down and in the Endpoint Up that ends it.',
  scope:
    'endpoint: one URL without its query. origin: everything at this scheme, host and port, because the network does not lead there.',
  endpoint_key:
    'By which it can be held, resumed or limited: `surehook hold --key`. It tells nothing of the URL. Null if it answered again before this was told.',
  failures: 'Failed attempts in a row.',
  down_since: 'When it went down.',
  up_at: 'When it answered again.',
} as const;

export type OutcomeDetail = z.output<(typeof OUTCOME_DETAILS)[keyof typeof OUTCOME_DETAILS]>;
