/**
 * Domains whose names public DNS never answers: IANA's registry of special-use domain names (RFC 6761, 7686 onion, 9476 alt).
 * `arpa` holds `home.arpa` (RFC 8375), `ipv4only.arpa`, `resolver.arpa`, `service.arpa` and the reverse zones: no webhook is
 * received below it. Names of a machine or a network (`local`, `internal`, …) are refused elsewhere, when sending too.
 */
const SPECIAL_USE_DOMAINS: ReadonlySet<string> = new Set(['alt', 'arpa', 'example', 'invalid', 'onion', 'test']);

/** @param host lower case, without a final dot @returns why no public resolver knows the name; undefined if one may */
export function specialUseFault(host: string): string | undefined {
  const domain = host.split('.').at(-1) ?? '';
  return SPECIAL_USE_DOMAINS.has(domain) ? `has a host below .${domain}, where public DNS has no receivers` : undefined;
}
