import {
  foldedName,
  type HeaderPair,
  isReplaceableHeader,
  isReservedHeader,
  replacementFault,
} from '../delivery/headers.ts';
import type { HttpMethod } from '../delivery/http-method.ts';

/**
 * The headers of one request, in the order own, credential, custom, defaults. A name occurs once, however it is spelled: the
 * earlier wins. Reserved names from a credential or from a row written before today's rules are left out, and so is what a
 * custom header may replace where its value does not fit.
 *
 * @returns `skipped`: the names that were left out, to be counted
 */
export function mergeHeaders(parts: {
  own: readonly HeaderPair[];
  credential: readonly HeaderPair[];
  custom: readonly HeaderPair[];
  /** Sent where nothing else has their name. */
  defaults?: readonly HeaderPair[];
  method: HttpMethod;
  headerPrefix: string;
}): { headers: HeaderPair[]; skipped: string[] } {
  const headers: HeaderPair[] = [];
  const skipped: string[] = [];
  const taken = new Set<string>();
  const add = (header: HeaderPair) => {
    const folded = foldedName(header.key);
    if (taken.has(folded)) skipped.push(header.key);
    else headers.push(header);
    taken.add(folded);
  };
  for (const header of parts.own) add(header);
  for (const header of parts.credential) {
    if (isReservedHeader(header.key, parts.headerPrefix)) skipped.push(header.key);
    else add(header);
  }
  for (const header of parts.custom) {
    const isRefused = isReplaceableHeader(header.key)
      ? replacementFault(header, parts.method) !== undefined
      : isReservedHeader(header.key, parts.headerPrefix);
    if (isRefused) skipped.push(header.key);
    else add(header);
  }
  for (const header of parts.defaults ?? []) if (!taken.has(foldedName(header.key))) headers.push(header);
  return { headers, skipped };
}
