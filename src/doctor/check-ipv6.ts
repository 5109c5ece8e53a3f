import { type Examined, type Finding, ok, readInside, warning } from './finding.ts';

const DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6';

/** Whether IPv6 rules can be kept: a host takes them even if IPv6 is switched off, but not if its kernel has no IPv6. */
export async function examineIpv6(host: Examined): Promise<Finding[]> {
  const disabled = await readInside(host, DISABLED);
  if (disabled === null) {
    return [
      warning(
        'the kernel has no IPv6',
        'a ruleset with ipv6 text ends as family_unavailable here: leave that text out for such hosts',
      ),
    ];
  }
  return [
    ok(
      disabled.trim() === '0'
        ? 'it is on'
        : 'it is switched off (disable_ipv6); its rules are kept all the same',
    ),
  ];
}
