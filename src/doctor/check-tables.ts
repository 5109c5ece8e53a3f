import type { Family } from '../contract/words/identifiers.ts';
import { FAMILIES } from '../contract/words/identifiers.ts';
import { findProgram } from '../netfilter/tables/programs.ts';
import { type Examined, type Finding, ok, readInside, runInside, warning } from './finding.ts';

const LOADED: Record<Family, string> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};
const PROGRAM: Record<Family, string> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** Whether there are rules of the other variant: the kernel obeys them as well, but this variant does not see them. */
export async function examineTables(host: Examined): Promise<Finding[]> {
  const other = host.programs.backend === 'nft' ? 'legacy' : 'nft';
  const programs = await Promise.all(
    FAMILIES.map((family) => findProgram(`${PROGRAM[family]}-${other}-save`)),
  );
  const mixed: string[] = [];
  for (const [index, family] of FAMILIES.entries()) {
    const program = programs[index] ?? null;
    const loaded = other === 'legacy' ? await loadedTables(host, family) : null;
    if (program === null) {
      if (loaded === null || loaded.length === 0) continue;
      return [
        warning(
          `tables of iptables-legacy are loaded (${family}: ${loaded.join(', ')}), and there is no ${PROGRAM[family]}-legacy-save to look into them`,
          'somebody has made them, maybe from a container: the kernel obeys what is in there; install the legacy variant to see it',
        ),
      ];
    }
    const rules = await rulesIn(host, program, loaded);
    if (rules.length > 0) mixed.push(`${family}: ${rules.length} rules in ${tablesOf(rules)}`);
  }
  if (mixed.length === 0) return [ok(`there are no rules of iptables-${other} beside those of this variant`)];
  return [
    warning(
      `there are rules of iptables-${other} as well (${mixed.join('; ')})`,
      `the kernel obeys both, and fleetwall sees and writes those of ${host.programs.backend} only: find out who writes them, move them over, or set FLEETWALL_BACKEND to ${other}`,
    ),
  ];
}

/** The rules in the output of a save, each with the name of its table before it. */
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

async function loadedTables(host: Examined, family: Family): Promise<string[]> {
  const names = (await readInside(host, LOADED[family])) ?? '';
  return names.split('\n').filter((table) => table !== '');
}

/** @param tables the only ones to read, as reading a legacy table that is not loaded would load it; `null`: all of them */
async function rulesIn(host: Examined, program: string, tables: readonly string[] | null): Promise<string[]> {
  if (tables === null) return rulesOf(await runInside(host, program, []));
  const saves = await Promise.all(tables.map((table) => runInside(host, program, ['-t', table])));
  return saves.flatMap(rulesOf);
}
