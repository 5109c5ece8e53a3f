import type { ListKind } from './content.ts';

/** The longest that the kernel counts, in seconds. */
const LONGEST = 2_147_483;

/**
 * The kernel's timeout of an entry, in seconds; 0: none. What ends later than the kernel can count is refused without an end, or let in
 * for as long as it can: the worker sets the true one in time, and without a worker nobody is let in for longer than was meant.
 */
export function timeoutOf(until: number | null, kind: ListKind | null, nowMs: number): number {
  if (until === null) return 0;
  const seconds = Math.max(1, Math.ceil((until - nowMs) / 1000));
  if (seconds <= LONGEST) return seconds;
  return kind === 'allow' ? LONGEST : 0;
}

/** For so long the kernel may still have no timeout, or the longest, after it could count to the end: nobody watches each entry. */
const LATE_MS = 2 * 3_600_000;

/** Whether the kernel cannot count to the end of an entry, or could not a short while ago. */
export function isFarEnd(until: number | null, nowMs: number): boolean {
  return until !== null && until - nowMs > LONGEST * 1000 - LATE_MS;
}
