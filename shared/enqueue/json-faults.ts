import { MAX_PAYLOAD_DEPTH } from '../runtime/limits.ts';
import { jsonPath, type PathSegment, type RequestFaults } from './request-faults.ts';

/** `[[1]]` has two levels. False makes recursive walks of the value safe. */
function isTooDeep(value: unknown, levelsLeft = MAX_PAYLOAD_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelsLeft === 0) return true;
  const children = Array.isArray(value) ? value : Object.values(value);
  return children.some((child) => isTooDeep(child, levelsLeft - 1));
}

/**
 * Reports why a parsed JSON value cannot be sent as it was written: nesting, or numbers that parsing may have changed
 * already (integers beyond 2^53−1, where two texts become one number, and what overflowed to infinity).
 *
 * @param root the value's own path, for example `['payload']`
 */
export function reportJsonFaults(value: unknown, root: readonly PathSegment[], faults: RequestFaults): void {
  if (isTooDeep(value)) reportTooDeep(root, faults);
  else reportChangedNumbers(value, [...root], faults);
}

/** Reports nesting alone: for JSON whose numbers are not sent from here. */
export function reportDepthFault(value: unknown, root: readonly PathSegment[], faults: RequestFaults): void {
  if (isTooDeep(value)) reportTooDeep(root, faults);
}

function reportTooDeep(root: readonly PathSegment[], faults: RequestFaults): void {
  faults.add(jsonPath(root), `is nested deeper than ${MAX_PAYLOAD_DEPTH} levels`);
}

function reportChangedNumbers(value: unknown, segments: PathSegment[], faults: RequestFaults): void {
  if (typeof value === 'number' && mayHaveChanged(value)) {
    const path = faults.full ? '' : jsonPath(segments);
    faults.add(path, 'is a number that JSON parsers change; send it as a string, or the body as payload_json');
  }
  if (typeof value !== 'object' || value === null) return;
  const children = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [segment, child] of children) {
    segments.push(segment);
    reportChangedNumbers(child, segments, faults);
    segments.pop();
  }
}

function mayHaveChanged(number: number): boolean {
  return !Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number));
}
