import { FAMILIES } from '../../contract/words/identifiers.ts';
import { perFamily } from '../../ruleset/tables.ts';
import type { Programs } from '../tables/programs.ts';
import type { RunThere } from './host-picture.ts';

const IPTABLES_TABLES = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);
const LEGACY_TABLES = perFamily((family) =>
  family === 'ipv4' ? '/proc/net/ip_tables_names' : '/proc/net/ip6_tables_names',
);

/** What of the host judges packets, and cannot stand in a namespace. */
export async function cannotStand(ip: string, programs: Programs, run: RunThere): Promise<string[]> {
  const notes: string[] = [];
  const { stdout: policies } = await run(ip, ['xfrm', 'policy', 'list']);
  if (policies.trim() !== '') notes.push('the IPsec policies of the host do not stand in the rehearsal');
  if (programs.nft !== null) {
    const { stdout } = await run(programs.nft, ['list', 'tables']);
    const native = [...stdout.matchAll(/^table (\S+) (\S+)$/gm)].filter(
      ([, family = '', name = '']) =>
        programs.backend === 'legacy' || !(family === 'ip' || family === 'ip6') || !IPTABLES_TABLES.has(name),
    );
    notes.push(
      ...native.map(([, family, name]) => `the nft table ${family} ${name} does not stand in the rehearsal`),
    );
  }
  if (programs.backend === 'legacy') return notes;
  for (const family of FAMILIES) {
    const path = LEGACY_TABLES[family];
    const { stdout } = await run('/bin/grep', ['-s', '', path]);
    if (stdout.trim() !== '')
      notes.push(
        `rules of legacy iptables (${family}: ${stdout.trim().split('\n').join(', ')}) do not stand in the rehearsal`,
      );
  }
  return notes;
}
