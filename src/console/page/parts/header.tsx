import { type Address, hrefOf } from '../state/address.ts';
import { useLive } from '../state/hooks.ts';
import { live } from '../state/live.ts';
import { setQuery, withTime } from '../state/navigation.ts';
import { sayTime } from '../text/times.ts';
import { sayNumber } from '../text/words.ts';
import { Link, Text } from './text.tsx';
import { TimeBar } from './time-bar.tsx';

const VIEWS = [
  { path: '/fleet', says: 'Fleet', views: ['fleet', 'host'] },
  { path: '/rollouts', says: 'Rollouts', views: ['rollouts', 'rollout'] },
  { path: '/events', says: 'Events', views: ['events', 'event'] },
];

/** The same above every view: where one can go, at what time one looks, and whether what is shown is still true. */
export function Header({ address }: { address: Address }) {
  useLive();
  const { at } = address.query;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <div className="bar">
          <span className="brand">fleetwall</span>
          <nav aria-label="Views">
            {VIEWS.map(({ path, says, views }) => (
              <Link key={path} to={withTime(path)} isCurrent={views.includes(address.route.view)}>
                {says}
              </Link>
            ))}
          </nav>
          {live.source?.hasLogin === true && (
            <form method="post" action="/logout">
              <button type="submit">Log out</button>
            </form>
          )}
        </div>
        <div className="state-bar">
          <TimeBar at={at} oldest={live.source?.from ?? null} />
          <SourceState isAtTime={at !== undefined} />
        </div>
        {at !== undefined && (
          <p className="banner" role="status">
            <strong>As it was at {sayTime(at)} UTC.</strong> Nothing here goes on by itself.{' '}
            <a
              href={hrefOf(address.path, { ...address.query, at: undefined })}
              onClick={(event) => {
                event.preventDefault();
                setQuery({ at: undefined });
              }}
            >
              Back to now
            </a>
          </p>
        )}
      </header>
    </>
  );
}

function SourceState({ isAtTime }: { isAtTime: boolean }) {
  return (
    <div role="status" className="source-state">
      {linkTrouble()}
      {brokerState(isAtTime)}
    </div>
  );
}

function linkTrouble() {
  if (live.link !== 'lost') return null;
  const since = live.lostAt === null ? '' : ` since ${sayTime(new Date(live.lostAt).toISOString())} UTC`;
  return (
    <p className="problem">
      The server of this page cannot be reached{since}: what is shown may be old. It is tried again.
    </p>
  );
}

function brokerState(isAtTime: boolean) {
  const { source } = live;
  if (source === null) return <p className="quiet">Connecting …</p>;
  const { broker, since, why, reading } = source;
  return (
    <>
      {broker === 'away' && (
        <p className="problem">
          The broker is away since {sayTime(since)} UTC
          {why === null ? '' : ': '}
          {why !== null && <Text of={why} />}. What is shown is what was known then.
        </p>
      )}
      {reading !== null && (
        <p className="notice">
          Reading the event log: {sayNumber(reading.read)} of about {sayNumber(reading.of)} messages. What is
          shown is not complete yet.
        </p>
      )}
      {broker === 'connected' && reading === null && live.link === 'open' && (
        <p className="quiet">
          ✓ {isAtTime ? 'Connected' : 'Live: connected'} to the broker. All times are in UTC.
        </p>
      )}
    </>
  );
}
