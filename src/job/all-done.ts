/** Waits until all have ended, so that none goes on behind the caller's back. @throws what the first of the list failed with */
export async function allDone<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> | T[K] }],
): Promise<T> {
  const settled: PromiseSettledResult<unknown>[] = await Promise.allSettled(work);
  const values: unknown[] = [];
  for (const result of settled) {
    if (result.status === 'rejected') throw result.reason;
    values.push(result.value);
  }
  return values as unknown as T;
}
