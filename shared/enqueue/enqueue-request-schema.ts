import * as z from 'zod/mini';
import type { HeaderPair } from '../delivery/headers.ts';
import { HTTP_METHODS } from '../delivery/http-method.ts';
import {
  MAX_ATTEMPTS_LIMIT,
  MAX_CUSTOM_HEADERS,
  MAX_DELIVERIES_PER_REQUEST,
  MAX_NAME_CHARACTERS,
  MAX_NODE_ID_CHARACTERS,
} from '../runtime/limits.ts';
import { jsonPath, type PathSegment, type RequestFaults } from './request-faults.ts';

/** Words for a fault, beside the rule they explain. zod's own would repeat values. */
function says(rule: string) {
  return { error: (issue: { input?: unknown }) => (issue.input === undefined ? 'is required' : rule) };
}

const ID = says('must be an integer from 1 to 2^53-1');
const id = z.int(ID).check(z.minimum(1, ID));

const METHOD = says(`must be one of ${HTTP_METHODS.join(', ')}`);
/** JSON Schema knows no flag for "any case". */
const ANY_CASE_METHOD = HTTP_METHODS.map((method) =>
  [...method].map((letter) => `[${letter}${letter.toLowerCase()}]`).join(''),
).join('|');

const ATTEMPTS = says(`must be an integer from 1 to ${MAX_ATTEMPTS_LIMIT}`);
const CUSTOM_HEADERS = says('must be a list of {"key", "value"}');
const HEADER = says('must be an object {"key", "value"}');
const TEXT = says('must be a string');
const OBJECT = says('must be a JSON object');
const UUID = says('must be a UUID');

export const NOT_A_TIME = 'must be an RFC 3339 time with offset, such as 2026-11-23T12:00:00Z';
const UNKNOWN_FIELD = 'unknown field';

const customHeaderSchema = z.strictObject({ key: z.string(TEXT), value: z.string(TEXT) }, HEADER);

/**
 * One delivery as upstream sends it. What a single field cannot say is judged in `enqueue-request.ts`: the rules of URL,
 * time, headers and body, and that exactly one of the three payload fields is there.
 */
export const enqueueRequestSchema = z.strictObject(
  {
    workflow_run_id: id,
    organization_id: id,
    webhook_node_id: name(1, MAX_NODE_ID_CHARACTERS),
    webhook_name: z.optional(name(0, MAX_NAME_CHARACTERS)),
    enabled: z.optional(z.boolean(says('must be true or false'))),
    endpoint_url: z.string(TEXT),
    http_method: z.optional(z.string(METHOD).check(z.regex(new RegExp(`^(?:${ANY_CASE_METHOD})$`), METHOD))),
    payload: z.optional(z.unknown()),
    payload_json: z.optional(z.string(TEXT)),
    payload_template: z.optional(z.unknown()),
    render_context: z.optional(z.record(z.string(), z.unknown(), OBJECT)),
    custom_headers: z.optional(z.array(customHeaderSchema, CUSTOM_HEADERS).check(z.maxLength(MAX_CUSTOM_HEADERS))),
    credential_uuid: z.optional(z.guid(UUID)),
    max_attempts: z.optional(z.int(ATTEMPTS).check(z.minimum(1, ATTEMPTS), z.maximum(MAX_ATTEMPTS_LIMIT, ATTEMPTS))),
    scheduled_for: z.optional(z.string(says(NOT_A_TIME))),
  },
  OBJECT,
);

/** A request of 1–100 deliveries. */
export const enqueueBatchSchema = z.strictObject({
  deliveries: z.array(enqueueRequestSchema).check(z.minLength(1), z.maxLength(MAX_DELIVERIES_PER_REQUEST)),
});

/** What an upstream service in TypeScript sends. */
export type EnqueueRequest = z.input<typeof enqueueRequestSchema>;
export type EnqueueBatch = z.input<typeof enqueueBatchSchema>;

type Shape = typeof enqueueRequestSchema.shape;

const rules: { [Name in keyof Shape]: z.ZodMiniType<z.output<Shape[Name]>> } = enqueueRequestSchema.shape;

/** One field by its own rule: its value, or undefined when it is absent or a fault, which is reported. */
export function readField<Name extends keyof Shape>(
  fields: Readonly<Record<string, unknown>>,
  name: Name,
  faults: RequestFaults,
): z.output<Shape[Name]> | undefined {
  const parsed = z.safeParse(rules[name], fields[name]);
  if (!parsed.success) reportIssues(parsed.error.issues, [name], faults);
  return parsed.data;
}

/**
 * The custom headers; an entry that is a fault is reported and stays as undefined, so that the others keep their index.
 * No more than one entry beyond the 50 allowed is looked at, whatever was sent.
 */
export function readCustomHeaders(
  fields: Readonly<Record<string, unknown>>,
  faults: RequestFaults,
): (HeaderPair | undefined)[] {
  const list = fields.custom_headers;
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    faults.add('custom_headers', CUSTOM_HEADERS.error({ input: list }));
    return [];
  }
  return list.slice(0, MAX_CUSTOM_HEADERS + 1).map((entry: unknown, index) => {
    const parsed = z.safeParse(customHeaderSchema, entry);
    if (!parsed.success) reportIssues(parsed.error.issues, ['custom_headers', index], faults);
    return parsed.data;
  });
}

/** Refuses by name what the request does not have. Names may be anything, `__proto__` too. */
export function reportUnknownFields(fields: Readonly<Record<string, unknown>>, faults: RequestFaults): void {
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(enqueueRequestSchema.shape, name)) faults.add(jsonPath([name]), UNKNOWN_FIELD);
  }
}

function reportIssues(issues: readonly z.core.$ZodIssue[], at: readonly PathSegment[], faults: RequestFaults): void {
  const reported = new Set<string>();
  for (const issue of issues) {
    const path = [...at, ...issue.path.filter((segment) => typeof segment !== 'symbol')];
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) faults.add(jsonPath([...path, name]), UNKNOWN_FIELD);
      continue;
    }
    // A type, its form and its range are checks of their own, but one thing to mend.
    const where = jsonPath(path);
    if (!reported.has(where)) faults.add(where, issue.message);
    reported.add(where);
  }
}

/** 1 to 255 characters are code points, as in the database. `\p{Cs}` is half a surrogate pair under the `u` flag. */
function name(min: number, max: number) {
  const rule = says(`must be a string of ${min} to ${max} characters without NUL or lone surrogates`);
  return z.string(rule).check(z.regex(new RegExp(`^[^\\0\\p{Cs}]{${min},${max}}$`, 'u'), rule));
}
