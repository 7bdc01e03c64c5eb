import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalAddress,
  egressPolicy,
  isAllowed,
  isBlockedAuthority,
  judgeAddress,
  judgeAnswer,
  judgePeer,
  parseAllowCidrs,
} from '../../../shared/egress/egress-guard.ts';

// Pure rules: nothing is resolved and nothing is dialled. No doubles.

const strict = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });
const loopbackAllowed = egressPolicy({ allowCidrs: ['127.0.0.0/8', '::1/128'], blockedAuthorities: [] });

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const dotted = (parts: readonly number[]) => parts.join('.');
const groups = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]) =>
  `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;

describe('the verdict on an address', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'cgnat'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['169.254.100.1', 'link_local'],
    ['192.0.0.8', 'protocol_assignment'],
    ['192.0.2.1', 'documentation'],
    ['192.31.196.1', 'as112'],
    ['192.52.193.1', 'amt'],
    ['192.88.99.1', 'relay_anycast'],
    ['198.19.255.255', 'benchmarking'],
    ['203.0.113.9', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['250.1.1.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:8.8.8.8', 'ipv4_mapped'],
    ['::ffff:0:8.8.8.8', 'ipv4_translated'],
    ['::8.8.8.8', 'ipv4_compatible'],
    ['64:ff9b::808:808', 'nat64'],
    ['64:ff9b:1:abcd::1', 'nat64'],
    ['100::1', 'discard_only'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'teredo'],
    ['2001:2f::1', 'orchid'],
    ['2001:3::1', 'protocol_assignment'],
    ['2001:db8::1', 'documentation'],
    ['2002:808:808::1', 'six_to_four'],
    ['2620:4f:8000::1', 'as112'],
    ['3fff:abc::1', 'documentation'],
    ['2606:2800:220:1:0:5efe:7f00:1', 'isatap'],
    ['5f00::1', 'segment_routing'],
    ['fd00:ec2::254', 'metadata'],
    ['fd12::1', 'unique_local'],
    ['fe80::1', 'link_local'],
    ['fec0::1', 'site_local'],
    ['ff02::1', 'multicast'],
    ['4000::1', 'not_global_unicast'],
    ['8.8.8.8', 'public'],
    ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
  ])('calls %s %s', (address, verdict) => {
    expect(judgeAddress(address, strict)).toBe(verdict);
  });

  it.each(['', 'example.com', '127.1', '0177.0.0.1', '0x7f000001', '2130706433', '1.2.3.4.', '[::1]', 'fe80::1%eth0'])(
    'does not take %j for an address',
    (text) => {
      expect(judgeAddress(text, strict)).toBe('not_an_address');
      expect(canonicalAddress(text)).toBeUndefined();
    },
  );

  it('refuses every IPv6 spelling of every IPv4 address, also of a public one', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const spellings = [
          `::ffff:${dotted(parts)}`,
          `::ffff:${groups(parts)}`,
          `::ffff:0:${groups(parts)}`,
          `::${dotted(parts)}`,
          `64:ff9b::${groups(parts)}`,
          `64:ff9b:1::${groups(parts)}`,
          `2002:${groups(parts)}::1`,
          `2001:0:${groups(parts)}::1`,
          `fe80::5efe:${groups(parts)}`,
          `2a00:1450::5efe:${groups(parts)}`,
        ];
        expect(spellings.filter((address) => isAllowed(judgeAddress(address, strict)))).toEqual([]);
      }),
    );
  });

  it('calls no IPv6 address public outside 2000::/3', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), (parts) => {
        const [first = 0] = parts;
        const address = parts.map((part) => part.toString(16)).join(':');
        const outside = first < 0x2000 || first > 0x3fff;
        expect(outside && judgeAddress(address, strict) === 'public').toBe(false);
      }),
    );
  });

  it('judges every spelling of one IPv6 address alike', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), (parts) => {
        const short = parts.map((part) => part.toString(16)).join(':');
        const long = parts.map((part) => part.toString(16).toUpperCase().padStart(4, '0')).join(':');
        expect(judgeAddress(long, strict)).toBe(judgeAddress(short, strict));
        expect(canonicalAddress(long)).toBe(canonicalAddress(short));
      }),
    );
  });
});

describe('the verdict on an answer for a name', () => {
  it('is that on the address of IPv4 which a translator or the mapped form spells', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const verdict = judgePeer(dotted(parts), 80, strict);
        expect(judgeAnswer(`64:ff9b::${groups(parts)}`, 80, strict).verdict).toBe(verdict);
        expect(judgeAnswer(`::ffff:${groups(parts)}`, 80, strict)).toEqual({ verdict, address: dotted(parts) });
      }),
    );
  });

  it('is that on the address itself in every other case', () => {
    const answers = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
    fc.assert(
      fc.property(answers, (answer) => {
        fc.pre(!/^(?:64:ff9b|0*64:ff9b|::ffff:|0*:)/i.test(answer));
        const expected = { verdict: judgePeer(answer, 80, strict), address: canonicalAddress(answer) };
        expect(judgeAnswer(answer, 80, strict)).toEqual(expected);
      }),
    );
  });

  it('names a service of the platform through a translator too', () => {
    const policy = egressPolicy({ allowCidrs: ['0.0.0.0/0'], blockedAuthorities: ['127.0.0.1:9001'] });
    expect(judgeAnswer('64:ff9b::7f00:1', 9001, policy).verdict).toBe('blocked_authority');
    expect(judgeAnswer('::ffff:127.0.0.1', 9001, policy).verdict).toBe('blocked_authority');
  });
});

describe('a setting that allows ranges', () => {
  it('opens what it names and nothing beside it', () => {
    expect(judgeAddress('127.3.2.1', loopbackAllowed)).toBe('allowed_by_setting');
    expect(judgeAddress('::1', loopbackAllowed)).toBe('allowed_by_setting');
    expect(judgeAddress('::2', loopbackAllowed)).toBe('ipv4_compatible');
    expect(judgeAddress('::ffff:127.0.0.1', loopbackAllowed)).toBe('ipv4_mapped');
    expect(judgeAddress('0.0.0.0', loopbackAllowed)).toBe('unspecified');
    expect(judgeAddress('169.254.169.254', loopbackAllowed)).toBe('metadata');
    expect(judgeAddress('8.8.8.8', loopbackAllowed)).toBe('public');
  });

  it.each([
    ['', []],
    ['  ', []],
    ['127.0.0.0/8,::1/128', ['127.0.0.0/8', '::1/128']],
    [' 10.0.0.0/8 , fd00::/8 ', ['10.0.0.0/8', 'fd00::/8']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
  ])('reads %j', (text, cidrs) => {
    expect(parseAllowCidrs(text)).toEqual({ ok: true, cidrs });
  });

  it.each([
    '127.0.0.1',
    '127.0.0.0/33',
    '::1/129',
    '10.0.0.0/8,',
    '10/8',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/08x',
    'fe80::%eth0/10',
    'localhost/8',
    '010.0.0.0/8',
    '10.0.0.0/8;11.0.0.0/8',
  ])('refuses %j without repeating it', (text) => {
    const answer = parseAllowCidrs(text);
    expect(answer).toEqual({ ok: false, fault: expect.stringMatching(/^entry [12] is not a range/) });
  });

  it('refuses more than 32 ranges', () => {
    const ranges = Array.from({ length: 33 }, (_, n) => `10.${n}.0.0/16`);
    expect(parseAllowCidrs(ranges.slice(1).join(',')).ok).toBe(true);
    expect(parseAllowCidrs(ranges.join(','))).toEqual({ ok: false, fault: 'more than 32 ranges' });
  });
});

describe('a service of the platform itself', () => {
  const policy = egressPolicy({
    allowCidrs: ['0.0.0.0/0', '::/0'],
    blockedAuthorities: [
      '127.0.0.1:9001',
      '169.254.100.1:9001',
      'tcp:169.254.79.129:2000 udp:169.254.79.130:2001',
      'http://169.254.170.23/v1/credentials',
      'sandbox.localdomain:9001',
    ],
  });

  it.each([
    ['127.0.0.1', 9001],
    ['127.9.9.9', 9001],
    ['::1', 9001],
    ['0.0.0.0', 9001],
    ['::', 9001],
    ['::ffff:127.0.0.1', 9001],
    ['169.254.100.1', 9001],
    ['169.254.79.129', 2000],
    ['169.254.79.130', 2001],
    ['169.254.170.23', 80],
  ])('stays blocked at %s port %i where a range allows the address', (address, port) => {
    expect(judgePeer(address, port, policy)).toBe('blocked_authority');
    expect(judgePeer(address, 3000, policy)).toBe('allowed_by_setting');
  });

  it('is known by its name too', () => {
    expect(isBlockedAuthority('sandbox.localdomain', 9001, policy)).toBe(true);
    expect(isBlockedAuthority('localhost', 9001, policy)).toBe(true);
    expect(isBlockedAuthority('localhost', 9002, policy)).toBe(false);
  });

  it.each(['', 'not a:port:at all', '://'])('makes start-up fail when it cannot be read: %j', (text) => {
    expect(() => egressPolicy({ allowCidrs: [], blockedAuthorities: [text] })).toThrow(RangeError);
  });
});
