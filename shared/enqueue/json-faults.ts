import { ExactNumber } from './exact-number.ts';
import { MAX_PAYLOAD_DEPTH } from '../runtime/limits.ts';
import { type FaultPlace, jsonPath, type PathSegment, type RequestFaults } from './request-faults.ts';

/** `[[1]]` has two levels. False makes recursive walks of the value safe. */
export function isTooDeep(value: unknown, levelsLeft = MAX_PAYLOAD_DEPTH): boolean {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return false;
  if (levelsLeft === 0) return true;
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    if (isTooDeep(child, levelsLeft - 1)) return true;
  }
  return false;
}

/**
 * Reports why a parsed JSON value cannot be sent as it was written: it is nested too deeply, or parsing may already have
 * changed its numbers (integers beyond 2^53−1, where two texts become one number, and overflow to infinity).
 *
 * @param root the value's own path, for example `['payload']`
 */
export function reportJsonFaults(value: unknown, root: readonly PathSegment[], faults: RequestFaults): void {
  if (isTooDeep(value)) reportTooDeep(root, faults);
  else reportChangedNumbers(value, [...root], faults);
}

export function reportTooDeep(root: readonly PathSegment[], faults: RequestFaults): void {
  faults.add(jsonPath(root), `is nested deeper than ${MAX_PAYLOAD_DEPTH} levels`);
}

/** The value must not be too deep. */
export function reportChangedNumbers(
  value: unknown,
  segments: PathSegment[],
  faults: RequestFaults,
  place: FaultPlace = 'delivery',
): void {
  if (typeof value === 'number' && mayHaveChanged(value)) {
    const path = faults.full ? '' : jsonPath(segments);
    faults.add(path, 'is a number that JSON parsers change; send it as a string, or the body as payload_json', {
      place,
    });
  }
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return;
  const walk = (segment: PathSegment, child: unknown) => {
    segments.push(segment);
    reportChangedNumbers(child, segments, faults, place);
    segments.pop();
  };
  if (Array.isArray(value)) for (let index = 0; index < value.length; index++) walk(index, value[index]);
  else for (const name of Object.keys(value)) walk(name, (value as Record<string, unknown>)[name]);
}

function mayHaveChanged(number: number): boolean {
  return !Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number));
}
