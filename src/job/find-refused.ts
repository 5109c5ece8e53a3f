import { type TrialLine, withoutLines } from '../ruleset/trial.ts';
import type { RestoreFault } from './restore-fault.ts';

/** What iptables said of some lines that it refused together. */
export interface Verdict {
  fault: RestoreFault;
  /** The lines that it named: a hint, and no more. */
  named: { line: TrialLine; reason: string }[];
}

/** Tries lines of one table together; `null` if they are taken. */
export type Attempt = (lines: readonly TrialLine[]) => Promise<Verdict | null>;

/** A line that is shown to be a failing one. */
export interface Refusal {
  line: TrialLine;
  /** What was said of it alone. */
  verdict: Verdict;
}

/** What was found of a table: `isAll` unless it was given up to look for more. */
export interface Refusals {
  refusals: Refusal[];
  isAll: boolean;
}

/** Nobody mends more lines at a time … */
const MOST = 200;
/** … and to count them must not take for ever: so many lines are tried in all, beside those of the first twenty. */
const FIRST = 20;
const MOST_TRIED = 1_000_000;

/**
 * Finds the failing lines of a table that was refused. The failing line is the first at which the text up to and
 * including it is refused; it is left out, and the next is looked for.
 *
 * Shown it is like this: more rules never make a refused text acceptable, so
 * 1. all lines without the failing ones are taken, and so is each text that ends before a failing one;
 * 2. the jumps before a line are taken, and with the line they are refused: so is all text up to that line.
 * A line is a candidate because iptables names it, or by halving; both are hints until 2 holds.
 *
 * @returns no refusals if no line is to blame: the empty table is refused already, or all is taken now
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

/** What a command does depends on all before it: so it is shown by the definition, one after the other. */
async function findInScript(
  lines: readonly TrialLine[],
  first: Verdict,
  attempt: Attempt,
  mayGoOn: (found: number) => boolean,
): Promise<Refusals> {
  const refusals: Refusal[] = [];
  let rest = lines;
  for (let verdict: Verdict | null = first; verdict !== null; verdict = await attempt(rest)) {
    const next = mayGoOn(refusals.length) ? await firstRefused(rest, 0, attempt) : null;
    if (next === null) return { refusals, isAll: false };
    refusals.push(next);
    rest = withoutLines(rest, [next.line]);
  }
  return { refusals, isAll: true };
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

/** A jump that fails by itself is found: lines behind it may have been refused for its sake alone. */
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

/** There are more than were looked for: then there may be some before the first that was found. */
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

/** What is said of a line behind the jumps before it, if those are taken without it. */
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
  // Taken where it stands, refused by a jump behind it, from where it must not be reached: that jump is the failing line.
  const behind = lines.slice(lines.indexOf(rule) + 1).filter(isSkeleton);
  return await firstRefused([...before, ...behind], before.length, attempt);
}

/** How many more are tried each time. */
const GROWTH = 8;

/**
 * A rule that is refused with all jumps around it, if any is. Few suspects are tried, then more, and so on; of those that
 * are refused one half, and so on. It is begun with the rules of which there are few like them: a large ruleset mostly
 * says the same thing of many addresses, and what is wrong is something else.
 */
async function findRule(lines: readonly TrialLine[], attempt: Attempt): Promise<TrialLine | undefined> {
  const isRefused = async (some: readonly TrialLine[]) => {
    const chosen = new Set(some);
    return (await attempt(lines.filter((line) => isSkeleton(line) || chosen.has(line)))) !== null;
  };
  const all = rarestFirst(lines.filter(({ kind }) => kind === 'rule'));
  let suspects: readonly TrialLine[] = [];
  for (let from = 0, size = 1; from < all.length; from += size, size *= GROWTH) {
    suspects = all.slice(from, from + size);
    // If all others are taken, it is one of the last.
    if (from + size >= all.length || (await isRefused(suspects))) break;
  }
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    suspects = (await isRefused(half)) ? half : suspects.slice(half.length);
  }
  return suspects[0];
}

/** Rules of one shape differ in numbers and addresses only. */
function rarestFirst(rules: readonly TrialLine[]): TrialLine[] {
  const shapes = new Map<string, TrialLine[]>();
  for (const rule of rules) {
    const shape = rule.text.replace(/\b[\da-f]*[\d:.][\da-f:./]*/gi, '#');
    const others = shapes.get(shape);
    if (others === undefined) shapes.set(shape, [rule]);
    else others.push(rule);
  }
  return [...shapes.values()].toSorted((a, b) => a.length - b.length).flat();
}

/** The failing line by its very definition: the text before it is taken, and with it is refused. */
async function firstRefused(
  lines: readonly TrialLine[],
  taken: number,
  attempt: Attempt,
): Promise<Refusal | null> {
  let low = taken;
  let high = lines.length;
  let verdict = await attempt(lines);
  while (verdict !== null && high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const half = await attempt(lines.slice(0, middle));
    if (half === null) low = middle;
    else [high, verdict] = [middle, half];
  }
  const line = lines[high - 1];
  return verdict === null || line === undefined ? null : { line, verdict };
}

function isSkeleton({ kind }: TrialLine): boolean {
  return kind === 'chain' || kind === 'jump';
}
