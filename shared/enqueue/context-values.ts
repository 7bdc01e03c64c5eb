import { isJsonObject } from '../runtime/json-object.ts';
import type { PathSegment } from './request-faults.ts';

const INITIAL_CONTEXT = 'initial_context.';

export type ContextValue = { value: unknown; segments: PathSegment[] };

/**
 * The value of a context at a dotted path, through own properties and list indexes; undefined if there is none or it is null.
 * `initial_context.x` is also looked for at the top level, because some callers hand over the initial context itself.
 */
export function findValue(context: Readonly<Record<string, unknown>>, path: string): ContextValue | undefined {
  const found = ownValueAt(context, path);
  if (found !== undefined || !path.startsWith(INITIAL_CONTEXT)) return found;
  return ownValueAt(context, path.slice(INITIAL_CONTEXT.length));
}

function ownValueAt(root: Readonly<Record<string, unknown>>, path: string): ContextValue | undefined {
  let value: unknown = root;
  const segments: PathSegment[] = [];
  for (const name of path.split('.')) {
    if (Array.isArray(value) && /^(?:0|[1-9]\d*)$/.test(name)) {
      value = value[Number(name)];
      segments.push(Number(name));
    } else if (isJsonObject(value) && Object.hasOwn(value, name)) {
      value = value[name];
      segments.push(name);
    } else return undefined;
  }
  return value === undefined || value === null ? undefined : { value, segments };
}
