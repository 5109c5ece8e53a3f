import type { Family } from '../contract/identifiers.ts';
import { FAMILIES } from '../contract/identifiers.ts';
import { type Examined, type Finding, ok, runInside, warning } from './finding.ts';

const LOADED: Record<Family, string> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};
const PROGRAM: Record<Family, string> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** Rules of the other variant are obeyed as well, and are not seen by this one. */
export async function examineTables(host: Examined): Promise<Finding[]> {
  const other = host.programs.backend === 'nft' ? 'legacy' : 'nft';
  const found = await Promise.all(
    FAMILIES.map(async (family) => {
      const rules = await (other === 'legacy' ? legacyRules(host, family) : nftRules(host, family));
      return rules.length === 0 ? [] : [`${family}: ${rules.length} rules in ${tablesOf(rules)}`];
    }),
  );
  const mixed = found.flat();
  if (mixed.length === 0) return [ok(`there are no rules of iptables-${other} beside those of this variant`)];
  return [
    warning(
      `there are rules of iptables-${other} as well (${mixed.join('; ')})`,
      `the kernel obeys both, and fleetwall sees and writes those of ${host.programs.backend} only: find out who writes them, move them over, or set FLEETWALL_BACKEND to ${other}`,
    ),
  ];
}

/** Each with its table before it. */
function rulesOf(save: string): string[] {
  let table = '';
  return save.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    return line.startsWith('-A') ? [`${table} ${line}`] : [];
  });
}

function tablesOf(rules: readonly string[]): string {
  return [...new Set(rules.map((rule) => rule.split(' ', 1)[0]))].join(', ');
}

/** To read a legacy table that is not loaded would load it: only those are asked that are. */
async function legacyRules(host: Examined, family: Family): Promise<string[]> {
  const { stdout } = await runInside(host, '/bin/cat', [LOADED[family]]);
  const rules = stdout
    .split('\n')
    .filter((table) => table !== '')
    .map(async (table) =>
      rulesOf((await runInside(host, saveProgram(family, 'legacy'), ['-t', table])).stdout),
    );
  return (await Promise.all(rules)).flat();
}

async function nftRules(host: Examined, family: Family): Promise<string[]> {
  return rulesOf((await runInside(host, saveProgram(family, 'nft'), [])).stdout);
}

/** Where it is not installed, nobody has made rules with it of late. */
function saveProgram(family: Family, variant: 'nft' | 'legacy'): string {
  return `/usr/sbin/${PROGRAM[family]}-${variant}-save`;
}
