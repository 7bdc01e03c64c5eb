// Pure rules. No doubles.
import { expect, test } from 'vitest';
import { egressPolicy, judgeAddress } from '../../../shared/egress/egress-guard.ts';
import { privateReceiverFault } from '../../../shared/egress/private-receivers.ts';

test.each(['10.0.0.0/8', '10.20.30.0/24', '172.20.0.0/16', '192.168.1.7/32', '100.64.0.0/16', '198.19.0.0/16'])(
  '%s can be named, and what lies in it is then reached',
  (range) => {
    expect(privateReceiverFault(range)).toBeUndefined();
    const policy = egressPolicy({ allowCidrs: [range], blockedAuthorities: [] });
    expect(judgeAddress(range.split('/')[0] ?? '', policy)).toBe('allowed_by_setting');
  },
);

const OUTSIDE = 'must lie in one of the private ranges';
test.each([
  ['127.0.0.0/8', OUTSIDE],
  ['127.0.0.1/32', OUTSIDE],
  ['169.254.0.0/16', OUTSIDE],
  ['169.254.169.254/32', OUTSIDE],
  ['0.0.0.0/0', OUTSIDE],
  ['0.0.0.0/1', OUTSIDE],
  ['8.8.8.0/24', OUTSIDE],
  ['224.0.0.0/4', OUTSIDE],
  // Wider than a private range: it would let public neighbours in.
  ['172.0.0.0/11', OUTSIDE],
  ['10.0.0.0/7', OUTSIDE],
  ['100.100.100.200/32', 'holds 100.100.100.200/32, an address of a metadata service'],
  ['100.64.0.0/10', 'holds 100.100.100.200/32, an address of a metadata service'],
  ['10.1.2.3/8', 'must begin at the first address of its range, 10.0.0.0'],
  ['10.0.0.0', 'must be an IPv4 range'],
  ['10.0.0.0/33', 'must be an IPv4 range'],
  ['10.0.0.256/32', 'must be an IPv4 range'],
  ['10.0.0.0/8,127.0.0.0/8', 'must be an IPv4 range'],
  ['0x0a.0.0.0/8', 'must be an IPv4 range'],
  ['::1/128', 'must be an IPv4 range'],
  ['fd00::/8', 'must be an IPv4 range'],
  ['', 'must be an IPv4 range'],
])('%s cannot be named', (range, fault) => {
  expect(privateReceiverFault(range)).toContain(fault);
});
