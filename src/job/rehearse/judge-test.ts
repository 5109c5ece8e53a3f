import type { Expectation } from '../../contract/jobs/ruleset-test.ts';
import type { Fate } from '../../ruleset/trial/packets.ts';
import type { ProbedTest } from './resolve-tests.ts';
import type { Sent } from './send-packets.ts';

/** How a test came out. */
export interface Verdict {
  of: ProbedTest;
  isGood: boolean;
  expected: string;
  got: string;
  /** `null`: what becomes of the packet cannot be said. */
  fate: Fate | null;
  notes: string[];
}

export function inconclusive(of: ProbedTest, why: string): Verdict {
  return { of, isGood: false, expected: of.test.expect, got: `inconclusive: ${why}`, fate: null, notes: [] };
}

/**
 * @param known what became of it where neighbours need not be discovered, if that was tried
 */
export function judgeTest(of: ProbedTest, sent: Sent, known: Sent | null): Verdict {
  const { probe, expected, test } = of;
  const number = probe?.number ?? -1;
  const opening = sent.openings.get(number);
  if (opening !== undefined && opening.kind !== 'accept' && opening.kind !== 'dnat')
    return inconclusive(of, 'its flow cannot be opened, even with an open filter');
  const untriable = sent.met.find(({ isUntriable }) => isUntriable);
  if (untriable !== undefined)
    return inconclusive(
      of,
      `it meets a rule that asks for what a rehearsal has not (-m ${untriable.match}): ${quoted(untriable.text)}`,
    );
  const fate = sent.fates.get(number);
  if (fate === undefined || sent.unsent.has(number)) return inconclusive(of, 'it was not sent');
  const notes = sent.met.map(
    ({ match, text }) => `the test "${test.name}" depends on a rule with -m ${match}: ${quoted(text)}`,
  );
  const verdict = { of, expected: test.expect, notes };
  if (known !== null) return judgeHidden(of, known.fates.get(number), verdict);
  return { ...verdict, isGood: isMet(expected, fate, of), got: describeFate(fate), fate };
}

/** Nobody finds the host, or it finds nobody: only a `drop` that the rules would do anyway is as it has to be. */
function judgeHidden(
  { expected }: ProbedTest,
  fate: Fate | undefined,
  verdict: Pick<Verdict, 'of' | 'expected' | 'notes'>,
): Verdict {
  if (expected.kind === 'drop' && fate?.kind === 'drop')
    return { ...verdict, isGood: true, got: 'drop', fate };
  const got =
    'drop: the rules drop the discovery of neighbours (ICMPv6 types 135 and 136), without which no packet finds its way';
  return { ...verdict, isGood: false, got, fate: { kind: 'drop' } };
}

function isMet(expected: Expectation, fate: Fate, { probe }: ProbedTest): boolean {
  if (expected.kind === 'reject')
    return fate.kind === 'reject' && (expected.with === null || expected.with === fate.with);
  if (expected.kind !== 'dnat') return fate.kind === expected.kind;
  const at = fate.kind === 'dnat' ? fate : { address: probe?.to, port: probe?.port };
  if (fate.kind !== 'dnat' && fate.kind !== 'accept') return false;
  return at.address === expected.address && (expected.port === null || at.port === expected.port);
}

export function describeFate(fate: Fate): string {
  switch (fate.kind) {
    case 'accept':
    case 'drop':
      return fate.kind;
    case 'reject':
      return `reject:${fate.with}`;
    case 'no-answer':
    case 'lost-answer':
      return 'no answer: the packet arrives, and its answer is lost';
    case 'dnat':
      return fate.address.includes(':')
        ? `dnat:[${fate.address}]:${fate.port}`
        : `dnat:${fate.address}:${fate.port}`;
  }
}

/** What stands in quotes is left out of an event where no rule texts may leave the host. */
function quoted(text: string): string {
  return `"${text.replace(/["'`]/g, '')}"`;
}
