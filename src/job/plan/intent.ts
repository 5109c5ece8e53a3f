import type { WorkerFacts } from '../../contract/events/event.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import { FAMILIES, type Family, type Scope } from '../../contract/words/identifiers.ts';
import { type Claims, claimsOf, mergeClaims, NO_CLAIMS } from '../../ruleset/plan/claims.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { toBytes } from '../../ruleset/text/bytes.ts';
import { type Accepted, acceptanceOf, rulesOf } from '../../ruleset/trial/acceptance.ts';
import { learnSpelling } from '../../ruleset/wanted/learn-spelling.ts';
import { readSpelled } from '../../ruleset/wanted/read-spelled.ts';
import { readWantedSteps } from '../../ruleset/wanted/wanted.ts';
import { type WantedTable } from '../../ruleset/wanted/wanted-table.ts';
import { labelOf } from '../outcome/naming.ts';
import type { Ports } from '../ports/ports.ts';
import type { RulesetRecord } from '../ports/stores.ts';
import { inTurns } from '../time/in-turns.ts';

/** What one job means to make of one ruleset on this host. */
export interface Intent {
  name: string;
  revision: number;
  /** Names the ruleset in messages, such as `edge revision 7`. */
  label: string;
  scope: Scope;
  /** The texts as they were sent. Messages quote lines of them. */
  texts: Pick<Ruleset, 'ipv4' | 'ipv6'>;
  wanted: PerFamily<Map<string, WantedTable>>;
  adopt: readonly string[];
  /** What the ruleset holds before the job. */
  before: Claims;
  /** What the ruleset may hold while the change is under way. */
  claims: Claims;
  /** The records of all other rulesets of the host. */
  neighbours: readonly RulesetRecord[];
  /** The ruleset's record before the job; `undefined` if there is none. */
  record: RulesetRecord | undefined;
}

/** Makes the intent of a job. Without `ruleset`, the ruleset is to be removed. */
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

/**
 * Part of `spelledBy`: says that each spelling was restored and compared. The first workers did not do that, so their spellings
 * are not used.
 */
const TRIED = 'restored and compared';

/** Names the kernel and the iptables that spell rules here, and how the spelling was checked. */
export function spelledBy({ backend, iptables, kernel }: WorkerFacts): string {
  return `iptables ${iptables} (${backend}), Linux ${kernel}, ${TRIED}`;
}

/** Returns what the kernel is known to take: the committed rules, unless the kernel or iptables has changed since. */
export async function knownOf(
  { record }: Intent,
  ports: Pick<Ports, 'contents' | 'boot' | 'facts'>,
): Promise<Accepted> {
  const known: Accepted = perFamily(() => new Map());
  if (record?.live?.spelledBy !== spelledBy(ports.facts)) return known;
  for (const { family, table, spelled } of await committedTables(record, ports))
    known[family].set(table.name, acceptanceOf(table, spelled));
  return known;
}

/** A table as it was sent and committed, with the kernel's spelling of each of its {@link rulesOf}, where that is known. */
interface CommittedTable {
  family: Family;
  table: WantedTable;
  spelled: (string | undefined)[];
}

/** The tables of the text that is committed. Damaged files are no knowledge: then there are none. */
export async function committedTables(
  record: RulesetRecord | undefined,
  ports: Pick<Ports, 'contents' | 'boot'>,
): Promise<CommittedTable[]> {
  if (record?.committed == null) return [];
  const { scope, committed } = record;
  const [content, rules] = await Promise.all([
    ports.contents.read(committed.digest).catch(() => null),
    ports.boot.read(record).catch(() => null),
  ]);
  if (content === null || rules === null) return [];
  const { tables: sent } = await inTurns(readWantedSteps({ scope, ipv4: content.ipv4, ipv6: content.ipv6 }));
  return FAMILIES.flatMap((family) => {
    const spelling = learnSpelling(sent[family], readSpelled(scope, rules[family]));
    return [...sent[family].values()].map((table) => ({
      family,
      table,
      spelled: rulesOf(table).map(spelling),
    }));
  });
}
