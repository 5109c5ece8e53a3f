/**
 * A message that has a channel of its own holds up no other; but where that channel is spoilt as well, only the next one helps. So the
 * first limits are short, and longer ones follow for a broker that is slow.
 */
const CONFIRM_ALONE = { firstMs: 2_000, longestMs: 10_000, factor: 1.5 };

/** How long to wait for the confirm of a message on a channel of its own, after so many failures, in milliseconds. */
export function limitAfter(failures: number): number {
  const { firstMs, longestMs, factor } = CONFIRM_ALONE;
  return Math.min(longestMs, firstMs * factor ** failures);
}
