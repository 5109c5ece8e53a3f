import { describe, expect, it } from 'vitest';
import { lintAddress } from '../../src/ruleset/text/lint-address.ts';

/** What iptables 1.8.9 takes, of both variants, and what it refuses or would look up. */
describe('an address of a rule', () => {
  it.each([
    '0x0a.0.0.1',
    '0377.0.0.1',
    '+10.0.0.1',
    '10/8',
    ' 10.0.0.1',
    '10.0.0.1, 10.0.0.2',
    '10.0.0.0/0x8',
    '10.0.0.0/+8',
    '10.0.0.0/0024',
    '10.0.0.0/255.0.0.010',
    '10.0.0.0/0xff.0.0.0',
  ])('is one: %s', (text) => expect(lintAddress('-s', text, 'ipv4')).toBeNull());

  it.each([
    '0x100.0.0.1',
    '1.2.3.0x',
    '256.1.1.1',
    '10.0.0.0/08',
    '10.0.0.0/0x',
    '10.0.0.0/-1',
    '10.0.0.0/33',
  ])('is none: %s', (text) => expect(lintAddress('-s', text, 'ipv4')).toMatch(/is no (?:IPv4 address|mask)/));

  it.each(['2001:db8::/0x40', '2001:db8::/+64', '2001:db8::/064', '2001:db8::/ffff::'])(
    'is one of IPv6: %s',
    (text) => expect(lintAddress('-s', text, 'ipv6')).toBeNull(),
  );
});
