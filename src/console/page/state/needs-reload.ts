import type { Source } from '../../api/live.ts';

/** Whether what the page has is of no use any more: the server is another one, or has only now read the whole log. */
export function needsReload(before: Source | null, now: Source): boolean {
  if (before === null) return false;
  return before.boot !== now.boot || (before.reading !== null && now.reading === null);
}
