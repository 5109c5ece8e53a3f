import { useEffect, useState } from 'preact/hooks';
import type { EventRow } from '../../api.ts';
import { EventFilters } from '../parts/event-filters.tsx';
import { Announce } from '../parts/fields.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Badge, HostLink, Link, RolloutLink, Text, Wait } from '../parts/text.tsx';
import { eventPath, type Query } from '../state/address.ts';
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
    cell: ({ hostId, rolloutId }) => {
      if (hostId !== null) return <HostLink id={hostId} />;
      return rolloutId === null ? '-' : <RolloutLink id={rolloutId} />;
    },
  },
  { id: 'type', head: 'Type', cell: ({ type }) => <Text of={sayType(type)} /> },
  {
    id: 'outcome',
    head: 'Outcome',
    cell: ({ outcome }) => (outcome === null ? '-' : <Badge word={outcome} />),
  },
  {
    id: 'says',
    head: 'What happened',
    cell: ({ says }) => <Text of={says} />,
  },
];

/** The log as it grows. Who has scrolled down, or has paused it, keeps what is looked at; what comes then waits. */
export function EventsView({ query }: { query: Query }) {
  const [isPaused, setPaused] = useState(false);
  const isScrolled = useScrolled();
  const { tail, problem, askOlder, showWaiting } = useEvents(query, isPaused || isScrolled);
  const isAtTime = query['at'] !== undefined;
  const waiting = tail?.waiting.length ?? 0;
  const resume = () => {
    setPaused(false);
    showWaiting();
    scrollTo(0, 0);
  };
  const says =
    tail === null ? '' : `${plural(tail.shown.length, 'event')}${tail.hasOlder ? ' and older ones' : ''}`;

  return (
    <>
      <h1>Events</h1>
      <EventFilters query={query} />
      <div className="found tail">
        {!isAtTime && (
          <button type="button" onClick={isPaused ? resume : () => setPaused(true)}>
            {isPaused ? 'Resume' : 'Pause'}
          </button>
        )}
        <strong>{says}</strong>
        {(isPaused || waiting > 0) && <Waiting count={waiting} isPaused={isPaused} onShow={resume} />}
        {(tail?.skipped ?? 0) > 0 && (
          <span className="quiet">
            {sayNumber(tail?.skipped ?? 0)} came too fast to show;{' '}
            <button type="button" onClick={resume}>
              read them from the log
            </button>
          </span>
        )}
      </div>
      <Announce says={says} after={JSON.stringify(query)} />
      {tail === null ? (
        <Wait problem={problem} />
      ) : (
        <>
          {problem !== null && <Wait problem={problem} />}
          <Table
            name="events"
            label="Events, the newest first"
            rows={tail.shown}
            keyOf={({ offset }) => String(offset)}
            columns={COLUMNS}
          />
          {tail.shown.length === 0 && <p className="quiet">No event is like that{isAtTime ? '' : ' yet'}.</p>}
          {tail.hasOlder && (
            <button type="button" onClick={askOlder}>
              Older events
            </button>
          )}
        </>
      )}
    </>
  );
}

function Waiting({ count, isPaused, onShow }: { count: number; isPaused: boolean; onShow: () => void }) {
  return (
    <span className="waiting">
      {isPaused ? 'Paused: ' : ''}
      {plural(count, 'new event')} {count === 1 ? 'waits' : 'wait'}
      {!isPaused && (
        <>
          {' '}
          <button type="button" onClick={onShow}>
            Show
          </button>
        </>
      )}
    </span>
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
