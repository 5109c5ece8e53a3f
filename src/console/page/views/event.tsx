import { useMemo, useRef, useState } from 'preact/hooks';
import { escapeAsJson } from '../../../contract/words/escape.ts';
import type { EventAnswer } from '../../api/events.ts';
import { EventDetail } from '../parts/event-detail.tsx';
import { Wait } from '../parts/text.tsx';
import { useAnswer } from '../state/hooks.ts';

const INDENT = 2;

/** One event: what a person wants to see of it, then all of it as it is in the log. */
export function EventView({ offset }: { offset: number }) {
  const { value, problem } = useAnswer<EventAnswer>(`/api/events/${offset}`);
  return (
    <>
      <h1>Event {offset}</h1>
      {value === null ? (
        <Wait problem={problem} />
      ) : (
        <>
          <EventDetail event={value.event} />
          <Json of={value.event} />
        </>
      )}
    </>
  );
}

function Json({ of }: { of: unknown }) {
  // Line feeds between the fields are of this page; those in texts are escaped by JSON itself.
  const text = useMemo(
    () =>
      JSON.stringify(of, null, INDENT)
        .split('\n')
        .map((line) => escapeAsJson(line))
        .join('\n'),
    [of],
  );
  const box = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied.');
    } catch {
      // The browser allows it only where the page came by TLS or from this machine.
      if (box.current !== null) getSelection()?.selectAllChildren(box.current);
      setSaid('It is selected: copy it with Ctrl+C.');
    }
  };
  return (
    <section aria-labelledby="json">
      <h2 id="json">As it is in the log</h2>
      <p>
        <button type="button" onClick={() => void copy()}>
          Copy
        </button>{' '}
        <span role="status">{said}</span>
      </p>
      <pre className="json" ref={box} tabIndex={0} role="region" aria-label="The event as JSON">
        {text}
      </pre>
    </section>
  );
}
