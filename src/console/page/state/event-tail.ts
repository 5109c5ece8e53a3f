import type { EventRow } from '../../api/events.ts';

/** The most events that a page keeps, those that wait included. */
export const MOST_EVENTS = 5_000;

/** Events as they are shown, the newest first, and those that wait while nobody wants them to move. */
export interface EventTail {
  shown: readonly EventRow[];
  /** The newest first, too. */
  waiting: readonly EventRow[];
  /** Whether older ones can be asked for. */
  hasOlder: boolean;
  /** How many came that the server did not send: there were too many of them. */
  skipped: number;
}

export const EMPTY_TAIL: EventTail = { shown: [], waiting: [], hasOlder: false, skipped: 0 };

/** Takes in what came, the oldest first, as the server sends it. */
export function addNew(tail: EventTail, came: readonly EventRow[], isHeld: boolean): EventTail {
  const newest = tail.waiting[0] ?? tail.shown[0];
  const fresh = came.filter(({ offset }) => newest === undefined || offset > newest.offset).toReversed();
  if (fresh.length === 0) return tail;
  const waiting = [...fresh, ...tail.waiting];
  return isHeld ? trim({ ...tail, waiting }) : release({ ...tail, waiting });
}

/** What has waited is shown. */
export function release(tail: EventTail): EventTail {
  if (tail.waiting.length === 0) return tail;
  return trim({ ...tail, shown: [...tail.waiting, ...tail.shown], waiting: [] });
}

/** Takes in older ones, the newest first. */
export function addOlder(tail: EventTail, older: readonly EventRow[], hasMore: boolean): EventTail {
  const last = tail.shown.at(-1);
  const fresh = older.filter(({ offset }) => last === undefined || offset < last.offset);
  const room = Math.max(0, MOST_EVENTS - tail.shown.length - tail.waiting.length);
  return {
    ...tail,
    shown: [...tail.shown, ...fresh.slice(0, room)],
    hasOlder: hasMore || fresh.length > room,
  };
}

/** The oldest go first: they are still in the log. But what is looked at stays, and of what waits the newest half is kept at most. */
function trim(tail: EventTail): EventTail {
  const { shown, waiting } = tail;
  if (shown.length + waiting.length <= MOST_EVENTS) return tail;
  const most = Math.max(MOST_EVENTS / 2, MOST_EVENTS - shown.length);
  const kept = waiting.slice(0, most);
  const left = waiting.length - kept.length;
  return {
    shown: shown.slice(0, MOST_EVENTS - kept.length),
    waiting: kept,
    hasOlder: tail.hasOlder || shown.length > MOST_EVENTS - kept.length,
    skipped: tail.skipped + left,
  };
}
