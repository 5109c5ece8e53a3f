/** Adds items to a list. `push(...more)` takes them as arguments, of which there may not be 100,000. */
export function appendAll<T>(list: T[], more: Iterable<T>): void {
  for (const item of more) list.push(item);
}
