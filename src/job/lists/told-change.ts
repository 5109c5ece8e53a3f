import type { Diff } from '../../contract/events/event.ts';
import type { ListEnd, PendingList } from '../ports/lists.ts';

/** What is told of a change that waits to be confirmed. */
export function awaitingOf({ jobs, after }: PendingList, window: NonNullable<PendingList['window']>) {
  const [first] = jobs;
  if (first === undefined) throw new Error('nobody has asked for the change');
  const { job, origin, end } = first;
  return { job, origin, list: { name: after.name, revision: after.revision }, diff: diffOf(end), window };
}

export function diffOf({ counts: { added, removed, entries } }: ListEnd): Diff {
  return { added, removed, unchanged: Math.max(0, entries - added), tables: [] };
}
