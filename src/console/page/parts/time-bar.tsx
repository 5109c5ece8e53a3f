import { useEffect, useState } from 'preact/hooks';
import type { Source } from '../../api.ts';
import { setQuery } from '../state/navigation.ts';
import { fromField, sayTime, toField } from '../text/times.ts';

const STEP = 60_000;
const DAYS_30 = 30 * 24 * 60 * STEP;

/** What was the case at a time: a field, and a slider over all that the log has. Both are in UTC, as all times of the page. */
export function TimeBar({ at, source }: { at: string | undefined; source: Source | null }) {
  // It stands still while somebody chooses.
  const [now, setNow] = useState(Date.now);
  const shown = at === undefined ? now : Date.parse(at);
  const [slid, setSlid] = useState<number | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  // What was typed or slid to has become the time, or is given up.
  useEffect(() => {
    setSlid(null);
    setTyped(null);
    setNow(Date.now());
  }, [at]);
  const from = source?.from ? Date.parse(source.from) : now - DAYS_30;
  const value = slid ?? shown;
  const say = (time: number) => `${sayTime(new Date(time).toISOString())} UTC`;
  const submit = (event: Event) => {
    event.preventDefault();
    const time = fromField(typed ?? toField(value));
    if (time !== null) setQuery({ at: time });
  };
  return (
    <details className="time" open={at !== undefined} onToggle={() => setNow(Date.now())}>
      <summary>Time: {at === undefined ? 'now' : say(shown)}</summary>
      <form onSubmit={submit}>
        <div className="field">
          <label for="at">As it was at (UTC)</label>
          <input
            id="at"
            type="datetime-local"
            step={1}
            min={toField(from)}
            max={toField(now)}
            value={typed ?? toField(value)}
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
            value={value}
            aria-valuetext={say(value)}
            onInput={({ currentTarget }) => {
              setTyped(null);
              setSlid(Number(currentTarget.value));
            }}
            onChange={({ currentTarget }) => {
              const time = Number(currentTarget.value);
              setQuery({
                at: time > now - STEP ? undefined : (fromField(toField(time)) ?? undefined),
              });
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
    </details>
  );
}
