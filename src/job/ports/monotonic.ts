/**
 * Milliseconds of the clock that runs since the host was started: nobody can set it, and all processes of the host read
 * the same (CLOCK_MONOTONIC, clock_gettime(2)).
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
