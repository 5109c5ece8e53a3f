/**
 * Returns the milliseconds since the host started. Nobody can set this clock, and all processes of the host read the same value
 * (CLOCK_MONOTONIC, clock_gettime(2)).
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
