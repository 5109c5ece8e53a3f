import type { Scope } from '../contract/identifiers.ts';
import type { Ruleset } from '../contract/job.ts';
import type { Spelling } from '../ruleset/change.ts';
import { type Claims, claimsOf, mergeClaims, type Neighbour, NO_CLAIMS } from '../ruleset/claims.ts';
import { extractOwned } from '../ruleset/owned.ts';
import { parseRules } from '../ruleset/parse.ts';
import { learnSpelling } from '../ruleset/spelling.ts';
import { type PerFamily, perFamily } from '../ruleset/tables.ts';
import { readWanted, type WantedTable } from '../ruleset/wanted.ts';
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
  spell: PerFamily<Spelling>;
}

/** A change to what a ruleset consists of; without `ruleset`, it is to go. */
export function intentOf(
  { name, revision }: { name: string; revision: number },
  ruleset: Ruleset | null,
  wanted: PerFamily<Map<string, WantedTable>>,
  records: readonly RulesetRecord[],
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
    spell: spellingOf(record),
  };
}

function spellingOf(record: RulesetRecord | undefined): PerFamily<Spelling> {
  const live = record?.live ?? null;
  const sent = live === null ? null : readWanted({ scope: record?.scope ?? 'chains', ...live.sent }).tables;
  return perFamily((family) => {
    if (record === undefined || live === null || sent === null) return learnSpelling(new Map(), new Map());
    const saved = parseRules(live.saved[family]).tables;
    const { scope, claims } = record;
    return learnSpelling(sent[family], extractOwned({ scope, claims, family, live: saved }));
  });
}
