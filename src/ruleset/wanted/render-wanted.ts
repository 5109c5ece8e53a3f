import { builtInChains } from '../tables.ts';
import type { WantedTable } from './wanted-table.ts';

/** Returns what is wanted, in the kernel's spelling, as a text that wants exactly this. Empty if nothing is wanted. */
export function renderWanted(tables: Iterable<WantedTable>): string {
  return [...tables].map(renderTable).join('');
}

function renderTable({ name, chains, policies, hooks }: WantedTable): string {
  const builtIn = builtInChains(name);
  const lines = [`*${name}`];
  if (policies.size > 0)
    for (const chain of builtIn) lines.push(`:${chain} ${policies.get(chain) ?? 'ACCEPT'} [0:0]`);
  for (const chain of chains.keys()) if (!builtIn.includes(chain)) lines.push(`:${chain} - [0:0]`);
  for (const { rule, position } of hooks) {
    lines.push(position === 'first' ? rule.text.replace(/^-A/, '-I') : rule.text);
  }
  for (const rules of chains.values()) for (const rule of rules) lines.push(rule.text);
  lines.push('COMMIT', '');
  return lines.join('\n');
}
