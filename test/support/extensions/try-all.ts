/*
 * Tries every rule again on this machine and writes down what came of each:
 * node --import tsx test/support/extensions/try-all.ts
 */
import { BACKENDS } from '../namespace.ts';
import { generateCases, type UntriedCase } from './generate.ts';
import { type CaseResult, type ExtensionCase, writeCases } from './results.ts';
import { type Outcome, tryRules } from './try-rules.ts';

type Results = Map<UntriedCase, { nft: CaseResult; legacy: CaseResult }>;

const REFUSED: CaseResult = { accepted: false, roundTrips: false, broken: null };

const groups = new Map<string, UntriedCase[]>();
for (const one of generateCases()) {
  const name = groupOf(one);
  groups.set(name, [...(groups.get(name) ?? []), one]);
}
const results: Results = new Map();
for (const [name, group] of groups) {
  const needs = [...new Set(group.flatMap((one) => one.needs))];
  for (const backend of BACKENDS) {
    const { family, table, chain } = group[0] ?? { family: 'ipv4', table: '', chain: '' };
    const rules = group.map(({ spec }) => spec);
    const outcomes = await tryRules({ backend, family, table, chain }, rules, needs);
    const broken = outcomes.filter((outcome) => outcome.accepted && outcome.broken !== null);
    const accepted = outcomes.filter((outcome) => outcome.accepted);
    console.log(`${backend} ${name}: ${accepted.length} of ${outcomes.length}, ${broken.length} broken`);
    for (const [at, one] of group.entries()) {
      const result = results.get(one) ?? { nft: REFUSED, legacy: REFUSED };
      result[backend] = resultOf(outcomes[at]);
      results.set(one, result);
    }
  }
}
writeCases(bothFamilies(results));

/** The key of the group of rules that are tried in the same namespaces. */
function groupOf({ extension, family, table, chain, spec }: UntriedCase): string {
  const place = `${family} ${table} ${chain}`;
  // A plain rule with a verdict and no condition makes all rules after it unreachable, and the kernel checks less of those.
  if (extension === 'plain') return `${place} plain`;
  // A legacy table that contains such a rule accepts no other rule.
  return /-j CT .*--t/.test(spec) ? `${place} ${spec}` : place;
}

function resultOf(outcome: Outcome | undefined): CaseResult {
  if (outcome?.accepted !== true) return REFUSED;
  const { broken, saved } = outcome;
  return {
    accepted: true,
    roundTrips: broken === null,
    broken: broken === null ? null : { why: broken, saved },
  };
}

/** Makes one case of two that differ in the family only. */
function bothFamilies(tried: Results): ExtensionCase[] {
  const merged = new Map<string, ExtensionCase>();
  for (const [{ family, ...rest }, result] of tried) {
    const key = JSON.stringify([rest, result]);
    const other = merged.get(key);
    merged.set(key, { ...rest, families: [...(other?.families ?? []), family], ...result });
  }
  return [...merged.values()];
}
