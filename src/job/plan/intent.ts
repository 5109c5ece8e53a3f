import type { WorkerFacts } from '../../contract/event.ts';
import { FAMILIES, type Scope } from '../../contract/identifiers.ts';
import type { Ruleset } from '../../contract/job.ts';
import { type Claims, claimsOf, mergeClaims, type Neighbour, NO_CLAIMS } from '../../ruleset/plan/claims.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { toBytes } from '../../ruleset/text/bytes.ts';
import { acceptanceOf, type Known } from '../../ruleset/trial/acceptance.ts';
import { learnSpelling } from '../../ruleset/wanted/learn-spelling.ts';
import { readSpelled } from '../../ruleset/wanted/read-spelled.ts';
import { readWanted } from '../../ruleset/wanted/wanted.ts';
import { type WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { labelOf } from '../outcome/naming.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';

/** What one job means to make of one ruleset on this host. */
export interface Intent {
  name: string;
  revision: number;
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
  /** What is on record before, if anything is. */
  record: RulesetRecord | undefined;
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
    revision,
    label: labelOf({ name, revision }),
    scope,
    texts: ruleset ?? {},
    wanted,
    adopt: (ruleset?.adopt ?? []).map(toBytes),
    before,
    claims: mergeClaims(before, claimsOf(scope, wanted)),
    neighbours: records.filter((other) => other.name !== name),
    record,
  };
}

/** What has been looked at before a spelling was believed; the first workers did not try whether it restores to the same rule. */
const TRIED = 'restored and compared';

/** Which kernel and which iptables spell rules here, and how well that is known. */
export function spelledBy({ backend, iptables, kernel }: WorkerFacts): string {
  return `iptables ${iptables} (${backend}), Linux ${kernel}, ${TRIED}`;
}

/** What was committed is known to be taken, unless another kernel or iptables has been put in since. */
export async function knownOf(
  { record }: Intent,
  ports: Pick<Ports, 'contents' | 'boot' | 'facts'>,
): Promise<Known> {
  const known: Known = perFamily(() => new Map());
  if (record?.committed == null || record.live?.spelledBy !== spelledBy(ports.facts)) return known;
  const { scope, committed } = record;
  const [content, rules] = await Promise.all([
    ports.contents.read(committed.digest).catch(() => null),
    ports.boot.read(record).catch(() => null),
  ]);
  // What is damaged is known no more, and tried anew.
  if (content === null || rules === null) return known;
  const sent = readWanted({ scope, ipv4: content.ipv4, ipv6: content.ipv6 }).tables;
  for (const family of FAMILIES) {
    const spelling = learnSpelling(sent[family], readSpelled(scope, rules[family]));
    for (const [name, table] of sent[family]) known[family].set(name, [acceptanceOf(table, spelling, [])]);
  }
  return known;
}
