import type { HostPolicy } from '../../contract/jobs/host-policy.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import type { Problem, Table } from '../model.ts';
import { plainJump } from '../saved/plain-rule.ts';
import type { PerFamily } from '../tables.ts';
import { fromBytes } from '../text/bytes.ts';
import { readOptions } from '../text/read-options.ts';
import { splitWords } from '../text/split-words.ts';
import { rulesOf } from '../trial/acceptance.ts';
import type { WantedTable } from '../wanted/wanted-table.ts';
import { matchesAny } from './name-patterns.ts';
import { findUnguarded, type SpelledRequirement } from './required-rules.ts';

/** What a host lets jobs do to its rules. */
export type Guardrails = Pick<
  HostPolicy,
  'rulesets' | 'scopes' | 'tables' | 'chains' | 'targets' | 'matches' | 'mostRules'
> & {
  required: readonly SpelledRequirement[];
  /** Why the policy cannot be used; then every ruleset is refused. `null`: it can be used. */
  fault: string | null;
};

export type DeniedLine = Problem & { family: Family };

/** Returns why a ruleset of this name may not be touched; `null` if it may. */
export function nameDenial({ rulesets, fault }: Guardrails, { name }: Pick<Ruleset, 'name'>): string | null {
  if (fault !== null) return `this host's own policy has a rule that it cannot read: ${fault}`;
  if (rulesets === undefined || matchesAny(name, rulesets)) return null;
  return `this host takes rulesets named ${rulesets.join(', ')} only, not ${name}`;
}

/** Returns why a ruleset may not have this scope; `null` if it may. */
export function scopeDenial({ scopes }: Guardrails, { scope }: Pick<Ruleset, 'scope'>): string | null {
  if (scopes === undefined || scopes.includes(scope)) return null;
  return `this host takes rulesets of scope ${scopes.join(', ')} only, not ${scope}`;
}

/**
 * Finds every line of a ruleset that the host's policy forbids.
 *
 * @param wanted in the kernel's spelling, which hides nothing
 * @param live the tables before the change
 */
export function findDenied(
  rails: Guardrails,
  wanted: PerFamily<Map<string, WantedTable>>,
  live: PerFamily<Map<string, Table>>,
): DeniedLine[] {
  const denied = FAMILIES.flatMap((family) =>
    [...wanted[family].values()].flatMap((table) =>
      [
        ...deniedTable(rails, table),
        ...deniedChains(rails, table),
        ...deniedRules(rails, table),
        ...deniedUnreadable(rails, table),
        ...findUnguarded(rails.required, family, table, live[family].get(table.name)),
      ].map((problem) => ({ ...problem, family })),
    ),
  );
  return [...denied, ...tooMany(rails, wanted)];
}

function deniedTable({ tables }: Guardrails, table: WantedTable): Problem[] {
  if (tables === undefined || tables.includes(table.name)) return [];
  const reason = `table ${table.name} is not among those that this host lets rulesets have: ${tables.join(', ')}`;
  return [{ line: firstLine(table), table: table.name, chain: null, reason }];
}

function firstLine(table: WantedTable): number {
  const lines = [...table.declarations.values(), ...rulesOf(table).map(({ line }) => line)];
  // Not spread into Math.min: there may be more rules than a call takes arguments.
  return lines.reduce((first, line) => Math.min(first, line), table.commitLine ?? Number.MAX_SAFE_INTEGER);
}

function deniedChains({ chains }: Guardrails, table: WantedTable): Problem[] {
  if (chains === undefined) return [];
  return [...table.declarations].flatMap(([chain, line]) =>
    table.policies.has(chain) || matchesAny(fromBytes(chain).text, chains)
      ? []
      : [
          {
            line,
            table: table.name,
            chain,
            reason: `chains are to be named ${chains.join(', ')} on this host`,
          },
        ],
  );
}

function deniedRules({ targets, matches }: Guardrails, table: WantedTable): Problem[] {
  if (targets === undefined && matches === undefined) return [];
  return rulesOf(table).flatMap((rule) => {
    const { options } = readOptions(splitWords(rule.spec));
    const own = options.filter(({ owner }) => owner === 'iptables');
    const used = (letters: string) =>
      own.flatMap(({ name, values }) => (letters.includes(name) ? values : []));
    const target = used('jg').find(
      (name) => targets !== undefined && !targets.includes(name) && !table.chains.has(name),
    );
    const match = used('m').find((name) => matches !== undefined && !matches.includes(name));
    const reasons = [
      ...(target === undefined ? [] : [`target ${target} is not let in on this host`]),
      ...(match === undefined ? [] : [`match ${match} is not let in on this host`]),
    ];
    if (reasons.length === 0) return [];
    return [{ line: rule.line, table: table.name, chain: rule.chain, reason: reasons.join('; ') }];
  });
}

/** Forbids rules with an unknown option. The word after it may be its value or a target, and a policy must not guess. */
function deniedUnreadable({ targets, matches, required }: Guardrails, table: WantedTable): Problem[] {
  if (targets === undefined && matches === undefined && required.length === 0) return [];
  return rulesOf(table).flatMap(({ chain, line, text, spec }) => {
    const [option] = plainJump(text) === null ? readOptions(splitWords(spec)).unknown : [];
    if (option === undefined) return [];
    const reason = `${option} is an option that this worker does not know, so that the rule cannot be held against the policy of this host`;
    return [{ line, table: table.name, chain, reason }];
  });
}

function tooMany({ mostRules }: Guardrails, wanted: PerFamily<Map<string, WantedTable>>): DeniedLine[] {
  if (mostRules === undefined) return [];
  const rules = FAMILIES.flatMap((family) =>
    [...wanted[family].values()]
      .flatMap((table) => rulesOf(table).map((rule) => ({ family, table: table.name, rule })))
      .toSorted((a, b) => a.rule.line - b.rule.line),
  );
  const first = rules[mostRules];
  if (first === undefined) return [];
  const { family, table, rule } = first;
  const reason = `the ruleset has ${rules.length} rules: this host takes ${mostRules} of one`;
  return [{ family, table, chain: rule.chain, line: rule.line, reason }];
}
