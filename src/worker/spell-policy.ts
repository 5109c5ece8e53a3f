import type { HostPolicy, RequiredRule } from '../contract/host-policy.ts';
import { FAMILIES, type Family } from '../contract/identifiers.ts';
import { type Rehearsal, type RehearsalStage, RehearsalUnavailable, RestoreFailed } from '../job/ports.ts';
import type { Guardrails } from '../ruleset/guardrails.ts';
import { ipsetNames } from '../ruleset/ipsets.ts';
import { appendText } from '../ruleset/model.ts';
import { parseRules } from '../ruleset/parse.ts';
import type { SpelledRequirement } from '../ruleset/required-rules.ts';

/** The guardrails of a policy, its rules as this host's kernel spells them: as those that they are compared with. */
export async function spellPolicy(policy: HostPolicy, stage: RehearsalStage): Promise<Guardrails | null> {
  const { signatures: _, required, ...limits } = policy;
  if (required.length === 0 && Object.keys(limits).length === 0) return null;
  try {
    const spelled: SpelledRequirement[] = [];
    for (const rule of required) spelled.push(await spellRequirement(rule, stage));
    return { ...limits, required: spelled, fault: null };
  } catch (error) {
    if (!(error instanceof RestoreFailed || error instanceof RehearsalUnavailable)) throw error;
    return { ...limits, required: [], fault: error.message };
  }
}

async function spellRequirement(rule: RequiredRule, stage: RehearsalStage): Promise<SpelledRequirement> {
  const { name, table, chain, before } = rule;
  const [ipv4, ipv6] = await Promise.all(FAMILIES.map((family) => spellRule(rule, family, stage)));
  return { name, table, chain, before, spec: { ipv4: ipv4 ?? null, ipv6: ipv6 ?? null } };
}

async function spellRule(rule: RequiredRule, family: Family, stage: RehearsalStage): Promise<string | null> {
  const spec = rule[family];
  if (spec === null) return null;
  const { table, chain } = rule;
  const line = { ...appended(chain, spec), insert: false, counters: null, line: 1 };
  const sets = await stage.readSets(ipsetNames([line]));
  return await stage.within(sets, async (rehearsal) => await readBack(rehearsal, family, table, line));
}

function appended(chain: string, spec: string) {
  return { chain, spec, text: appendText(chain, spec) };
}

async function readBack(
  rehearsal: Rehearsal,
  family: Family,
  table: string,
  { chain, text }: { chain: string; text: string },
): Promise<string | null> {
  await rehearsal.restore(family, `*${table}\n${text}\nCOMMIT\n`);
  const rules = parseRules(await rehearsal.save(family, table)).tables.get(table)?.rules ?? [];
  return rules.find((saved) => saved.chain === chain)?.spec ?? null;
}
