import * as z from 'zod/mini';
import { FAILURE_CLASSES } from '../delivery/attempt-outcome.ts';
import {
  MAX_NAME_CHARACTERS,
  MAX_NODE_ID_CHARACTERS,
  MAX_ORDERING_KEY_CHARACTERS,
  MAX_URL_CHARACTERS,
} from '../runtime/limits.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';
import { readEndpoint, readHost } from './endpoint-selector.ts';

/** Ids in one request: as many as a person picks and one statement can hold. */
const MAX_IDS = 1000;
const MAX_HOST_CHARACTERS = 2048;

/** The words of a fault, next to the rule they explain. zod's own messages would repeat values. */
export function says(rule: string) {
  return { error: (issue: { input?: unknown }) => (issue.input === undefined ? 'is required' : rule) };
}

/** Null is the same as absent: many serializers write unset members as null. */
export function optional<Type extends z.ZodMiniType>(type: Type) {
  return z.optional(z.nullable(type));
}

export function integer(min: number, max: number) {
  const rule = says(`must be an integer from ${min} to ${max}`);
  return z.int(rule).check(z.minimum(min, rule), z.maximum(max, rule));
}

/** Text that PostgreSQL can hold: no NUL, no lone surrogate. Characters are code points. */
export function text(min: number, max: number) {
  const rule = says(`must be a string of ${min} to ${max} characters without NUL or lone surrogates`);
  return z.string(rule).check(z.regex(new RegExp(`^[^\\0\\p{Cs}]{${min},${max}}$`, 'u'), rule));
}

const ID = says('must be an integer from 1 to 2^53-1');
export const id = z.int(ID).check(z.minimum(1, ID));
export const uuid = z.guid(says('must be a UUID'));

const TIME = says('must be an RFC 3339 time with offset, such as 2026-11-23T12:00:00Z');
const instant = z.string(TIME).check(z.refine((given: string) => parseRfc3339(given) !== undefined, TIME));

const HOST = says('must be a host name or an address, with or without a port');
const host = z.string(HOST).check(
  z.maxLength(MAX_HOST_CHARACTERS, HOST),
  z.refine((given: string) => readHost(given) !== undefined, HOST),
);

const URL_RULE = says('must be an absolute http(s) URL without user name or password');
export const endpoint = z.string(URL_RULE).check(
  z.maxLength(MAX_URL_CHARACTERS, URL_RULE),
  z.refine((given: string) => readEndpoint(given) !== undefined, URL_RULE),
);

/** Members that select deliveries; what is given must all be met. */
export const selectionMembers = {
  delivery_ids: optional(list(id, 'ids')),
  delivery_uuids: optional(list(uuid, 'UUIDs')),
  organization_id: optional(id),
  workflow_run_id: optional(id),
  webhook_node_id: optional(text(1, MAX_NODE_ID_CHARACTERS)),
  webhook_name: optional(text(0, MAX_NAME_CHARACTERS)),
  ordering_key: optional(text(1, MAX_ORDERING_KEY_CHARACTERS)),
  credential_uuid: optional(uuid),
  status: optional(z.enum(['pending', 'succeeded', 'dead_letter'], says('must be pending, succeeded or dead_letter'))),
  reason: optional(z.enum(FAILURE_CLASSES, says(`must be one of ${FAILURE_CLASSES.join(', ')}`))),
  endpoint_host: optional(host),
  endpoint_url: optional(endpoint),
  created_since: optional(instant),
  created_until: optional(instant),
  dead_since: optional(instant),
  dead_until: optional(instant),
  standing: optional(z.literal(true, says('must be true'))),
};

export const SELECTION_NAMES: readonly string[] = Object.keys(selectionMembers);

function list<Type extends z.ZodMiniType>(of: Type, what: string) {
  const rule = says(`must be a list of 1 to ${MAX_IDS} ${what}`);
  return z.array(of, rule).check(z.minLength(1, rule), z.maxLength(MAX_IDS, rule));
}
