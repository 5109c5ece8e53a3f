import type { FailedTest } from '../../contract/events/failure.ts';
import type { RulesetTest } from '../../contract/jobs/ruleset-test.ts';
import type { TableChange } from '../../ruleset/plan/table-change.ts';
import { oddRuleOf } from '../../ruleset/trial/odd-matches.ts';
import type { Probe } from '../../ruleset/trial/packets.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { Intent } from '../plan/intent.ts';
import { RestoreFailed } from '../ports/firewall.ts';
import { type Packets, PacketsUnavailable } from '../ports/packets.ts';
import { decidingLines } from './decide.ts';
import { addressesOf, type Ground, groundOf } from './ground.ts';
import { inconclusive, judgeTest, type Verdict } from './judge-test.ts';
import { batchesOf, directProbes, neighboursOf } from './packet-batches.ts';
import { type ProbedTest, resolveTests } from './resolve-tests.ts';
import { otherSource, type Sending, type Sent, sendPackets } from './send-packets.ts';
import { destinationsIn, linesOf, type TestedRules } from './tested-rules.ts';
import { whyLost } from './why-lost.ts';

/** How tests came out that all passed. */
export interface TestsRun {
  passed: number;
  notes: string[];
}

/** So many tests that failed get the rule that decided them: nobody mends more at a time. */
const MOST_DECIDED = 20;

/**
 * Sends the packets of tests to the rules as they would be on this host. What is live is read anew: a packet meets all of it.
 *
 * @throws {JobFailure} `test_failed` or `test_inconclusive`, with every test that did not come out as it has to
 */
export async function tryTests(
  tests: readonly RulesetTest[],
  intent: Intent,
  changes: readonly TableChange[],
  packets: Packets,
): Promise<TestsRun> {
  try {
    const [state, routes] = await Promise.all([packets.look(), packets.routesTo(addressesOf(tests))]);
    const ground = await groundOf(tests, { picture: state.picture, routes }, packets);
    const rules: TestedRules = { saved: state.saved, changes };
    const probed = resolveTests(tests, ground);
    const translated = await packets.routesTo(destinationsIn(linesOf(rules)));
    const addresses = neighboursOf(probed, translated, ground.picture);
    const sending = { packets, picture: ground.picture, addresses, rules };
    const verdicts = await runAll(probed, ground, sending);
    const failed = verdicts.filter(({ isGood }) => !isGood);
    const notes = [...new Set([...state.missing, ...verdicts.flatMap((verdict) => verdict.notes)])];
    if (failed.length === 0) return { passed: tests.length, notes };
    throw await failureOf(failed, tests.length, intent, sending);
  } catch (error) {
    throw asTestFailure(error, intent);
  }
}

async function runAll(probed: readonly ProbedTest[], ground: Ground, sending: Sending): Promise<Verdict[]> {
  const isAlone = linesOf(sending.rules ?? { saved: { ipv4: '', ipv6: '' }, changes: [] }).some(
    (line) => oddRuleOf(line) !== null,
  );
  const verdicts = probed.flatMap((one) => (one.reason === null ? [] : [inconclusive(one, one.reason)]));
  for (const batch of batchesOf(probed, isAlone))
    verdicts.push(...(await runBatch(batch, isAlone, ground, sending)));
  return verdicts.toSorted((one, other) => probed.indexOf(one.of) - probed.indexOf(other.of));
}

async function runBatch(
  batch: readonly (ProbedTest & { probe: Probe })[],
  isAlone: boolean,
  ground: Ground,
  sending: Sending,
): Promise<Verdict[]> {
  const probes = batch.map(({ probe }) => probe);
  const direct = directProbes(batch);
  const [bare, real] = await Promise.all([
    sendPackets([...probes, ...direct.values()], { ...sending, rules: null }),
    sendPackets(probes, sending, { isMetered: isAlone }),
  ]);
  const known = await withoutDiscovery(batch, real, sending);
  return batch.map((one) => {
    const lost = lostWithoutRules(one, bare, direct);
    if (lost) return inconclusive(one, whyLost(one, ground));
    const other = otherSource(one.probe, bare);
    if (other !== null)
      return inconclusive(one, `what is sent from ${one.probe.from} comes from ${other} even with no rules`);
    return judgeTest(one, real, known.get(one.probe.number) ?? null);
  });
}

/** Whether the packet is lost with no rules at all, or its way to where it is to be sent on. */
function lostWithoutRules(
  { probe }: ProbedTest & { probe: Probe },
  bare: Sent,
  direct: ReadonlyMap<number, Probe>,
) {
  const arrives = (number: number | undefined) =>
    number === undefined || bare.fates.get(number)?.kind === 'accept';
  const opening = bare.openings.get(probe.number);
  return (
    !arrives(probe.number) ||
    !arrives(direct.get(probe.number)?.number) ||
    (opening !== undefined && opening.kind !== 'accept')
  );
}

/**
 * Where rules drop the discovery of neighbours, a packet does not even come to them. Whether they would drop it, too, is seen where
 * neighbours are known.
 */
async function withoutDiscovery(
  batch: readonly (ProbedTest & { probe: Probe })[],
  real: Sent,
  sending: Sending,
): Promise<Map<number, Sent>> {
  const hidden = batch.filter(
    ({ probe }) =>
      probe.family === 'ipv6' &&
      real.fates.get(probe.number)?.kind !== 'accept' &&
      [probe.sender, ...probe.listeners.map(({ place }) => place)].some(
        (place) => place !== null && real.unresolved.has(place),
      ),
  );
  if (hidden.length === 0) return new Map();
  const sent = await sendPackets(
    hidden.map(({ probe }) => probe),
    sending,
    { isKnown: true },
  );
  return new Map(hidden.map(({ probe }) => [probe.number, sent]));
}

async function failureOf(
  failed: readonly Verdict[],
  count: number,
  intent: Intent,
  sending: Sending,
): Promise<JobFailure> {
  const tests: FailedTest[] = [];
  for (const { of, got, expected, fate } of failed) {
    const { probe, direction, test } = of;
    const isDecided = fate !== null && probe !== null && tests.length < MOST_DECIDED;
    const reason = `it decides the test "${test.name}": expected ${expected}, got ${got}`;
    const lines = isDecided
      ? await decidingLines({ probe, direction, fate, expected: of.expected, reason }, intent, sending)
      : [];
    tests.push({ name: test.name, expected, got, lines });
  }
  const wrong = failed.filter(({ fate }) => fate !== null).length;
  const code = wrong > 0 ? 'test_failed' : 'test_inconclusive';
  const [first] = tests;
  const how = wrong > 0 ? 'did not come out as they have to' : 'could not be tried';
  const message = `${failed.length} of ${count} test${count === 1 ? '' : 's'} of ruleset ${intent.label} ${how}: "${first?.name}": expected ${first?.expected}, got ${first?.got}`;
  const lines = tests
    .flatMap((test) => test.lines)
    .flatMap(({ line, ...rest }) => (line === null ? [] : [{ ...rest, line }]));
  return code === 'test_failed'
    ? new JobFailure('rehearse', 'test_failed', message, { lines, tests })
    : new JobFailure('rehearse', 'test_inconclusive', message, { lines, tests });
}

/** Why packets cannot be tried at all; `null`: the error is another. */
export function whyUntried(error: unknown): string | null {
  if (error instanceof PacketsUnavailable) return error.message;
  return error instanceof RestoreFailed
    ? `what is live on this host cannot be made in a rehearsal: ${error.message}`
    : null;
}

/** What keeps packets from being tried at all proves nothing of the rules. */
function asTestFailure(error: unknown, { label }: Intent): unknown {
  const why = whyUntried(error);
  if (why === null) return error;
  return new JobFailure(
    'rehearse',
    'test_inconclusive',
    `the tests of ruleset ${label} cannot be run: ${why}`,
    {
      cause: error,
    },
  );
}
