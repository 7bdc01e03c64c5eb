import * as z from 'zod/mini';
import type { HeaderPair } from '../delivery/headers.ts';
import { MAX_CUSTOM_HEADERS } from '../runtime/limits.ts';
import { type EnqueueRequest, enqueueRequestSchema } from './enqueue-request-schema.ts';
import { jsonPath, type RequestFaults } from './request-faults.ts';

/**
 * The members of one request, each valid by its own rule. A member is absent if it was left out or null. It is undefined if it
 * was given and its fault has been reported. An invalid entry of `custom_headers` is undefined and keeps its place.
 */
export type RequestShape = {
  [Name in keyof EnqueueRequest]?: Name extends 'custom_headers'
    ? readonly (HeaderPair | undefined)[] | undefined
    : NonNullable<EnqueueRequest[Name]> | undefined;
} & { payload?: unknown; payload_template?: unknown };

const MEMBERS = Object.keys(enqueueRequestSchema.shape);
const UNKNOWN_FIELD = 'unknown field';

/** Reads a request in one pass. Every member that breaks its rule is reported, unknown ones by name. */
export function readShape(item: Readonly<Record<string, unknown>>, faults: RequestFaults): RequestShape {
  const given = withFewHeaders(item);
  const parsed = z.safeParse(enqueueRequestSchema, given);
  const unsound = parsed.success ? NOTHING : reportIssues(parsed.error.issues, faults);
  const shape: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const value = given[name];
    if (unsound.members.has(name)) shape[name] = undefined;
    else if (value !== undefined && (value !== null || name === 'payload')) shape[name] = value;
  }
  if (Array.isArray(shape.custom_headers)) {
    shape.custom_headers = shape.custom_headers.map((header, index) =>
      unsound.headers.has(index) ? undefined : header,
    );
  }
  // Each member that is present has passed its rule of the schema.
  return shape as RequestShape;
}

type Unsound = { members: ReadonlySet<string>; headers: ReadonlySet<number> };

const NOTHING: Unsound = { members: new Set(), headers: new Set() };

/** One header more than allowed is enough to see that there are too many. */
function withFewHeaders(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const list = item.custom_headers;
  if (!Array.isArray(list) || list.length <= MAX_CUSTOM_HEADERS + 1) return item;
  return { ...item, custom_headers: list.slice(0, MAX_CUSTOM_HEADERS + 1) };
}

function reportIssues(issues: readonly z.core.$ZodIssue[], faults: RequestFaults): Unsound {
  const members = new Set<string>();
  const headers = new Set<number>();
  const reported = new Set<string>();
  for (const issue of issues) {
    const path = issue.path.filter((segment) => typeof segment !== 'symbol');
    const [member, index] = path;
    if (member === 'custom_headers' && typeof index === 'number') headers.add(index);
    else if (typeof member === 'string') members.add(member);
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) faults.add(faults.full ? '' : jsonPath([...path, name]), UNKNOWN_FIELD);
      continue;
    }
    // Type, format and range are separate checks, but the caller has one thing to correct.
    const where = jsonPath(path);
    if (!reported.has(where)) faults.add(where, issue.message);
    reported.add(where);
  }
  return { members, headers };
}
