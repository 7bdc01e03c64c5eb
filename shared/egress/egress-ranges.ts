/**
 * Address ranges that are not plain public unicast, with the reason. Sources: IANA IPv4 and IPv6 Special-Purpose Address
 * Registries, IPv6 Global Unicast Allocations, and the cloud platforms' own manuals for the metadata services. The first
 * match wins, so the specific name (`metadata`) stands before the wide one (`link_local`).
 */
export type BlockedReason =
  | 'not_an_address'
  | 'blocked_authority'
  | 'metadata'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'cgnat'
  | 'link_local'
  | 'site_local'
  | 'unique_local'
  | 'multicast'
  | 'broadcast'
  | 'reserved'
  | 'documentation'
  | 'benchmarking'
  | 'protocol_assignment'
  | 'relay_anycast'
  | 'as112'
  | 'amt'
  | 'ipv4_mapped'
  | 'ipv4_translated'
  | 'ipv4_compatible'
  | 'nat64'
  | 'six_to_four'
  | 'teredo'
  | 'isatap'
  | 'orchid'
  | 'discard_only'
  | 'segment_routing'
  | 'not_global_unicast';

type Range = readonly [cidr: string, reason: BlockedReason];

/** The rest of IPv4 is globally routable unicast. */
export const BLOCKED_IPV4: readonly Range[] = [
  // EC2 and most other clouds; ECS, EKS and Lambda task services; Alibaba; Oracle; Azure's wire server (a public number
  // that every Azure machine routes to its host).
  ['169.254.169.254/32', 'metadata'],
  ['169.254.170.2/32', 'metadata'],
  ['169.254.170.23/32', 'metadata'],
  ['100.100.100.200/32', 'metadata'],
  ['192.0.0.192/32', 'metadata'],
  ['168.63.129.16/32', 'metadata'],
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'cgnat'],
  ['127.0.0.0/8', 'loopback'],
  // Also the Lambda runtime API (169.254.100.1:9001) and the X-Ray daemon.
  ['169.254.0.0/16', 'link_local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol_assignment'],
  ['192.0.2.0/24', 'documentation'],
  ['192.31.196.0/24', 'as112'],
  ['192.52.193.0/24', 'amt'],
  ['192.88.99.0/24', 'relay_anycast'],
  ['192.168.0.0/16', 'private'],
  ['192.175.48.0/24', 'as112'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
];

/**
 * An IPv6 address that spells an IPv4 one is refused whatever it spells: nobody needs it in a URL, and translators differ in
 * how they read it (`judgeAnswer` has the two exceptions among the answers for a name). Everything outside
 * `GLOBAL_UNICAST_IPV6` is refused, whether named here or not.
 */
export const BLOCKED_IPV6: readonly Range[] = [
  ['fd00:ec2::/32', 'metadata'],
  ['fd20:ce::254/128', 'metadata'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::ffff:0:0/96', 'ipv4_mapped'],
  ['::ffff:0:0:0/96', 'ipv4_translated'],
  ['::/96', 'ipv4_compatible'],
  ['64:ff9b::/96', 'nat64'],
  ['64:ff9b:1::/48', 'nat64'],
  ['100::/64', 'discard_only'],
  ['2001::/32', 'teredo'],
  ['2001:10::/28', 'orchid'],
  ['2001:20::/28', 'orchid'],
  ['2001::/23', 'protocol_assignment'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', 'six_to_four'],
  ['2620:4f:8000::/48', 'as112'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment_routing'],
  ['fc00::/7', 'unique_local'],
  ['fe80::/10', 'link_local'],
  ['fec0::/10', 'site_local'],
  ['ff00::/8', 'multicast'],
];

/**
 * DNS64 adds such an address to every IPv4 address (RFC 6052: the last four bytes are the IPv4 address). Not
 * `64:ff9b:1::/48`: there each network chooses where the four bytes stand, so they cannot be judged.
 */
export const TRANSLATED_IPV4 = '64:ff9b::/96';

/** All that IANA has set aside for global unicast. */
export const GLOBAL_UNICAST_IPV6 = '2000::/3';

/**
 * Ports of well-known services that are not HTTP: the "bad port" list of the Fetch standard, which exists so that a request
 * cannot speak to them. Every other port is open to endpoints.
 */
export const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);
