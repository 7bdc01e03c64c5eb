import * as z from 'zod/mini';
import type { HeaderPair } from '../delivery/headers.ts';
import { disabledRequestSchema, enqueueRequestSchema } from './enqueue-request-schema.ts';
import { ExactNumber } from './exact-number.ts';
import { readHeaderRows } from './header-rows.ts';
import { jsonPath, type RequestFaults } from './request-faults.ts';
import type { RequestWarnings } from './request-warnings.ts';
import { tidyRequest } from './tidy-request.ts';

type Fields = Readonly<Record<string, unknown>>;
type Members = z.output<typeof enqueueRequestSchema>;

/**
 * The members of one request, each valid by its own rule. A member is absent if it was left out or null. It is undefined if it
 * was given and its fault has been reported. A row of `custom_headers` that leaves no header is undefined and keeps its place.
 */
export type RequestShape = {
  [Name in keyof Members]?: Name extends 'custom_headers'
    ? readonly (HeaderPair | undefined)[] | undefined
    : NonNullable<Members[Name]> | undefined;
} & { payload?: unknown; payload_template?: unknown; render_context?: Fields | undefined };

const MEMBERS = Object.keys(enqueueRequestSchema.shape);
/** Their numbers are sent on; those of all others are only read. */
const SENT_ON: ReadonlySet<string> = new Set(['payload', 'payload_template', 'render_context']);
const UNKNOWN_FIELD = 'unknown field';

/** Reads a request in one pass. Every member that breaks its rule is reported, unknown ones by name. */
export function readShape(item: Fields, report: { faults: RequestFaults; warnings: RequestWarnings }): RequestShape {
  const { custom_headers: rows, ...members } = withPlainNumbers(tidyRequest(item, report.warnings));
  // The rows have rules of their own, and zod would look at all of a list that is far too long.
  const given = { ...members, custom_headers: Array.isArray(rows) ? [] : rows };
  const parsed = z.safeParse(enqueueRequestSchema, given);
  const unsound = parsed.success ? NOTHING : reportIssues(parsed.error.issues, report.faults);
  const shape: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const value = given[name as keyof typeof given] as unknown;
    if (unsound.has(name)) shape[name] = undefined;
    else if (value !== undefined && (value !== null || name === 'payload')) shape[name] = value;
  }
  if (Array.isArray(rows)) shape['custom_headers'] = readHeaderRows(rows, report);
  // Each member that is present has passed its rule of the schema.
  return shape as RequestShape;
}

/** Of a webhook that is not to be sent only the ids are looked at. */
export function reportFaultyIds(item: Fields, faults: RequestFaults): void {
  const parsed = z.safeParse(disabledRequestSchema, withPlainNumbers(item));
  if (!parsed.success) reportIssues(parsed.error.issues, faults);
}

function withPlainNumbers(item: Fields): Fields {
  const entries = Object.entries(item);
  if (!entries.some(([name, value]) => value instanceof ExactNumber && !SENT_ON.has(name))) return item;
  return Object.fromEntries(
    entries.map(([name, value]) =>
      value instanceof ExactNumber && !SENT_ON.has(name) ? [name, value.toNumber()] : [name, value],
    ),
  );
}

const NOTHING: ReadonlySet<string> = new Set();

/** Returns the members that are unsound. */
function reportIssues(issues: readonly z.core.$ZodIssue[], faults: RequestFaults): ReadonlySet<string> {
  const members = new Set<string>();
  for (const issue of issues) {
    const path = issue.path.filter((segment) => typeof segment !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) faults.add(faults.full ? '' : jsonPath([...path, name]), UNKNOWN_FIELD);
      continue;
    }
    // Type, format and range are separate checks, but the caller has one thing to correct.
    const member = String(path[0]);
    if (!members.has(member)) faults.add(jsonPath(path), issue.message);
    members.add(member);
  }
  return members;
}
