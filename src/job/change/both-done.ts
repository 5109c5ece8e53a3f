/** Waits until both have ended, so that none goes on behind the caller's back. @throws what the first failed with, or else the second */
export async function bothDone<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
