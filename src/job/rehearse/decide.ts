import type { DecidingLine } from '../../contract/events/failure.ts';
import type { Expectation } from '../../contract/jobs/ruleset-test.ts';
import { claimedChains, claimsTable } from '../../ruleset/plan/claims.ts';
import { readSavedTables } from '../../ruleset/saved/read-saved.ts';
import {
  type Decision,
  type Direction,
  findAccepting,
  findRefusing,
  findTranslating,
  oppositeOf,
} from '../../ruleset/trial/deciding-rule.ts';
import type { Fate, Probe } from '../../ruleset/trial/packets.ts';
import { quoteLines } from '../outcome/failed-line.ts';
import type { Intent } from '../plan/intent.ts';
import { type Sending, sendPackets } from './send-packets.ts';

/** A test that failed, and what became of its packet. */
interface Undecided {
  probe: Probe;
  direction: Direction;
  expected: Expectation;
  fate: Fate;
  /** Why the line is shown. */
  reason: string;
}

/** So many rules that have counted are tried: more packets than these do not come by chance. */
const MOST_TRIED = 8;

/**
 * Finds the rule that decided what became of a packet: sends it alone into rules that have counted nothing, reads what has counted,
 * and sends it again with the opposite verdict of each of those, until it goes another way.
 *
 * @returns no line, if no rule has decided it
 */
export async function decidingLines(
  undecided: Undecided,
  intent: Intent,
  sending: Sending,
): Promise<DecidingLine[]> {
  const { probe, fate } = undecided;
  const isMute = fate.kind === 'accept' || fate.kind === 'dnat';
  const options = { isKnown: true, isMute, withCounters: true };
  const alone = await sendPackets([probe], sending, options);
  const possible = decisionsOf(undecided, alone.saved.get(probe.family) ?? '');
  for (const decision of possible.slice(0, MOST_TRIED)) {
    const text = oppositeOf(decision);
    if (text === null) continue;
    const edit = { family: probe.family, text };
    const other = await sendPackets([probe], sending, { ...options, edit });
    if (wentOtherwise(alone.fates.get(probe.number), other.fates.get(probe.number), isMute))
      return [lineOf(decision, undecided, intent, true)];
  }
  return possible.slice(0, 1).map((decision) => lineOf(decision, undecided, intent, false));
}

function decisionsOf({ fate, expected, direction }: Undecided, saved: string): Decision[] {
  const tables = readSavedTables(saved);
  if (fate.kind === 'accept' || fate.kind === 'dnat') {
    const isOfTranslation = expected.kind === 'dnat' || (expected.kind === 'accept' && fate.kind === 'dnat');
    if (isOfTranslation) return findTranslating(tables, direction);
    // What is translated on its way in goes on through the host.
    const isForwarded = fate.kind === 'dnat' && direction === 'in';
    return [...(isForwarded ? findAccepting(tables, 'forward') : []), ...findAccepting(tables, direction)];
  }
  return findRefusing(tables, direction);
}

/** A packet that nobody answers was accepted if it arrived. */
function wentOtherwise(one: Fate | undefined, other: Fate | undefined, isMute: boolean): boolean {
  const hasArrived = (fate: Fate | undefined) =>
    fate?.kind === 'accept' || fate?.kind === 'dnat' || fate?.kind === 'no-answer';
  if (isMute && one?.kind !== 'dnat') return hasArrived(one) !== hasArrived(other);
  return JSON.stringify(one) !== JSON.stringify(other);
}

function lineOf(
  { table, chain, rule, index, verdict }: Decision,
  { probe: { family }, reason }: Undecided,
  intent: Intent,
  isShown: boolean,
): DecidingLine {
  const found = {
    family,
    table,
    chain,
    reason,
    reportedLine: null,
    confidence: isShown ? ('verified' as const) : ('reported' as const),
  };
  if (rule === null)
    return { ...found, line: null, owner: 'policy', text: `:${chain} ${verdict}`, context: [] };
  const own = intent.wanted[family].get(table)?.chains.get(chain)?.[index];
  if (own !== undefined && own.text === rule.text && own.line > 0) {
    const [quoted] = quoteLines(intent.texts, [{ ...found, line: own.line }]).lines;
    if (quoted !== undefined) return quoted;
  }
  const holder = intent.neighbours.find(
    ({ claims }) =>
      claimsTable(claims, { family, table }) || claimedChains(claims, { family, table }).has(chain),
  );
  return { ...found, line: null, owner: holder?.name ?? 'foreign', text: rule.text, context: [] };
}
