import type { WorkerFacts } from '../contract/event.ts';
import { FAMILIES, type Scope } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import { acceptanceOf, type Known } from '../ruleset/acceptance.ts';
import { type Claims, claimsOf, mergeClaims, type Neighbour, NO_CLAIMS } from '../ruleset/claims.ts';
import { extractOwned } from '../ruleset/owned.ts';
import { parseRules } from '../ruleset/parse.ts';
import { learnSpelling } from '../ruleset/spelling.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { readWanted } from '../ruleset/wanted.ts';
import { type WantedTable } from '../ruleset/wanted-table.ts';
import type { RulesetRecord } from './ports.ts';

/** What one job means to make of one ruleset on this host. */
export interface Intent {
  name: string;
  /** For messages, such as `edge revision 7`. */
  label: string;
  scope: Scope;
  /** The texts as they were sent, for quoting lines of them. */
  texts: Pick<Ruleset, 'ipv4' | 'ipv6'>;
  wanted: PerFamily<Map<string, WantedTable>>;
  adopt: readonly string[];
  /** What the ruleset holds already … */
  before: Claims;
  /** … and what it may hold while the change is under way. */
  claims: Claims;
  neighbours: readonly Neighbour[];
  /** What the kernel is known to have taken of this ruleset: read from the record when it is asked for. */
  known: () => Known;
}

/** A change to what a ruleset consists of; without `ruleset`, it is to go. */
export function intentOf(
  { name, revision }: { name: string; revision: number },
  ruleset: Ruleset | null,
  wanted: PerFamily<Map<string, WantedTable>>,
  records: readonly RulesetRecord[],
  facts: WorkerFacts,
): Intent {
  const record = records.find((known) => known.name === name);
  const scope = ruleset?.scope ?? record?.scope ?? 'chains';
  const before = record?.claims ?? NO_CLAIMS;
  return {
    name,
    label: `${name} revision ${revision}`,
    scope,
    texts: ruleset ?? {},
    wanted,
    adopt: ruleset?.adopt ?? [],
    before,
    claims: mergeClaims(before, claimsOf(scope, wanted)),
    neighbours: records.filter((other) => other.name !== name),
    known: () => knownOf(record, spelledBy(facts)),
  };
}

/** Which kernel and which iptables spell rules here. */
export function spelledBy({ backend, iptables, kernel }: WorkerFacts): string {
  return `iptables ${iptables} (${backend}), Linux ${kernel}`;
}

/** What was live is known, unless another kernel or iptables has been put in since. */
function knownOf(record: RulesetRecord | undefined, speller: string): Known {
  const known: Known = perFamily(() => new Map());
  if (record?.live == null || record.live.spelledBy !== speller) return known;
  const { scope, claims, live } = record;
  const sent = readWanted({ scope, ...live.sent }).tables;
  for (const family of FAMILIES) {
    const saved = extractOwned({ scope, claims, family, live: parseRules(live.saved[family]).tables });
    const spelling = learnSpelling(sent[family], saved);
    for (const [name, table] of sent[family]) known[family].set(name, [acceptanceOf(table, spelling, [])]);
  }
  return known;
}
