import { randomUUID } from 'node:crypto';
import { cloudEvent, hostSource } from '../../contract/events/cloud-event.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { totalOf } from '../../list/summary.ts';
import type { StoredList } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import type { ListDifference } from './compare-list.ts';

/** The most entries that are named one by one. */
const MOST_NAMED = 100;

/** Entries that are live and not on record, and the other way round; sorted, as the kernel has them in any order. */
export interface ListDrift {
  added: string[];
  removed: string[];
}

export function driftOf({ content }: StoredList, { isBroken, changes }: ListDifference): ListDrift {
  if (isBroken) return { added: [], removed: [...content.keys()] };
  const texts = (isMore: boolean) =>
    changes
      .filter(({ after }) => (after === undefined) === isMore)
      .map(({ text }) => text)
      // The kernel's order is another after each growth of a set.
      .toSorted();
  return { added: texts(true), removed: texts(false) };
}

/** As for rulesets: each time is a new event. Who made it, the kernel does not tell. */
export function listDriftEvent(
  type: 'fleetwall.drift.detected' | 'fleetwall.drift.repaired',
  { record }: StoredList,
  { added, removed }: ListDrift,
  { identity: { hostId }, facts }: Pick<Ports, 'identity' | 'facts'>,
  gaveUp = false,
): FleetEvent {
  const { name, revision } = record;
  const truncated = added.length > MOST_NAMED || removed.length > MOST_NAMED;
  return {
    ...cloudEvent(hostSource(hostId), randomUUID()),
    type,
    data: {
      hostId,
      worker: facts,
      list: { name, revision },
      diff: {
        added: added.length,
        removed: removed.length,
        unchanged: Math.max(0, totalOf(record) - removed.length),
        tables: [],
      },
      entries: { added: added.slice(0, MOST_NAMED), removed: removed.slice(0, MOST_NAMED), truncated },
      by: null,
      ...(gaveUp ? { gaveUp } : {}),
    },
  };
}
