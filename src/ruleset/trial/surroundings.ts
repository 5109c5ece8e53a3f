import type { Table } from '../model.ts';
import type { ChangeLine } from '../plan/table-change.ts';
import { builtInChains } from '../tables.ts';
import { quoteWord } from '../text/split-words.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';

/**
 * Returns lines that make the chains of others in which hooks stand, and bare jumps to those chains. So the kernel says about a
 * rule what it would say on the host.
 */
export function surroundings({ name, hooks }: WantedTable, live: Table | undefined): ChangeLine[] {
  const builtIn = builtInChains(name);
  const needed = new Set(hooks.map(({ rule }) => rule.chain).filter((chain) => live?.chains.has(chain)));
  if ([...needed].every((chain) => builtIn.includes(chain))) return [];
  const callers = callersOf(live);
  for (const chain of needed) for (const caller of callers.get(chain) ?? []) needed.add(caller);
  const foreign = [...needed].filter((chain) => !builtIn.includes(chain));
  return [
    ...foreign.map((chain) => ({ text: `:${chain} - [0:0]`, source: null })),
    ...foreign.flatMap((chain) =>
      [...(callers.get(chain) ?? [])].map((caller) => ({
        text: `-A ${quoteWord(caller)} -j ${quoteWord(chain)}`,
        source: null,
      })),
    ),
  ];
}

/** Says whether a hook stands in a chain of others. Only then does the rehearsal depend on what is live. */
export function hasForeignHooks({ name, hooks }: WantedTable): boolean {
  return hooks.some(({ rule }) => !builtInChains(name).includes(rule.chain));
}

function callersOf(live: Table | undefined): Map<string, Set<string>> {
  const callers = new Map<string, Set<string>>();
  for (const { chain, jump } of live?.rules ?? []) {
    if (jump === null || !live?.chains.has(jump.target)) continue;
    callers.set(jump.target, (callers.get(jump.target) ?? new Set()).add(chain));
  }
  return callers;
}
