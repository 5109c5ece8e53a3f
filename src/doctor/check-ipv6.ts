import { type Examined, type Finding, ok, readInside, warning } from './finding.ts';

const DISABLED = '/proc/sys/net/ipv6/conf/all/disable_ipv6';
/** A line for each IPv6 address, with the name of its interface last. */
const ADDRESSES = '/proc/net/if_inet6';

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
  if (disabled.trim() === '0') return [ok('it is on')];
  const on = interfacesIn((await readInside(host, ADDRESSES)) ?? '');
  const but = on.length === 0 ? '' : ` but on ${on.join(', ')}`;
  return [ok(`it is switched off (disable_ipv6)${but}; its rules are kept all the same`)];
}

/** An interface may have it back, as each is told by itself. */
function interfacesIn(addresses: string): string[] {
  return [...new Set([...addresses.matchAll(/(\S+)$/gm)].map(([, name = '']) => name))].toSorted((a, b) =>
    a.localeCompare(b),
  );
}
