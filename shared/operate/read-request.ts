import type * as z from 'zod/mini';
import { MAX_ERROR_MESSAGE_CHARACTERS, MAX_REPORTED_FAULTS } from '../runtime/limits.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { printableName } from '../runtime/printable-name.ts';
import { SELECTION_NAMES } from './selection-schema.ts';

/** Members by name; those that are null have been left out, unless their null says something. */
export type Members = Readonly<Record<string, unknown>>;

export type ReadRequest<Action extends string> =
  | { ok: true; action: Action; members: Members }
  | { ok: false; errorMessage: string };

/**
 * What one action may be given: each member by its own rule, and whether it has to select something. `nulls`: members whose null
 * says something, and stays.
 */
export type ActionSchema = { schema: z.ZodMiniType; selects: boolean; nulls?: readonly string[] };

/**
 * Reads a request with an `action`; reports every fault at once, each with its path, and no value. A request that selects
 * deliveries must name at least one thing to select by: nobody means all by accident.
 */
export function readRequest<Action extends string>(
  input: unknown,
  actions: Readonly<Record<Action, ActionSchema>>,
): ReadRequest<Action> {
  if (!isJsonObject(input)) return { ok: false, errorMessage: 'the request must be a JSON object' };
  const action = input['action'];
  if (!isActionOf(actions, action)) {
    const rule = `action: ${action === undefined ? 'is required' : 'is not known'}; it is one of ${Object.keys(actions).join(', ')}`;
    return { ok: false, errorMessage: rule };
  }
  const { schema, selects, nulls = [] } = actions[action];
  const parsed = schema.safeParse(input);
  const faults = parsed.success ? [] : parsed.error.issues.flatMap(faultsOf);
  const members = Object.fromEntries(
    Object.entries(input).filter(([name, value]) => value !== undefined && (value !== null || nulls.includes(name))),
  );
  if (selects && !SELECTION_NAMES.some((name) => name in members)) {
    faults.push(`at least one of ${SELECTION_NAMES.join(', ')} must be given`);
  }
  if (selects && 'ordering_key' in members && !('organization_id' in members)) {
    faults.push('organization_id: is required with ordering_key, which means something within an organization');
  }
  if (faults.length > 0) return { ok: false, errorMessage: told([...new Set(faults)]) };
  return { ok: true, action, members };
}

function isActionOf<Action extends string>(actions: Readonly<Record<Action, unknown>>, name: unknown): name is Action {
  return typeof name === 'string' && Object.hasOwn(actions, name);
}

function faultsOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .slice(1);
  if (issue.code !== 'unrecognized_keys') return [`${path}: ${issue.message}`];
  return issue.keys.map((key) => `${path === '' ? '' : `${path}.`}${printableName(key)}: unknown field`);
}

function told(faults: readonly string[]): string {
  const shown = faults.slice(0, MAX_REPORTED_FAULTS);
  const more = faults.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return shown.join('; ').slice(0, MAX_ERROR_MESSAGE_CHARACTERS);
}
