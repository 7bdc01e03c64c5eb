import type { HeaderPair } from '../delivery/headers.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { MAX_CUSTOM_HEADERS } from '../runtime/limits.ts';
import { printableName } from '../runtime/printable-name.ts';
import { jsonPath, type RequestFaults } from './request-faults.ts';
import type { RequestWarnings } from './request-warnings.ts';

type Report = { faults: RequestFaults; warnings: RequestWarnings };

/**
 * Reads the rows of `custom_headers` as a form leaves them, each at its place; undefined where no header is left to judge.
 * Blanks around names and values are cut off. A row without name and value is passed over; a repeated row and a name without a
 * value are left out, with a warning. Stops after one header more than allowed, which is enough to see that there are too many.
 */
export function readHeaderRows(list: readonly unknown[], report: Report): (HeaderPair | undefined)[] {
  const headers: (HeaderPair | undefined)[] = [];
  const seen = new Set<string>();
  let counted = 0;
  for (const [at, row] of list.entries()) {
    if (counted > MAX_CUSTOM_HEADERS) break;
    const path = `custom_headers[${at}]`;
    const header = readRow(row, at, report.faults);
    const isLeftOut = header !== undefined && leavesOut(header, { path, seen, warnings: report.warnings });
    headers.push(isLeftOut ? undefined : header);
    if (isLeftOut) continue;
    counted++;
    const lostBlanks =
      header !== undefined && isJsonObject(row) && (header.key !== row['key'] || header.value !== row['value']);
    if (lostBlanks) report.warnings.add(path, 'blanks around its name or value were cut off');
  }
  return headers;
}

/** Undefined after a fault. */
function readRow(row: unknown, at: number, faults: RequestFaults): HeaderPair | undefined {
  const path = `custom_headers[${at}]`;
  if (!isJsonObject(row)) return fault(faults, path, 'must be an object {"key", "value"}');
  const faultsBefore = faults.count;
  for (const name of Object.keys(row)) {
    if (name !== 'key' && name !== 'value') faults.add(jsonPath(['custom_headers', at, name]), 'unknown field');
  }
  const [key, value] = [readText(row['key']), readText(row['value'])];
  if (key === undefined) faults.add(`${path}.key`, 'must be a string');
  if (value === undefined) faults.add(`${path}.value`, 'must be a string');
  if (key === undefined || value === undefined || faults.count > faultsBefore) return undefined;
  return { key: withoutBlanks(key), value: withoutBlanks(value) };
}

/** A form that has no value writes null, or nothing. */
function readText(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}

/** The byte order mark counts as a blank for JavaScript's own `trim`; here it is a character that nobody sees. */
function withoutBlanks(text: string): string {
  return text.includes('\ufeff') ? text : text.trim();
}

function leavesOut(
  { key, value }: HeaderPair,
  { path, seen, warnings }: { path: string; seen: Set<string>; warnings: RequestWarnings },
): boolean {
  if (key === '' && value === '') return true;
  if (value === '') {
    warnings.add(path, `${printableName(key)} has no value and was left out`);
    return true;
  }
  const whole = `${key.toLowerCase()}: ${value}`;
  if (!seen.has(whole)) {
    seen.add(whole);
    return false;
  }
  warnings.add(path, `${printableName(key)} repeats an earlier row and was left out`);
  return true;
}

function fault(faults: RequestFaults, path: string, message: string): undefined {
  faults.add(path, message);
}
