import { isIPv4 } from 'node:net';
import { allowsNetworks, type EgressPolicy, isAllowed, isBlockedAuthority, judgePeer } from './egress-guard.ts';
import { BLOCKED_PORTS } from './egress-ranges.ts';
import { invisibleCharacterIn } from '../runtime/invisible-characters.ts';
import { MAX_URL_CHARACTERS } from '../runtime/limits.ts';
import { specialUseFault } from './special-use-names.ts';

/**
 * An endpoint as both sides see it: the same parse is judged at enqueue and dialled when sending, so that no two parsers can
 * disagree about the host.
 */
export type EndpointTarget = {
  /** Normalised. */
  readonly url: URL;
  readonly tls: boolean;
  /** For `Host`, SNI and the certificate: lower case, no trailing dot, no brackets. */
  readonly host: string;
  readonly port: number;
  /** What an address literal or `localhost` stands for, already judged; undefined for a name that must be resolved. */
  readonly addresses: readonly string[] | undefined;
};

/** `invalid_row`: no request can be made of what is written; `blocked_address`: what it leads to may not be reached. */
type EndpointRefusal = { ok: false; because: 'invalid_row' | 'blocked_address'; fault: string };
export type EndpointVerdict = { ok: true; target: EndpointTarget } | EndpointRefusal;

/** RFC 6761: `localhost` is loopback, whatever a resolver says; both must be allowed. */
const LOCALHOST_ADDRESSES = ['127.0.0.1', '::1'];
/** Names that mean something only inside a machine or a network (RFC 6761, RFC 6762, ICANN's private-use name, RHEL). */
const LOCAL_SUFFIXES: ReadonlySet<string> = new Set(['localhost', 'local', 'internal', 'localdomain']);
/** Of these, the ones that private zones of a VPC are named by: good where private receivers are allowed. */
const NETWORK_SUFFIXES: ReadonlySet<string> = new Set(['local', 'internal']);
/** RFC 1035, in characters. */
const MAX_HOST_CHARACTERS = 253;
/**
 * Letters, digits, and hyphens that are not at an end; the underscore is not valid in host names, but it works in DNS and is
 * in use.
 */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const USER_INFO =
  'must hold no user name or password; put them into a credential of the type basic_auth and name it in credential_uuid';
/** What the URL parser would silently strip, encode or read as a slash: parsers differ in this. */
const RAW_CHARACTERS = /[\p{Cc}\p{Z}\\]/u;

export type UrlVerdict = { ok: true; url: string; warnings: string[] } | { ok: false; fault: string };

/**
 * Validates an `endpoint_url` when a delivery is enqueued. `url` is the normalised form to store, at most 2048 characters.
 * What forms leave behind, blanks around it and a fragment, is cut off with a warning. Faults and warnings are fixed words:
 * they never repeat a path, query or user info. A name is not resolved here.
 */
export function parseEndpointUrl(raw: string, policy: EgressPolicy): UrlVerdict {
  const invisible = invisibleCharacterIn(raw);
  if (invisible !== undefined) return refused(`holds ${invisible}`);
  const escaped = invisibleCharacterIn(decodedHost(raw));
  if (escaped !== undefined) return refused(`has a host that escapes ${escaped}`);
  const warnings: string[] = [];
  const trimmed = raw.trim();
  if (trimmed !== raw) warnings.push('blanks around it were cut off');
  const [text = '', fragment] = trimmed.split('#', 2);
  if (fragment !== undefined) warnings.push('its fragment was cut off, because no request carries one');
  const verdict = judgeEndpoint(text, policy);
  if (!verdict.ok) return refused(verdict.fault);
  const { url, host, addresses } = verdict.target;
  // The same endpoint, by one name: whoever looks for it finds it.
  if (url.hostname.endsWith('.')) url.hostname = host;
  const fault = addresses === undefined ? specialUseFault(host) : undefined;
  return fault === undefined ? { ok: true, url: url.href, warnings } : refused(fault);
}

/** The URL parser decodes the escapes of a host, and silently removes some of what they stand for. */
function decodedHost(raw: string): string {
  const host = /\/\/([^/?#]*)/.exec(raw)?.[1] ?? '';
  try {
    return decodeURIComponent(host);
  } catch {
    return '';
  }
}

/** The parse and the verdict behind `parseEndpointUrl`, with what the sender needs to connect. */
export function judgeEndpoint(raw: string, policy: EgressPolicy): EndpointVerdict {
  if (RAW_CHARACTERS.test(raw) || !raw.isWellFormed()) {
    return unusable('must hold no space, control character, backslash or lone surrogate');
  }
  const url = URL.parse(raw);
  if (url === null) return unusable('is not an absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return unusable('must start with http:// or https://');
  if (url.username !== '' || url.password !== '') return unusable(USER_INFO);
  if (raw.includes('#')) return unusable('must hold no fragment');
  if (url.href.length > MAX_URL_CHARACTERS) return unusable(`is longer than ${MAX_URL_CHARACTERS} characters`);
  return judgeHost(url, policy);
}

function judgeHost(url: URL, policy: EgressPolicy): EndpointVerdict {
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$|\.$/, '$1');
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port);
  if (BLOCKED_PORTS.has(port)) return blocked('names a port of a service that is not a web server');
  if (isBlockedAuthority(host, port, policy)) return blocked('names a service of the platform itself');

  const addresses = host === 'localhost' ? LOCALHOST_ADDRESSES : literalAddresses(url.hostname, host);
  if (addresses === undefined) {
    if (!isDnsName(host)) return unusable('has a host that is not a valid DNS name');
    const fault = nameFault(host, policy);
    if (fault !== undefined) return blocked(fault);
  } else {
    for (const address of addresses) {
      const verdict = judgePeer(address, port, policy);
      if (!isAllowed(verdict)) return blocked(`is not a public address (${verdict})`);
    }
  }
  return { ok: true, target: { url, tls, host, port, addresses } };
}

/** The URL parser has turned every spelling of an IPv4 address (octal, decimal, full-width, …) into the dotted one. */
function literalAddresses(hostname: string, host: string): string[] | undefined {
  return hostname.startsWith('[') || isIPv4(host) ? [host] : undefined;
}

function isDnsName(host: string): boolean {
  return host.length <= MAX_HOST_CHARACTERS && host.split('.').every((label) => LABEL.test(label));
}

function nameFault(host: string, policy: EgressPolicy): string | undefined {
  const labels = host.split('.');
  if (labels.length === 1) return 'has a host of a single label, which depends on where it is resolved';
  const suffix = labels.at(-1) ?? '';
  if (LOCAL_SUFFIXES.has(suffix) && !(NETWORK_SUFFIXES.has(suffix) && allowsNetworks(policy))) {
    return 'has a host that exists only inside a machine or a network';
  }
  return undefined;
}

function refused(fault: string): { ok: false; fault: string } {
  return { ok: false, fault };
}

function unusable(fault: string): EndpointRefusal {
  return { ok: false, because: 'invalid_row', fault };
}

function blocked(fault: string): EndpointRefusal {
  return { ok: false, because: 'blocked_address', fault };
}
