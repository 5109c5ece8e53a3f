import type { ComponentChildren } from 'preact';
import type { HostRow } from '../../api/hosts.ts';
import { isUnready, sayUnready } from '../fleet/host-words.ts';
import { eventPath } from '../state/address.ts';
import { withTime } from '../state/navigation.ts';
import { sayAgo } from '../text/times.ts';
import { Link, Text, Time } from './text.tsx';

export function HostFacts({ host, now }: { host: HostRow; now: number }) {
  const { hostId, groups, backend, iptables, kernel, version, lastSeen, pending, running, lastFailure } =
    host;
  return (
    <dl className="facts">
      <Fact name="Groups">
        {groups.length === 0 && 'none'}
        {groups.map((group) => (
          <Link key={group} to={withTime('/fleet', { group })} className="tag">
            <Text of={group} />
          </Link>
        ))}
      </Fact>
      <Fact name="Last seen">
        <Time at={lastSeen} /> UTC, {sayAgo(Date.parse(lastSeen), now)}
      </Fact>
      {isUnready(host) && (
        <Fact name="Would fail its jobs">
          <Text of={sayUnready(host).join('; ')} />
        </Fact>
      )}
      {pending !== null && (
        <Fact name="Waits for confirm">
          <Text of={pending} />
        </Fact>
      )}
      {running !== null && (
        <Fact name="Runs">
          <Text of={running} />
        </Fact>
      )}
      <Fact name="Last failure">
        {lastFailure === null ? (
          'none is known'
        ) : (
          <Link to={withTime(eventPath(lastFailure.event))}>
            <Text of={lastFailure.code} /> of <Text of={lastFailure.what} />, <Time at={lastFailure.at} />
          </Link>
        )}
      </Fact>
      <Fact name="iptables">
        <Text of={`${iptables} (${backend})`} />
      </Fact>
      <Fact name="fleetwall">
        <Text of={version} />
      </Fact>
      <Fact name="Kernel">
        <Text of={kernel} />
      </Fact>
      <Fact name="Events">
        <Link to={withTime('/events', { host: hostId })}>Events of this host</Link>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
