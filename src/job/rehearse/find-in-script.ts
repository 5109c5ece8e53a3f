import { type TrialLine, withoutLines } from '../../ruleset/trial/trial.ts';
import type { Attempt, Refusal, Refusals, Verdict } from './verdict.ts';

/**
 * Finds the failing commands, one after the other. A command depends on all commands before it, so each is shown by the
 * definition: the text before it is taken, and with it is refused.
 */
export async function findInScript(
  lines: readonly TrialLine[],
  first: Verdict,
  attempt: Attempt,
  mayGoOn: (found: number) => boolean,
): Promise<Refusals> {
  const refusals: Refusal[] = [];
  let rest = lines;
  for (let verdict: Verdict | null = first; verdict !== null; verdict = await attempt(rest)) {
    const next = mayGoOn(refusals.length) ? await nextRefused(rest, verdict, attempt) : null;
    if (next === null) return { refusals, isAll: false };
    refusals.push(next);
    rest = withoutLines(rest, [next.line]);
  }
  return { refusals, isAll: true };
}

/** Finds the next failing line. Tries first the line that iptables named, and searches if that is not the one. */
async function nextRefused(
  lines: readonly TrialLine[],
  { named }: Verdict,
  attempt: Attempt,
): Promise<Refusal | null> {
  const place = lines.findIndex((line) => line === named[0]?.line);
  if (place !== -1 && (await attempt(lines.slice(0, place))) === null) {
    const verdict = await attempt(lines.slice(0, place + 1));
    const line = lines[place];
    if (verdict !== null && line !== undefined) return { line, verdict };
  }
  return await firstRefused(lines, 0, attempt);
}

/**
 * Finds the first failing line by halving: the text before it is taken, and with it is refused.
 *
 * @param taken how many lines from the start are known to be taken
 */
export async function firstRefused(
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
