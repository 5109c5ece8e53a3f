import { useEffect, useState } from 'preact/hooks';
import type { EventRow } from '../../api/events.ts';
import { EventFilters } from '../parts/event-filters.tsx';
import { Announce } from '../parts/fields.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Badge, HostLink, Link, RolloutLink, Text, Wait } from '../parts/text.tsx';
import { eventPath, type Query } from '../state/address.ts';
import { type EventTail, MOST_EVENTS } from '../state/event-tail.ts';
import { withTime } from '../state/navigation.ts';
import { useEvents } from '../state/use-events.ts';
import { sayTime } from '../text/times.ts';
import { plural, sayNumber, sayType } from '../text/words.ts';

const COLUMNS: readonly Column<EventRow>[] = [
  {
    id: 'time',
    head: 'Time (UTC)',
    cell: ({ time, offset }) => <Link to={withTime(eventPath(offset))}>{sayTime(time)}</Link>,
  },
  {
    id: 'who',
    head: 'Host or rollout',
    title: ({ hostId, rolloutId }) => hostId ?? rolloutId ?? '',
    cell: ({ hostId, rolloutId }) => {
      if (hostId !== null) return <HostLink id={hostId} />;
      return rolloutId === null ? '-' : <RolloutLink id={rolloutId} />;
    },
  },
  { id: 'type', head: 'Type', title: ({ type }) => type, cell: ({ type }) => <Text of={sayType(type)} /> },
  {
    id: 'outcome',
    head: 'Outcome',
    cell: ({ outcome }) => (outcome === null ? '-' : <Badge word={outcome} />),
  },
  {
    id: 'says',
    head: 'What happened',
    title: ({ says }) => says,
    cell: ({ says }) => <Text of={says} />,
  },
];

/** The log as it grows. Who has scrolled down, or has paused it, keeps what is looked at; what comes then waits. */
export function EventsView({ query }: { query: Query }) {
  const [isPaused, setPaused] = useState(false);
  const isScrolled = useScrolled();
  const { tail, problem, askOlder, showWaiting } = useEvents(query, isPaused || isScrolled);
  const isAtTime = query['at'] !== undefined;
  const resume = () => {
    setPaused(false);
    showWaiting();
    scrollTo(0, 0);
  };
  const says = tail === null ? '' : sayCount(tail);

  return (
    <>
      <h1>Events</h1>
      <EventFilters query={query} />
      <div className="found">
        {!isAtTime && (
          <button type="button" onClick={isPaused ? resume : () => setPaused(true)}>
            {isPaused ? 'Resume' : 'Pause'}
          </button>
        )}
        <strong>{says}</strong>
        {tail !== null && <Waiting tail={tail} isPaused={isPaused} onShow={resume} />}
      </div>
      <Announce says={says} after={JSON.stringify(query)} />
      {(tail === null || problem !== null) && <Wait problem={problem} />}
      {tail !== null && <Tail tail={tail} onOlder={askOlder} />}
    </>
  );
}

function sayCount({ shown, hasOlder }: EventTail): string {
  return `${plural(shown.length, 'event')}${hasOlder ? ' and older ones' : ''}`;
}

function Tail({ tail: { shown, hasOlder }, onOlder }: { tail: EventTail; onOlder: () => void }) {
  return (
    <>
      <Table
        name="events"
        label="Events, the newest first"
        rows={shown}
        keyOf={({ offset }) => String(offset)}
        columns={COLUMNS}
      />
      {shown.length === 0 && <p className="quiet">No event is like that.</p>}
      {hasOlder && shown.length < MOST_EVENTS && (
        <button type="button" onClick={onOlder}>
          Older events
        </button>
      )}
      {hasOlder && shown.length >= MOST_EVENTS && (
        <p className="quiet">There are older ones: a filter, or a time, leads to them.</p>
      )}
    </>
  );
}

function Waiting({
  tail: { waiting, skipped },
  isPaused,
  onShow,
}: {
  tail: EventTail;
  isPaused: boolean;
  onShow: () => void;
}) {
  const count = waiting.length;
  return (
    <>
      {(isPaused || count > 0) && (
        <span>
          {isPaused ? 'Paused: ' : ''}
          {plural(count, 'new event')} {count === 1 ? 'waits' : 'wait'}
        </span>
      )}
      {skipped > 0 && <span>{sayNumber(skipped)} more came too fast to keep: they are in the log</span>}
      {(count > 0 || skipped > 0) && !isPaused && (
        <button type="button" onClick={onShow}>
          Show
        </button>
      )}
    </>
  );
}

/** Whether the first row is out of sight. */
function useScrolled(): boolean {
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const look = () =>
      setScrolled((document.querySelector('.table .body')?.getBoundingClientRect().top ?? 0) < 0);
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  return isScrolled;
}
