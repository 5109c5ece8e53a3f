import { isSkeleton, type TrialLine, withoutLines } from '../../ruleset/trial/trial.ts';
import { findInScript, firstRefused } from './find-in-script.ts';
import { findRule } from './find-rule.ts';
import type { Attempt, Refusal, Refusals, Verdict } from './verdict.ts';

/** The most failing lines that are looked for. Nobody mends more at a time. */
const MOST = 200;
/**
 * After the first 20 failing lines, the search goes on only until 1,000,000 lines were tried in all. It must not take for ever.
 */
const FIRST = 20;
const MOST_TRIED = 1_000_000;

/**
 * Finds the failing lines of a table that was refused. A line fails if the text before it is taken, and with it is refused. A
 * failing line is left out, and the search goes on with the rest.
 *
 * More rules never make a refused text acceptable. So two things prove the result:
 * 1. All lines without the failing ones are taken. So is each text that ends before a failing line.
 * 2. The jumps before a failing line are taken, and with the line they are refused. So all text up to that line is refused,
 *    too. What ends a chain before the line is one of them: legacy does not look at what stands behind.
 *
 * iptables names a line, or halving finds one: both are only hints until 2 holds.
 *
 * @returns no refusals if no line is to blame: the empty table is refused already, or all lines are taken now
 */
export async function findRefused(
  lines: readonly TrialLine[],
  first: Verdict,
  attempt: Attempt,
): Promise<Refusals> {
  let tried = 0;
  const counted: Attempt = async (some) => {
    tried += some.length;
    return await attempt(some);
  };
  const mayGoOn = (found: number) => found < FIRST || (found < MOST && tried < MOST_TRIED);
  return lines.some(({ kind }) => kind === 'command')
    ? await findInScript(lines, first, counted, mayGoOn)
    : await findInList(lines, first, counted, mayGoOn);
}

async function findInList(
  lines: readonly TrialLine[],
  first: Verdict,
  attempt: Attempt,
  mayGoOn: (found: number) => boolean,
): Promise<Refusals> {
  let found: Refusal[] = [];
  let verdict: Verdict | null = first;
  while (verdict !== null && mayGoOn(found.length)) {
    const next = await findSome(without(lines, found), verdict, attempt);
    if (next.length === 0) break;
    found = await stillShown(lines, found, next, attempt);
    verdict = await attempt(without(lines, found));
  }
  const places = placesOf(lines);
  const inOrder = found.toSorted((a, b) => placeOf(a, places) - placeOf(b, places));
  const refusals = verdict === null ? inOrder : await withEarlier(lines, inOrder, attempt);
  return { refusals, isAll: verdict === null };
}

function without(lines: readonly TrialLine[], refusals: readonly Refusal[]): readonly TrialLine[] {
  return withoutLines(
    lines,
    refusals.map(({ line }) => line),
  );
}

function placesOf(lines: readonly TrialLine[]): Map<TrialLine, number> {
  return new Map(lines.map((line, index) => [line, index]));
}

function placeOf({ line }: Refusal, places: ReadonlyMap<TrialLine, number>): number {
  return places.get(line) ?? 0;
}

/**
 * Checks the earlier refusals again after a failing jump was found. Lines behind the jump may have been refused only because of
 * it.
 */
async function stillShown(
  lines: readonly TrialLine[],
  before: readonly Refusal[],
  next: readonly Refusal[],
  attempt: Attempt,
): Promise<Refusal[]> {
  const jump = next.find(({ line }) => isSkeleton(line))?.line;
  if (jump === undefined) return [...before, ...next];
  const place = lines.indexOf(jump);
  const kept: Refusal[] = [];
  for (const refusal of before) {
    const others = [...before, ...next].filter((other) => other !== refusal);
    const inDoubt = lines.indexOf(refusal.line) > place;
    if (!inDoubt || (await show(without(lines, others), refusal.line, attempt)) !== null) kept.push(refusal);
  }
  return [...kept, ...next];
}

/** Looks for failing lines before the first one. Called when the search was given up and there may be some. */
async function withEarlier(
  lines: readonly TrialLine[],
  found: Refusal[],
  attempt: Attempt,
): Promise<Refusal[]> {
  const [first] = found;
  const earlier = first === undefined ? [] : lines.slice(0, lines.indexOf(first.line));
  const verdict = earlier.length === 0 ? null : await attempt(earlier);
  if (verdict === null) return found;
  const more = await findInList(earlier, verdict, attempt, (count) => count < FIRST);
  return [...more.refusals, ...found];
}

async function findSome(lines: readonly TrialLine[], verdict: Verdict, attempt: Attempt): Promise<Refusal[]> {
  const shown: Refusal[] = [];
  for (const line of new Set(verdict.named.map((named) => named.line))) {
    const alone = await show(without(lines, shown), line, attempt);
    if (alone !== null) shown.push({ line, verdict: alone });
  }
  if (shown.length > 0) return shown;
  const one = await search(lines, attempt);
  return one === null ? [] : [one];
}

/**
 * Tries a line with only the jumps before it. Returns the verdict on the line; `null` if it is taken, or those jumps are refused
 * without it.
 */
async function show(lines: readonly TrialLine[], line: TrialLine, attempt: Attempt): Promise<Verdict | null> {
  const before = lines.slice(0, lines.indexOf(line)).filter(isSkeleton);
  const alone = await attempt([...before, line]);
  if (alone === null) return null;
  return before.some(({ kind }) => kind === 'jump') && (await attempt(before)) !== null ? null : alone;
}

async function search(lines: readonly TrialLine[], attempt: Attempt): Promise<Refusal | null> {
  const skeleton = lines.filter(isSkeleton);
  if ((await attempt(skeleton)) !== null) {
    return (await attempt([])) === null ? await firstRefused(skeleton, 0, attempt) : null;
  }
  const rule = await findRule(lines, attempt);
  if (rule === undefined) return await firstRefused(lines, 0, attempt);
  const before = [...lines.slice(0, lines.indexOf(rule)).filter(isSkeleton), rule];
  const alone = await attempt(before);
  if (alone !== null) return { line: rule, verdict: alone };
  if ((await attempt(lines.filter((line) => isSkeleton(line) || line === rule))) === null) {
    return await firstRefused(lines, 0, attempt);
  }
  // The rule is taken where it stands. A jump behind it makes it reachable from a chain where the kernel refuses it. That jump is
  // the failing line.
  const behind = lines.slice(lines.indexOf(rule) + 1).filter(isSkeleton);
  return await firstRefused([...before, ...behind], before.length, attempt);
}
