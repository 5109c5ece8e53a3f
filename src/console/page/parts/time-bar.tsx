import { useEffect, useState } from 'preact/hooks';
import { setQuery } from '../state/navigation.ts';
import { fromField, sayTime, toField } from '../text/times.ts';

const STEP = 60_000;
const DAYS_30 = 30 * 24 * 60 * STEP;

interface Times {
  /** The time that is looked at; `undefined`: now. */
  at: string | undefined;
  /** The time of the oldest event that is known. */
  oldest: string | null;
}

/** What was the case at a time: a field, and a slider over all that the log has. Both are in UTC, as all times of the page. */
export function TimeBar({ at, oldest }: Times) {
  const [isOpen, setOpen] = useState(at !== undefined);
  useEffect(() => setOpen(at !== undefined), [at]);
  return (
    <details className="time" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Time: {at === undefined ? 'now' : say(Date.parse(at))}</summary>
      {isOpen && <TimeForm at={at} oldest={oldest} />}
    </details>
  );
}

function TimeForm({ at, oldest }: Times) {
  // It stands still while somebody chooses.
  const [now] = useState(Date.now);
  const looked = at === undefined ? now : Date.parse(at);
  const [slid, setSlid] = useState(looked);
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => {
    setSlid(looked);
    setTyped(null);
  }, [looked]);
  const from = oldest === null ? now - DAYS_30 : Date.parse(oldest);
  const goTo = (time: string | null) => time !== null && setQuery({ at: time });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        goTo(fromField(typed ?? toField(slid)));
      }}
    >
      <div className="field">
        <label for="at">As it was at (UTC)</label>
        <input
          id="at"
          type="datetime-local"
          step={1}
          min={toField(from)}
          max={toField(now)}
          value={typed ?? toField(slid)}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </div>
      <div className="field slider">
        <label for="slider">From {say(from).slice(0, 16)} to now</label>
        <input
          id="slider"
          type="range"
          min={from}
          max={now}
          step={STEP}
          value={slid}
          aria-valuetext={say(slid)}
          onInput={({ currentTarget }) => {
            setTyped(null);
            setSlid(Number(currentTarget.value));
          }}
          onChange={({ currentTarget }) => {
            const time = Number(currentTarget.value);
            if (time > now - STEP) setQuery({ at: undefined });
            else goTo(fromField(toField(time)));
          }}
        />
      </div>
      <button type="submit">Show</button>
      {at !== undefined && (
        <button type="button" onClick={() => setQuery({ at: undefined })}>
          Now
        </button>
      )}
    </form>
  );
}

function say(time: number): string {
  return `${sayTime(new Date(time).toISOString())} UTC`;
}
