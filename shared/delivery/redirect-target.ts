/** Statuses whose `Location` says where the resource is now (RFC 9110, section 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([300, 301, 302, 303, 307, 308]);
/** Longer than any URL that a receiver means seriously. */
const MAX_LOCATION_CHARACTERS = 8192;

/**
 * Where a redirect leads and what to do about it, in words; undefined for another status. Of the target only the origin is told:
 * its path and query may hold tokens.
 */
export function describeRedirect(
  status: number,
  endpointUrl: string,
  location: string | undefined,
): string | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  const from = URL.parse(endpointUrl);
  const to =
    location === undefined || location.length > MAX_LOCATION_CHARACTERS ? null : URL.parse(location, endpointUrl);
  if (from === null || to === null) return 'a redirect that does not say where to';
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return 'a redirect to something that is not http';
  return `a redirect ${leadOf(from, to)}; redirects are not followed, the URL must be changed`;
}

/** The commonest mistakes in a URL have words of their own. */
function leadOf(from: URL, to: URL): string {
  if (from.origin === to.origin) return `${pathLead(from, to)} ${to.origin}`;
  if (from.hostname === to.hostname && from.protocol === 'http:' && to.protocol === 'https:') {
    return `from http to https: ${to.origin}`;
  }
  if (`www.${from.hostname}` === to.hostname) return `to the same name with www: ${to.origin}`;
  if (from.hostname === `www.${to.hostname}`) return `to the same name without www: ${to.origin}`;
  return `to ${to.origin}`;
}

function pathLead(from: URL, to: URL): string {
  if (to.pathname === `${from.pathname}/`) return 'to the same URL with a slash at the end of its path, on';
  if (from.pathname === `${to.pathname}/`) return 'to the same URL without the slash at the end of its path, on';
  return from.href === to.href ? 'to itself, on' : 'to another path on';
}
