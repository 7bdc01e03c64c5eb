import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import {
  BLOCKED_IPV4,
  BLOCKED_IPV6,
  type BlockedReason,
  GLOBAL_UNICAST_IPV6,
  TRANSLATED_IPV4,
} from './egress-ranges.ts';

/**
 * Where a webhook may go. Pure: it judges names of addresses and never resolves or dials. Deny by default: only globally
 * routable unicast passes, unless a setting names the range.
 */
export type AddressVerdict = 'public' | 'allowed_by_setting' | BlockedReason;

export type EgressPolicy = {
  readonly allowed: readonly Cidr[];
  readonly blockedAuthorities: readonly Authority[];
};

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = readonly [network: Address, prefixLength: number];
type Authority = { readonly host: string; readonly port: number };

/** More ranges than this are no longer a setting. */
const MAX_ALLOW_CIDRS = 32;
/** Bytes 8–11 of an ISATAP interface identifier (RFC 5214), without and with the universal bit. */
const ISATAP_MARKS: ReadonlySet<string> = new Set(['0,0,94,254', '2,0,94,254']);

const blockedIpv4 = BLOCKED_IPV4.map(([cidr, reason]) => ({ cidr: knownCidr(cidr), reason }));
const blockedIpv6 = BLOCKED_IPV6.map(([cidr, reason]) => ({ cidr: knownCidr(cidr), reason }));
const globalUnicastIpv6 = knownCidr(GLOBAL_UNICAST_IPV6);
const translatedIpv4 = knownCidr(TRANSLATED_IPV4);

/**
 * `allowCidrs` as returned by `parseAllowCidrs`. `blockedAuthorities` are services of the platform itself, blocked even where
 * a CIDR allows their address: `host:port`, a URL, or the X-Ray form `tcp:host:port udp:host:port`. Throws a RangeError,
 * which names no value, for anything else.
 */
export function egressPolicy(settings: { allowCidrs: string[]; blockedAuthorities: string[] }): EgressPolicy {
  return {
    allowed: settings.allowCidrs.map(knownCidr),
    blockedAuthorities: settings.blockedAuthorities.flatMap((text) => text.trim().split(/\s+/).map(parseAuthority)),
  };
}

/**
 * Reads `EGRESS_ALLOW_CIDRS`: ranges `address/prefix` separated by commas, at most 32; an empty text allows nothing. The
 * fault is for the operator and names the entry by its position.
 */
export function parseAllowCidrs(text: string): { ok: true; cidrs: string[] } | { ok: false; fault: string } {
  if (text.trim() === '') return { ok: true, cidrs: [] };
  const cidrs = text.split(',').map((entry) => entry.trim());
  if (cidrs.length > MAX_ALLOW_CIDRS) return { ok: false, fault: `more than ${MAX_ALLOW_CIDRS} ranges` };
  const bad = cidrs.findIndex((cidr) => parseCidr(cidr) === undefined);
  if (bad !== -1) return { ok: false, fault: `entry ${bad + 1} is not a range such as 10.0.0.0/8 or fd00::/8` };
  return { ok: true, cidrs };
}

/** Judges one IP address in any spelling that `net.isIP` accepts; everything else is `not_an_address`. */
export function judgeAddress(address: string, policy: EgressPolicy): AddressVerdict {
  const parsed = parseAddress(address);
  if (parsed === undefined) return 'not_an_address';
  const reason = blockedReason(parsed);
  if (reason === undefined) return 'public';
  return policy.allowed.some((cidr) => within(parsed, cidr)) ? 'allowed_by_setting' : reason;
}

/** Judges an address together with the port that would be dialled. */
export function judgePeer(address: string, port: number, policy: EgressPolicy): AddressVerdict {
  const verdict = judgeAddress(address, policy);
  return isAllowed(verdict) && isBlockedAuthority(address, port, policy) ? 'blocked_authority' : verdict;
}

/**
 * Judges one answer of a resolver together with the port that would be dialled. `address` is what to dial, in its canonical
 * spelling. Two spellings of an IPv4 address are judged as the address they stand for, because resolvers and zones return
 * them in good faith; in a URL, where somebody chose them, they are refused.
 */
export function judgeAnswer(
  answer: string,
  port: number,
  policy: EgressPolicy,
): { verdict: AddressVerdict; address: string | undefined } {
  const parsed = parseAddress(answer);
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()) {
    const address = parsed.toIPv4Address().toString();
    return { verdict: judgePeer(address, port, policy), address };
  }
  const judged = parsed !== undefined && within(parsed, translatedIpv4) ? lastFourBytes(parsed) : answer;
  return { verdict: judgePeer(judged, port, policy), address: parsed?.toString() };
}

/** Whether an IPv4 address is spelled for a translator (NAT64), which may or may not exist. */
export function isTranslated(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && within(parsed, translatedIpv4);
}

/** Whether a host (lower case, an address without brackets) and port is one of the platform's own services. */
export function isBlockedAuthority(host: string, port: number, policy: EgressPolicy): boolean {
  const asked = comparableHost(host);
  return policy.blockedAuthorities.some((authority) => authority.port === port && authority.host === asked);
}

/** Whether the setting names more than the machine itself: private receivers, whose names may be private too. */
export function allowsNetworks({ allowed }: EgressPolicy): boolean {
  return allowed.some(([network]) => blockedReason(network) !== 'loopback');
}

export function isAllowed(verdict: AddressVerdict): verdict is 'public' | 'allowed_by_setting' {
  return verdict === 'public' || verdict === 'allowed_by_setting';
}

/** The canonical spelling of an address, used for dialling and comparing; undefined if it is not an address. */
export function canonicalAddress(address: string): string | undefined {
  return parseAddress(address)?.toString();
}

/**
 * `ipaddr.js` alone would also read octal, hexadecimal and short forms and zone ids, and takes `::8.8.8.8` for a mapped
 * address; the URL parser gives every IPv6 address its one spelling first.
 */
function parseAddress(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  return ipaddr.parse(isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);
}

function blockedReason(address: Address): BlockedReason | undefined {
  const table = address.kind() === 'ipv4' ? blockedIpv4 : blockedIpv6;
  const named = table.find(({ cidr }) => within(address, cidr));
  if (named !== undefined) return named.reason;
  if (address.kind() === 'ipv4') return undefined;
  if (!within(address, globalUnicastIpv6)) return 'not_global_unicast';
  return ISATAP_MARKS.has(address.toByteArray().slice(8, 12).join(',')) ? 'isatap' : undefined;
}

function lastFourBytes(address: Address): string {
  return address.toByteArray().slice(-4).join('.');
}

function within(address: Address, [network, prefixLength]: Cidr): boolean {
  return address.kind() === network.kind() && address.match(network, prefixLength);
}

function parseCidr(text: string): Cidr | undefined {
  const [address, prefix, rest] = text.split('/');
  if (address === undefined || prefix === undefined || rest !== undefined || !/^\d{1,3}$/.test(prefix))
    return undefined;
  const network = parseAddress(address);
  if (network === undefined || Number(prefix) > network.toByteArray().length * 8) return undefined;
  return [network, Number(prefix)];
}

function knownCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new RangeError('not an address range');
  return cidr;
}

function parseAuthority(text: string): Authority {
  const bare = text.replace(/^(tcp|udp):/, '');
  const url = URL.parse(bare.includes('://') ? bare : `http://${bare}`);
  if (url === null || url.hostname === '') throw new RangeError('a blocked authority is not host:port');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: comparableHost(url.hostname.replace(/^\[(.*)\]$|\.$/, '$1')), port };
}

/**
 * A service on one loopback address is blocked on all of them, because it may listen on every one; the unspecified address
 * and mapped addresses reach it too.
 */
function comparableHost(host: string): string {
  const address = parseAddress(host);
  if (address === undefined) return host === 'localhost' ? 'loopback' : host;
  const plain = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  const reason = blockedReason(plain);
  return reason === 'loopback' || reason === 'unspecified' ? 'loopback' : plain.toString();
}
