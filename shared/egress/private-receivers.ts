import ipaddr from 'ipaddr.js';
import { BLOCKED_IPV4 } from './egress-ranges.ts';

/** What a VPC can be made of, or be connected to, besides public addresses. */
const NAMEABLE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'];

const METADATA = BLOCKED_IPV4.filter(([, reason]) => reason === 'metadata').map(([cidr]) => cidr);

/**
 * Why a range cannot be named as one where private receivers are; undefined if it can. Loopback, link-local and metadata
 * addresses never can: a webhook that reaches them reaches the worker itself.
 */
export function privateReceiverFault(range: string): string | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/.test(range) || !ipaddr.IPv4.isValidCIDR(range)) {
    return 'must be an IPv4 range such as 10.20.0.0/16';
  }
  const [, prefix] = ipaddr.IPv4.parseCIDR(range);
  const network = ipaddr.IPv4.networkAddressFromCIDR(range);
  if (`${network.toString()}/${prefix}` !== range)
    return `must begin at the first address of its range, ${network.toString()}`;
  const within = NAMEABLE.some((nameable) => contains(nameable, range));
  if (!within) return `must lie in one of the private ranges ${NAMEABLE.join(', ')}`;
  const metadata = METADATA.find((address) => contains(range, address));
  return metadata === undefined ? undefined : `holds ${metadata}, an address of a metadata service`;
}

function contains(outer: string, inner: string): boolean {
  const [network, prefix] = ipaddr.IPv4.parseCIDR(outer);
  const [address, innerPrefix] = ipaddr.IPv4.parseCIDR(inner);
  return innerPrefix >= prefix && address.match(network, prefix);
}
