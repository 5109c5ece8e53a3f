import type { Reach } from '../../contract/events/reach.ts';
import type { RulesetTest } from '../../contract/jobs/ruleset-test.ts';
import { FAMILIES, type Family } from '../../contract/words/identifiers.ts';
import type { TableChange, TablePlan } from '../../ruleset/plan/table-change.ts';
import { readSavedSteps } from '../../ruleset/saved/read-saved.ts';
import { oddRuleOf } from '../../ruleset/trial/odd-matches.ts';
import type { Intent } from '../plan/intent.ts';
import type { LiveTables } from '../plan/snapshot.ts';
import type { HostPicture, Packets } from '../ports/packets.ts';
import type { Ports } from '../ports/ports.ts';
import { addressesOf, groundOf } from '../rehearse/ground.ts';
import { batchesOf, neighboursOf } from '../rehearse/packet-batches.ts';
import { type ProbedTest, resolveTests } from '../rehearse/resolve-tests.ts';
import { otherSource, type Sent, sendPackets } from '../rehearse/send-packets.ts';
import { destinationsIn, linesOf, type TestedRules } from '../rehearse/tested-rules.ts';
import { whyUntried } from '../rehearse/try-tests.ts';
import { inTurns } from '../time/in-turns.ts';
import { candidatesOf, type Side } from './candidates.ts';
import {
  type ChainRules,
  type ChangedRule,
  type ChangedTable,
  chainRulesOf,
  changedRules,
  changedTable,
} from './changed-rules.ts';
import { earlierLines } from './earlier-lines.ts';
import { markersOf } from './markers.ts';
import { MetRules } from './met-rules.ts';
import type { SetEntries } from './read-conditions.ts';
import { type Tried, tellChange } from './tell-change.ts';
import { Ways } from './ways.ts';
import { type Witness, withFewMacs } from './witnesses.ts';

/** A change that is planned. */
interface Planned {
  intent: Intent;
  plans: readonly TablePlan[];
  changes: readonly TableChange[];
}

/** So many rules get packets: what is sent side by side has its limit, and a person reads no more. */
const MOST_RULES = 40;
/** The same where each packet needs rules of its own, as they meet some that take only so many. */
const MOST_ALONE = 4;

/**
 * Finds what a change opens and closes: packets that meet the rules that come and go are sent under what is live, and under what is to come.
 *
 * @returns `null` if no rule comes or goes
 */
export async function tryReach(
  { intent, plans, changes }: Planned,
  ports: Pick<Ports, 'contents' | 'boot' | 'packets'>,
): Promise<Reach | null> {
  const { packets } = ports;
  const changing = plans.filter(({ change }) => change !== null);
  if (changing.length === 0) return null;
  try {
    const { picture, saved } = await packets.look();
    const live = await readLive(saved);
    const tables = changing.map((plan) => changedTable(plan, live[plan.family].get(plan.table), intent));
    const changed = tables.flatMap(changedRules).filter((one, _, all) => !leadsToChanged(one, all));
    if (changed.length === 0) return null;
    const rules: TestedRules = { saved, changes };
    let chosen = changed.slice(0, MOST_RULES);
    const sets = await packets.entriesOf(setsIn(linesOf(rules)));
    let witnesses = withFewMacs(witnessesOf(chosen, sets, picture, { live, tables }));
    const sending = { packets, picture, rules };
    let tried = await sendAll(witnesses, { ...sending, isAlone: false });
    if (tried === null) {
      chosen = chosen.slice(0, MOST_ALONE);
      witnesses = witnesses.slice(0, MOST_ALONE).map((own) => own.slice(0, 1));
      tried = await sendAll(witnesses, { ...sending, isAlone: true });
    }
    const lineOf = await earlierLines(intent, ports);
    return {
      rules: chosen.map((one, index) => {
        const [first] = witnesses[index] ?? [];
        const line = one.how === 'removed' ? lineOf(one) : one.line || null;
        return tellChange(one, tried?.packets[index] ?? [], {
          what: first?.what ?? '',
          line,
          isMet: tried?.met.has(one) ?? false,
        });
      }),
      leftOut: changed.length - chosen.length,
      untried: null,
    };
  } catch (error) {
    const untried = whyUntried(error);
    if (untried === null) throw error;
    return { rules: [], leftOut: 0, untried };
  }
}

async function readLive(saved: TestedRules['saved']): Promise<LiveTables> {
  const [ipv4, ipv6] = await Promise.all(
    FAMILIES.map(async (family) => await inTurns(readSavedSteps(saved[family]))),
  );
  return { ipv4: ipv4 ?? new Map(), ipv6: ipv6 ?? new Map() };
}

/** A jump decides nothing: where rules that it leads to change as well, they are what is told. */
function leadsToChanged({ of, rule }: ChangedRule, all: readonly ChangedRule[]): boolean {
  const target = rule?.jump?.target;
  return all.some((other) => other.of === of && other.rule !== null && other.chain === target);
}

function setsIn(lines: readonly string[]): string[] {
  return [
    ...new Set(
      lines.flatMap((line) => [...line.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name)),
    ),
  ];
}

/** For each rule its packets, the likeliest first. */
function witnessesOf(
  chosen: readonly ChangedRule[],
  sets: SetEntries,
  picture: HostPicture,
  all: { live: LiveTables; tables: readonly ChangedTable[] },
): Witness[][] {
  const sides = new Map<ChainRules, Side>();
  return chosen.map((changed) => {
    const { family } = changed.of;
    const when = changed.how === 'removed' ? 'before' : 'after';
    const rules = changed.of[when];
    const side = sides.get(rules) ?? {
      rules,
      ways: new Ways(rules, family, sets),
      markers: once(() => markersOf(tablesOf(all, family, when), family, sets)),
    };
    sides.set(rules, side);
    return candidatesOf(changed, side, picture);
  });
}

/** All tables of a family, before the change or after it. */
function tablesOf(
  { live, tables }: { live: LiveTables; tables: readonly ChangedTable[] },
  family: Family,
  when: 'before' | 'after',
): ChainRules[] {
  const changing = tables.filter((table) => table.family === family);
  const others = [...live[family]].filter(([name]) => !changing.some(({ table }) => table === name));
  return [
    ...changing.map((table) => table[when]),
    ...others.map(([name, table]) => chainRulesOf(name, table)),
  ];
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

interface Sending {
  packets: Packets;
  picture: HostPicture;
  rules: TestedRules;
  isAlone: boolean;
}

/**
 * Sends each packet with no rules, the old and the new ones.
 *
 * @returns for each rule those that get through without any, and where they came by; `null` if packets that were sent side by side met a rule that says another
 * thing after others
 */
async function sendAll(
  witnesses: readonly (readonly Witness[])[],
  { packets, picture, rules, isAlone }: Sending,
): Promise<{ packets: Tried[][]; met: MetRules } | null> {
  const flat = witnesses.flatMap((own, of) => own.map((witness) => ({ ...witness, of })));
  const tests = flat.map(
    ({ packet }, index): RulesetTest => ({ ...packet, name: String(index), expect: 'accept' }),
  );
  const [routes, translated] = await Promise.all([
    packets.routesTo(addressesOf(tests)),
    packets.routesTo(destinationsIn(linesOf(rules))),
  ]);
  const probed = resolveTests(tests, await groundOf(tests, { picture, routes }, packets)).map((one, index) =>
    one.probe === null ? one : { ...one, probe: { ...one.probe, ...flat[index]?.sender } },
  );
  const addresses = neighboursOf(probed, translated, picture);
  const sending = { packets, picture, addresses };
  const tried: Tried[][] = witnesses.map(() => []);
  const met = new MetRules();
  const isMetered = !isAlone && linesOf(rules).some((line) => oddRuleOf(line)?.isUntriable === false);
  for (const batch of batchesOf(probed, isAlone)) {
    const probes = batch.map(({ probe }) => probe);
    const [bare, before, after] = await Promise.all([
      sendPackets(probes, { ...sending, rules: null }),
      sendPackets(
        probes,
        { ...sending, rules: { ...rules, changes: [] } },
        { isMetered, withCounters: true },
      ),
      sendPackets(probes, { ...sending, rules }, { isMetered, withCounters: true }),
    ]);
    met.add(before, after);
    if ([...before.met, ...after.met].some(({ isUntriable }) => !isUntriable)) return null;
    for (const { test, probe, direction } of batch) {
      const { of, what, part } = flat[Number(test.name)] ?? { of: -1, what: '', part: '' };
      const fates = [before.fates.get(probe.number), after.fates.get(probe.number)] as const;
      if (!isFree(bare, probe) || fates[0] === undefined || fates[1] === undefined) continue;
      tried[of]?.push({ probe, direction, what, part, before: fates[0], after: fates[1] });
    }
  }
  return { packets: tried, met };
}

/** Whether a packet, and the first one of its flow, come where they are sent if nothing is in their way. */
function isFree(bare: Sent, probe: NonNullable<ProbedTest['probe']>): boolean {
  const { openings, fates } = bare;
  const isThere = [fates.get(probe.number), openings.get(probe.number) ?? { kind: 'accept' }];
  return isThere.every((fate) => fate?.kind === 'accept') && otherSource(probe, bare) === null;
}
