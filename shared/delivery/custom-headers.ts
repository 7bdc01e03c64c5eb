import { MAX_CUSTOM_HEADER_BYTES, MAX_CUSTOM_HEADERS } from '../runtime/limits.ts';
import { printableName } from '../enqueue/request-faults.ts';

/** One header field as requests and rows spell it. */
export type HeaderPair = { key: string; value: string };

/** What becomes of the custom headers of a request. Faults carry a path such as `custom_headers[2].value`. */
export type CustomHeaderVerdict = {
  kept: HeaderPair[];
  /** One for each header that was dropped because its name looks like a secret's. */
  warnings: string[];
  faults: { path: string; message: string }[];
};

/** A name that contains one of these carries a secret: it belongs into a credential, not into the table. */
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
  'api_key',
  'access-key',
];

/** Headers of our own, beside the three whose names begin with the configured prefix. */
const OWN_NAMES = new Set(['content-type', 'user-agent', 'webhook-id', 'webhook-timestamp', 'webhook-signature']);

/**
 * Headers that say where a message goes, where it ends, how it is coded or what becomes of its connection: RFC 9110
 * (7.2, 7.6.1, 7.8, 8.4, 8.6, 10.1), RFC 9112, and the deprecated HTTP/2 upgrade. `Accept-Encoding` stays away so that
 * responses come uncoded.
 */
const TRANSPORT_NAMES = new Set([
  'host',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'trailers',
  'expect',
  'accept-encoding',
  'http2-settings',
]);

/** The id headers of a delivery under a prefix such as `X-Dograh`. */
export function idHeaderNames(prefix: string): { deliveryId: string; workflowRunId: string; attempt: string } {
  return {
    deliveryId: `${prefix}-Delivery-Id`,
    workflowRunId: `${prefix}-Workflow-Run-Id`,
    attempt: `${prefix}-Delivery-Attempt`,
  };
}

/** Whether HTTP can carry this name: a token of RFC 9110, 5.6.2. */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/**
 * Whether a value arrives as it was written: printable ASCII (0x20–0x7E), and no blank at either end, because receivers
 * strip it. Tab, CR, LF and NUL are out; the empty value is in.
 */
export function isHeaderValue(value: string): boolean {
  return value === '' || /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value);
}

/** Whether only Surehook itself may set this header, in any case: its own ones, framing and hop-by-hop ones. */
export function isReservedHeader(name: string, headerPrefix: string): boolean {
  const lower = name.toLowerCase();
  return isOwnHeader(lower, headerPrefix) || TRANSPORT_NAMES.has(lower) || lower.startsWith('proxy-');
}

/**
 * Judges the `custom_headers` of a request. `undefined` stands for an entry whose shape was already refused: it keeps
 * its place, so that paths count right, and is not judged again. Only the first 50 are looked at.
 *
 * A header that looks like a secret is dropped only if it is sound otherwise: a name or value that HTTP cannot carry is
 * a fault whatever its name. `Proxy-Authorization` and its kind count as secrets, not as reserved.
 */
export function judgeCustomHeaders(
  list: readonly (HeaderPair | undefined)[],
  { headerPrefix }: { headerPrefix: string },
): CustomHeaderVerdict {
  const verdict: CustomHeaderVerdict = { kept: [], warnings: [], faults: [] };
  if (list.length > MAX_CUSTOM_HEADERS) {
    verdict.faults.push({ path: 'custom_headers', message: `more than ${MAX_CUSTOM_HEADERS} headers` });
  }
  const firstIndexByName = new Map<string, number>();
  let bytes = 0;
  for (const [index, header] of list.slice(0, MAX_CUSTOM_HEADERS).entries()) {
    if (header === undefined) continue;
    bytes += Buffer.byteLength(header.key) + Buffer.byteLength(header.value);
    const path = `custom_headers[${index}]`;
    const faults = headerFaults(header, { path, headerPrefix, firstIndexByName });
    firstIndexByName.set(header.key.toLowerCase(), firstIndexByName.get(header.key.toLowerCase()) ?? index);
    verdict.faults.push(...faults);
    if (faults.length > 0) continue;
    if (looksLikeSecret(header.key)) verdict.warnings.push(droppedWarning(header.key, path));
    else verdict.kept.push(header);
  }
  if (bytes > MAX_CUSTOM_HEADER_BYTES) {
    verdict.faults.push({ path: 'custom_headers', message: `more than ${MAX_CUSTOM_HEADER_BYTES} bytes in all` });
  }
  return verdict;
}

/**
 * The headers of one request, in the order own, credential, custom. A name occurs once, in any case: the earlier wins.
 * Reserved names from a credential or from a row written before today's rules are left out.
 *
 * @returns `skipped`: names that were left out, for a count
 */
export function mergeHeaders(parts: {
  own: readonly HeaderPair[];
  credential: readonly HeaderPair[];
  custom: readonly HeaderPair[];
  headerPrefix: string;
}): { headers: HeaderPair[]; skipped: string[] } {
  const headers: HeaderPair[] = [];
  const skipped: string[] = [];
  const taken = new Set<string>();
  const add = (header: HeaderPair) => {
    const lower = header.key.toLowerCase();
    if (taken.has(lower)) skipped.push(header.key);
    else headers.push(header);
    taken.add(lower);
  };
  for (const header of parts.own) add(header);
  for (const header of [...parts.credential, ...parts.custom]) {
    if (isReservedHeader(header.key, parts.headerPrefix)) skipped.push(header.key);
    else add(header);
  }
  return { headers, skipped };
}

function headerFaults(
  { key, value }: HeaderPair,
  at: { path: string; headerPrefix: string; firstIndexByName: ReadonlyMap<string, number> },
): { path: string; message: string }[] {
  const faults: { path: string; message: string }[] = [];
  const lower = key.toLowerCase();
  const secretOfTransport = looksLikeSecret(key) && !isOwnHeader(lower, at.headerPrefix);
  if (!isHeaderName(key)) {
    faults.push({ path: `${at.path}.key`, message: 'must be an HTTP header name (RFC 9110 token)' });
  } else if (isReservedHeader(key, at.headerPrefix) && !secretOfTransport) {
    faults.push({ path: `${at.path}.key`, message: `${printableName(key)} is reserved` });
  } else if (at.firstIndexByName.has(lower)) {
    const first = `custom_headers[${at.firstIndexByName.get(lower)}]`;
    faults.push({ path: `${at.path}.key`, message: `${printableName(key)} repeats the name of ${first}` });
  }
  if (!isHeaderValue(value)) {
    faults.push({ path: `${at.path}.value`, message: 'must be printable ASCII without blanks at its ends' });
  }
  return faults;
}

function isOwnHeader(lower: string, headerPrefix: string): boolean {
  if (OWN_NAMES.has(lower)) return true;
  return Object.values(idHeaderNames(headerPrefix)).some((name) => name.toLowerCase() === lower);
}

function looksLikeSecret(name: string): boolean {
  const lower = name.toLowerCase();
  return SECRET_NAME_PARTS.some((part) => lower.includes(part));
}

function droppedWarning(name: string, path: string): string {
  return `${path}: ${printableName(name)} looks like a secret and was dropped; put it into a credential and name that in credential_uuid`;
}
