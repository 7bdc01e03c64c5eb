import {
  foldedName,
  type HeaderPair,
  isReplaceableHeader,
  isReservedHeader,
  replacementFault,
} from '../delivery/headers.ts';
import type { HttpMethod } from '../delivery/http-method.ts';

/** A header of a request, and whose value it has. */
export type MergedHeader = HeaderPair & { of: 'surehook' | 'credential' | 'request' | 'custom' };

/**
 * The headers of one request, in the order own, credential, requested, custom, defaults. A name occurs once, however it is spelled: the
 * earlier wins. Reserved names from a credential or from a row written before today's rules are left out, and so is what a
 * custom header may replace where its value does not fit.
 *
 * @returns `skipped`: the names that were left out, to be counted
 */
export function mergeHeaders(parts: {
  own: readonly HeaderPair[];
  credential: readonly HeaderPair[];
  /** From members of the request, which enqueue has judged. */
  requested?: readonly HeaderPair[];
  custom: readonly HeaderPair[];
  /** Sent where nothing else has their name. */
  defaults?: readonly HeaderPair[];
  method: HttpMethod;
  headerPrefix: string;
}): { headers: MergedHeader[]; skipped: string[] } {
  const headers: MergedHeader[] = [];
  const skipped: string[] = [];
  const taken = new Set<string>();
  const add = ({ key, value }: HeaderPair, of: MergedHeader['of']) => {
    const folded = foldedName(key);
    if (taken.has(folded)) skipped.push(key);
    else headers.push({ key, value, of });
    taken.add(folded);
  };
  for (const header of parts.own) add(header, 'surehook');
  for (const header of parts.credential) {
    if (isReservedHeader(header.key, parts.headerPrefix)) skipped.push(header.key);
    else add(header, 'credential');
  }
  for (const header of parts.requested ?? []) add(header, 'request');
  for (const header of parts.custom) {
    const isRefused = isReplaceableHeader(header.key)
      ? replacementFault(header, parts.method) !== undefined
      : isReservedHeader(header.key, parts.headerPrefix);
    if (isRefused) skipped.push(header.key);
    else add(header, 'custom');
  }
  for (const header of parts.defaults ?? []) if (!taken.has(foldedName(header.key))) add(header, 'surehook');
  return { headers, skipped };
}
