/**
 * Waits until both have ended, so that neither still runs when the caller goes on.
 *
 * @throws the error of the first, or else of the second
 */
export async function bothDone<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
