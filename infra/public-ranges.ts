/**
 * What a VPC can route and is not public: its own ranges, and those of networks connected to it. Security groups judge
 * neither loopback nor link-local addresses (metadata, name servers): these never leave the host.
 */
const PRIVATE_RANGES = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  // Shared address space and the range for benchmarks: both are accepted as ranges of a VPC.
  '100.64.0.0/10',
  '198.18.0.0/15',
  // Multicast and reserved.
  '224.0.0.0/3',
];

/** An aligned block of addresses as numbers: `first` and the length of its prefix. */
type Block = { first: number; prefix: number };

/** The quota of rules in one direction of a security group, which only AWS can raise. */
export const MAX_GROUP_RULES = 60;

/**
 * The fewest CIDRs that together hold every IPv4 address outside of the private ranges. Rules of a security group can only
 * allow, so that "everything but" has to be written so.
 */
export function publicRanges(): string[] {
  const excluded = PRIVATE_RANGES.map(blockOf);
  return without({ first: 0, prefix: 0 }, excluded).map(({ first, prefix }) => `${dotted(first)}/${prefix}`);
}

function without(block: Block, excluded: readonly Block[]): Block[] {
  const touching = excluded.filter((other) => other.first < endOf(block) && block.first < endOf(other));
  if (touching.length === 0) return [block];
  if (touching.some((other) => other.first <= block.first && endOf(block) <= endOf(other))) return [];
  const prefix = block.prefix + 1;
  const upper = block.first + 2 ** (32 - prefix);
  return [...without({ first: block.first, prefix }, touching), ...without({ first: upper, prefix }, touching)];
}

/** The first address after the block. */
function endOf({ first, prefix }: Block): number {
  return first + 2 ** (32 - prefix);
}

function blockOf(cidr: string): Block {
  const [address = '', prefix] = cidr.split('/');
  const first = address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
  return { first, prefix: Number(prefix) };
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
}
