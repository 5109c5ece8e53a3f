import type { HostPolicy, RequiredRule } from '../../contract/jobs/host-policy.ts';
import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import { RestoreFailed } from '../../job/ports/firewall.ts';
import { RehearsalUnavailable, type Sandbox, SandboxIncomplete } from '../../job/ports/sandbox.ts';
import { appendText } from '../../ruleset/model.ts';
import type { Guardrails } from '../../ruleset/policy/guardrails.ts';
import type { SpelledRequirement } from '../../ruleset/policy/required-rules.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import { toBytes } from '../../ruleset/text/bytes.ts';
import { objectNames } from '../../ruleset/trial/objects.ts';

/**
 * The guardrails of a policy. Its required rules are spelled as this host's kernel spells them, like the rules that they are
 * compared with.
 *
 * @returns `null` if the policy limits nothing; with a `fault` if a required rule cannot be tried on this host
 */
export async function spellPolicy(policy: HostPolicy, sandbox: Sandbox): Promise<Guardrails | null> {
  const { signatures: _, never: _never, tests: _tests, required, ...limits } = policy;
  if (required.length === 0 && Object.keys(limits).length === 0) return null;
  try {
    const spelled: SpelledRequirement[] = [];
    for (const rule of required) spelled.push(await spellRequirement(rule, sandbox));
    return { ...limits, required: spelled, fault: null };
  } catch (error) {
    if (!isOfTheHost(error)) throw error;
    return { ...limits, required: [], fault: error.message };
  }
}

function isOfTheHost(error: unknown): error is Error {
  return (
    error instanceof RestoreFailed ||
    error instanceof RehearsalUnavailable ||
    error instanceof SandboxIncomplete
  );
}

async function spellRequirement(rule: RequiredRule, sandbox: Sandbox): Promise<SpelledRequirement> {
  const { name, table, chain, before } = rule;
  const [ipv4, ipv6] = await Promise.all(FAMILIES.map((family) => spellRule(rule, family, sandbox)));
  return { name, table, chain, before, spec: { ipv4: ipv4 ?? null, ipv6: ipv6 ?? null } };
}

async function spellRule(rule: RequiredRule, family: Family, sandbox: Sandbox): Promise<string | null> {
  const spec = rule[family];
  if (spec === null) return null;
  const { table, chain } = rule;
  const text = appendText(chain, toBytes(spec));
  const objects = await sandbox.readObjects(objectNames([text]));
  return await sandbox.within(objects, async (rehearsal) => {
    await rehearsal.restore(family, `*${table}\n${text}\nCOMMIT\n`);
    const rules = readSavedTables(await rehearsal.save(family, table)).get(table)?.rules ?? [];
    return rules.find((saved) => saved.chain === chain)?.spec ?? null;
  });
}
