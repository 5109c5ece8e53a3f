import { jumpsToAny, jumpTargets } from './options.ts';
import type { WantedTable } from './wanted-table.ts';

/**
 * From which chains of others and built-in ones each chain of a table is reached, as one text for each: a rule that
 * the kernel took where it could be reached from INPUT, it may refuse where it can be reached from FORWARD.
 */
export function reachOf(table: WantedTable): Map<string, string> {
  const own = new Set([...table.chains.keys()].filter((chain) => !table.policies.has(chain)));
  const jumps = new Map<string, Set<string>>();
  const rules = [...[...table.chains.values()].flat(), ...table.hooks.map((hook) => hook.rule)];
  for (const { chain, spec } of rules) {
    if (!jumpsToAny(spec, own)) continue;
    const targets = jumps.get(chain) ?? new Set();
    for (const target of jumpTargets(spec)) if (own.has(target)) targets.add(target);
    jumps.set(chain, targets);
  }
  const roots = [...jumps.keys(), ...table.policies.keys()].filter((chain) => !own.has(chain));
  const reached = new Map<string, string[]>();
  for (const root of [...new Set(roots)].toSorted()) {
    for (const chain of closure(root, jumps)) reached.set(chain, [...(reached.get(chain) ?? []), root]);
  }
  return new Map([...reached].map(([chain, from]) => [chain, from.join(' ')]));
}

function closure(root: string, jumps: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set([root]);
  for (const chain of seen) for (const target of jumps.get(chain) ?? []) seen.add(target);
  return seen;
}
