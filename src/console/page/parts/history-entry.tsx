import { useState } from 'preact/hooks';
import type { EventAnswer, EventRow } from '../../api/events.ts';
import { eventPath } from '../state/address.ts';
import { useAnswer } from '../state/hooks.ts';
import { withTime } from '../state/navigation.ts';
import { sayType } from '../text/words.ts';
import { EventDetail } from './event-detail.tsx';
import { Badge, Beginning, Link, Time, Wait } from './text.tsx';

/** An event of a host in a line; opened, with all that it changed. That is asked for only then. */
export function HistoryEntry({ event, isOpen = false }: { event: EventRow; isOpen?: boolean }) {
  const [wasOpened, setOpened] = useState(isOpen);
  const { value, problem } = useAnswer<EventAnswer>(wasOpened ? `/api/events/${event.offset}` : null);
  return (
    <details
      className="entry"
      open={isOpen}
      onToggle={({ currentTarget }) => currentTarget.open && setOpened(true)}
    >
      <summary>
        <Time at={event.time} /> <What of={event} /> <Beginning of={event.says} />
      </summary>
      {wasOpened && (value === null ? <Wait problem={problem} /> : <EventDetail event={value.event} />)}
      <p>
        <Link to={withTime(eventPath(event.offset))}>The whole event {event.offset}</Link>
      </p>
    </details>
  );
}

function What({ of: { type, outcome } }: { of: EventRow }) {
  if (outcome !== null) return <Badge word={outcome} />;
  if (type === 'fleetwall.drift.detected') return <Badge word="drifted" />;
  return <>{sayType(type)}</>;
}
