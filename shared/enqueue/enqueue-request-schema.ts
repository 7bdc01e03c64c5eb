import * as z from 'zod/mini';
import { HTTP_METHODS } from '../delivery/http-method.ts';
import { MAX_ATTEMPTS_LIMIT, MAX_NODE_ID_CHARACTERS, MAX_ORDERING_KEY_CHARACTERS } from '../runtime/limits.ts';
import { isJsonObject } from '../runtime/json-object.ts';

/** The words of a fault, next to the rule they explain. zod's own messages would repeat values. */
function says(rule: string) {
  return { error: (issue: { input?: unknown }) => (issue.input === undefined ? 'is required' : rule) };
}

const ID = says('must be an integer from 1 to 2^53-1');
const id = z.int(ID).check(z.minimum(1, ID));

const METHOD = says(`must be one of ${HTTP_METHODS.join(', ')}`);
/** JSON Schema has no flag for "case-insensitive". */
const ANY_CASE_METHOD = HTTP_METHODS.map((method) =>
  [...method].map((letter) => `[${letter}${letter.toLowerCase()}]`).join(''),
).join('|');

const NODE_ID = says(`must be a string of 1 to ${MAX_NODE_ID_CHARACTERS} characters without NUL or lone surrogates`);
/** Characters are code points, as in the database. Under the `u` flag `\p{Cs}` is half a surrogate pair. */
const NODE_ID_FORM = new RegExp(`^[^\\0\\p{Cs}]{1,${MAX_NODE_ID_CHARACTERS}}$`, 'u');
const WEBHOOK_NAME = says('must be a string without NUL or lone surrogates');

const ORDERING_KEY = says(
  `must be a string of 1 to ${MAX_ORDERING_KEY_CHARACTERS} characters without NUL or lone surrogates`,
);
const ORDERING_KEY_FORM = new RegExp(`^[^\\0\\p{Cs}]{1,${MAX_ORDERING_KEY_CHARACTERS}}$`, 'u');
export const ON_DEAD_LETTER = ['continue', 'hold'] as const;

const ATTEMPTS = says(`must be an integer from 1 to ${MAX_ATTEMPTS_LIMIT}`);
const CUSTOM_HEADERS = says('must be a list of {"key", "value"}');
const TEXT = says('must be a string');
export const NOT_AN_OBJECT = 'must be a JSON object';
const OBJECT = says(NOT_AN_OBJECT);
const UUID = says('must be a UUID');

export const NOT_A_TIME = 'must be an RFC 3339 time with offset, such as 2026-11-23T12:00:00Z';

/** zod's own record would copy the context, which may be most of the request. */
const renderContext = z.unknown().check(z.refine(isJsonObject, OBJECT));

/**
 * One delivery as upstream sends it. `enqueue-request.ts` judges what the shape of a single member cannot express: the rules
 * of URL, time, trace, headers and body, and that exactly one of the three payload members is there. `npm run schema` writes the same
 * rules as JSON Schema.
 */
export const enqueueRequestSchema = z.strictObject(
  {
    workflow_run_id: id,
    organization_id: id,
    webhook_node_id: z.string(NODE_ID).check(z.regex(NODE_ID_FORM, NODE_ID)),
    webhook_name: optional(z.string(WEBHOOK_NAME).check(z.regex(/^[^\0\p{Cs}]*$/u, WEBHOOK_NAME))),
    enabled: optional(z.boolean(says('must be true or false'))),
    endpoint_url: z.string(TEXT),
    http_method: optional(z.string(METHOD).check(z.regex(new RegExp(`^(?:${ANY_CASE_METHOD})$`), METHOD))),
    payload: z.optional(z.unknown()),
    payload_json: optional(z.string(TEXT)),
    payload_template: z.optional(z.unknown()),
    render_context: optional(renderContext),
    custom_headers: optional(z.array(z.unknown(), CUSTOM_HEADERS)),
    credential_uuid: optional(z.guid(UUID)),
    max_attempts: optional(z.int(ATTEMPTS).check(z.minimum(1, ATTEMPTS), z.maximum(MAX_ATTEMPTS_LIMIT, ATTEMPTS))),
    scheduled_for: optional(z.string(says(NOT_A_TIME))),
    ordering_key: optional(z.string(ORDERING_KEY).check(z.regex(ORDERING_KEY_FORM, ORDERING_KEY))),
    ordering_on_dead_letter: optional(z.enum(ON_DEAD_LETTER, says(`must be ${ON_DEAD_LETTER.join(' or ')}`))),
    traceparent: optional(z.string(TEXT)),
    tracestate: optional(z.string(TEXT)),
  },
  OBJECT,
);

/** What is looked at of a webhook that is not to be sent. */
export const disabledRequestSchema = z.object({
  workflow_run_id: enqueueRequestSchema.shape.workflow_run_id,
  organization_id: enqueueRequestSchema.shape.organization_id,
  webhook_node_id: enqueueRequestSchema.shape.webhook_node_id,
});

/** Null is the same as absent: many serializers write unset members as null. */
function optional<Type extends z.ZodMiniType>(type: Type) {
  return z.optional(z.nullable(type));
}
