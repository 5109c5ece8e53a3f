import type { HostAnswer } from '../../api/hosts.ts';
import { sayDuration } from '../text/times.ts';
import { plural } from '../text/words.ts';
import { Text, Time } from './text.tsx';

/** The last heartbeats on a strip of time, and in words when nothing was heard. */
export function Beats({ answer: { beats, gaps }, now }: { answer: HostAnswer; now: number }) {
  const times = beats.map((time) => Date.parse(time));
  const [first] = times;
  const length = first === undefined ? 0 : Math.max(1, now - first);
  return (
    <>
      {first === undefined ? (
        <p>No heartbeat was heard of it.</p>
      ) : (
        <>
          <div
            className="strip"
            role="img"
            aria-label={`${plural(beats.length, 'heartbeat')} since ${beats[0]}`}
          >
            {times.map((time) => (
              <i key={time} style={{ left: `${((time - first) / length) * 100}%` }} />
            ))}
          </div>
          <p className="ends">
            <Time at={beats[0] ?? ''} />
            <span>{plural(beats.length, 'heartbeat')}</span>
            <Time at={new Date(now).toISOString()} />
          </p>
        </>
      )}
      {gaps.length === 0 ? (
        <p>No gaps.</p>
      ) : (
        <ul className="plain">
          {gaps.map(({ from, until }) => (
            <li key={from}>
              Nothing was heard from <Time at={from} />
              {until === null ? ' on: ' : ' to '}
              {until === null ? (
                <strong>it is still silent, for {sayDuration((now - Date.parse(from)) / 1_000)}</strong>
              ) : (
                <>
                  <Time at={until} /> (
                  <Text of={sayDuration((Date.parse(until) - Date.parse(from)) / 1_000)} />)
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
