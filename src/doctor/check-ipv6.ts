import { type Examined, type Finding, ok, readInside, warning } from './finding.ts';

const DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6';

/** A host that has IPv6 switched off takes its rules all the same; one whose kernel has none does not. */
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
