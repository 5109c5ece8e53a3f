/** Of more than 2^31 ms, a timer of Node makes 1 ms. This leaves room for what is waited for beside it. */
export const LONGEST_WAIT_SECONDS = 2_000_000;

/** As long as a timer can wait for; whoever waits longer looks again then. */
export const LONGEST_WAIT_MS = LONGEST_WAIT_SECONDS * 1000;

/** NaN, too, would be over at once. */
export function canWait(seconds: number): boolean {
  return seconds > 0 && seconds <= LONGEST_WAIT_SECONDS;
}

/** @returns NaN for what is not written in decimal digits: such as 1e3, it is rather a slip */
export function readDecimal(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
