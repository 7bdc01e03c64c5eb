import { MAX_CUSTOM_HEADER_BYTES, MAX_CUSTOM_HEADERS } from '../runtime/limits.ts';
import {
  foldedName,
  type HeaderPair,
  isHeaderName,
  isHeaderValue,
  isOwnHeader,
  isReplaceableHeader,
  isReservedHeader,
  replacementFault,
} from '../delivery/headers.ts';
import type { HttpMethod } from '../delivery/http-method.ts';
import { isTraceHeader } from '../delivery/trace-context.ts';
import { invisibleCharacterIn } from '../runtime/invisible-characters.ts';
import { printableName } from '../runtime/printable-name.ts';

/** The verdict on the custom headers of a request. Faults carry a path such as `custom_headers[2].value`. */
export type CustomHeaderVerdict = {
  kept: HeaderPair[];
  /** One for each header that was dropped: its name looks like that of a secret, or it describes another request than this. */
  warnings: string[];
  faults: { path: string; message: string }[];
};

/** A name that contains one of these carries a secret: it belongs in a credential, not in the table. */
const SECRET_NAME_PARTS = [
  'authorization',
  'auth',
  'token',
  'secret',
  'password',
  'passwd',
  'cookie',
  'credential',
  'api-key',
  'apikey',
  'access-key',
];

/**
 * Judges the `custom_headers` of a request. `undefined` stands for a row that was refused, passed over or left out already: it
 * keeps its place, so that the indexes in paths are right. Only the first 50 headers are looked at.
 *
 * A header that looks like a secret is dropped only if it is otherwise valid: a name or value that HTTP cannot carry is a fault
 * whatever the name. `Proxy-Authorization` and the like count as secrets, not as reserved. `Accept`, `User-Agent` and
 * `Content-Type` may be chosen; one that does not fit the request is dropped. So are `traceparent` and `tracestate` where the
 * request has a trace of its own.
 */
export function judgeCustomHeaders(
  list: readonly (HeaderPair | undefined)[],
  { headerPrefix, ...request }: { headerPrefix: string; httpMethod: HttpMethod; hasTrace?: boolean },
): CustomHeaderVerdict {
  const verdict: CustomHeaderVerdict = { kept: [], warnings: [], faults: [] };
  const given = [...list.entries()].flatMap(([index, header]) => (header === undefined ? [] : [{ index, header }]));
  if (given.length > MAX_CUSTOM_HEADERS) {
    verdict.faults.push({ path: 'custom_headers', message: `more than ${MAX_CUSTOM_HEADERS} headers` });
  }
  const firstIndexByName = new Map<string, number>();
  let bytes = 0;
  for (const { index, header } of given.slice(0, MAX_CUSTOM_HEADERS)) {
    bytes += Buffer.byteLength(header.key) + Buffer.byteLength(header.value);
    const path = `custom_headers[${index}]`;
    const faults = headerFaults(header, { path, headerPrefix, firstIndexByName });
    const folded = foldedName(header.key);
    firstIndexByName.set(folded, firstIndexByName.get(folded) ?? index);
    verdict.faults.push(...faults);
    if (faults.length > 0) continue;
    const warning = dropWarning(header, { path, ...request });
    if (warning === undefined) verdict.kept.push(header);
    else verdict.warnings.push(warning);
  }
  if (bytes > MAX_CUSTOM_HEADER_BYTES) {
    verdict.faults.push({ path: 'custom_headers', message: `more than ${MAX_CUSTOM_HEADER_BYTES} bytes in all` });
  }
  return verdict;
}

function headerFaults(
  { key, value }: HeaderPair,
  at: { path: string; headerPrefix: string; firstIndexByName: ReadonlyMap<string, number> },
): { path: string; message: string }[] {
  const faults: { path: string; message: string }[] = [];
  const folded = foldedName(key);
  const secretOfTransport = looksLikeSecret(key) && !isOwnHeader(key, at.headerPrefix);
  const [hiddenInKey, hiddenInValue] = [invisibleCharacterIn(key), invisibleCharacterIn(value)];
  if (hiddenInKey !== undefined) {
    faults.push({ path: `${at.path}.key`, message: `holds ${hiddenInKey}` });
  } else if (!isHeaderName(key)) {
    faults.push({ path: `${at.path}.key`, message: 'must be an HTTP header name (RFC 9110 token)' });
  } else if (isReservedHeader(key, at.headerPrefix) && !isReplaceableHeader(key) && !secretOfTransport) {
    faults.push({ path: `${at.path}.key`, message: `${printableName(key)} is reserved` });
  } else if (at.firstIndexByName.has(folded)) {
    const first = `custom_headers[${at.firstIndexByName.get(folded)}]`;
    faults.push({ path: `${at.path}.key`, message: `${printableName(key)} repeats the name of ${first}` });
  }
  if (hiddenInValue !== undefined) {
    faults.push({ path: `${at.path}.value`, message: `holds ${hiddenInValue}` });
  } else if (!isHeaderValue(value)) {
    faults.push({ path: `${at.path}.value`, message: 'must be printable ASCII with no leading or trailing space' });
  }
  return faults;
}

function looksLikeSecret(name: string): boolean {
  const folded = foldedName(name);
  return SECRET_NAME_PARTS.some((part) => folded.includes(part));
}

/** Undefined for a header that is kept. */
function dropWarning(
  header: HeaderPair,
  at: { path: string; httpMethod: HttpMethod; hasTrace?: boolean },
): string | undefined {
  const name = printableName(header.key);
  if (looksLikeSecret(header.key)) {
    return `${at.path}: ${name} looks like a secret and was dropped; store it in a credential and set credential_uuid`;
  }
  if (at.hasTrace === true && isTraceHeader(header.key)) {
    return `${at.path}: ${name} gives way to the request's own traceparent and was dropped`;
  }
  const fault = isReplaceableHeader(header.key) ? replacementFault(header, at.httpMethod) : undefined;
  return fault === undefined ? undefined : `${at.path}: ${name} ${fault}; it was dropped`;
}
