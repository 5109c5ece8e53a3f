import { Fragment } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { escapeControl } from '../../../contract/words/escape.ts';
import type { FleetAnswer, HostRow } from '../../api/hosts.ts';
import { choicesOf, countHosts } from '../fleet/count-hosts.ts';
import { filterHosts } from '../fleet/host-filter.ts';
import { HostOrder, readSorting, writeSorting } from '../fleet/host-sort.ts';
import { CUT, type Highest, highestOf, isUnready, sayUnready } from '../fleet/host-words.ts';
import { useCounted } from '../fleet/use-counted.ts';
import { Announce } from '../parts/fields.tsx';
import { FleetFilters, SORTED_BY } from '../parts/fleet-filters.tsx';
import { HeldLists, HeldRulesets } from '../parts/held.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Badge, HostLink, Link, Text, Wait } from '../parts/text.tsx';
import { eventPath, hrefOf, type Query } from '../state/address.ts';
import { type Answer, useAnswer, useLive, useNow } from '../state/hooks.ts';
import { live } from '../state/live.ts';
import { setQuery, withTime } from '../state/navigation.ts';
import { sayAgo } from '../text/times.ts';
import { sayNumber, sayShown } from '../text/words.ts';

const NONE: readonly HostRow[] = [];

/** Every host, each in a line: which there are, how they are, and what they have. */
export function FleetView({ query }: { query: Query }) {
  const { at } = query;
  const { value: hosts, problem } = useHosts(at);
  const now = useNow(at);
  const all = hosts ?? NONE;
  const counted = useCounted(all, at ?? 'now');
  const highest = useMemo(() => highestOf(counted), [counted]);
  const counts = useMemo(() => countHosts(counted, highest, now), [counted, highest, now]);
  const choices = useMemo(() => choicesOf(counted), [counted]);
  const sorting = readSorting(query['sort']);
  const order = useMemo(() => new HostOrder(sorting), [sorting.column, sorting.isDown]);
  // In any other order rows would change their places faster than one can read.
  const placed = sorting.column === 'host' ? all : counted;
  const sorted = useMemo(() => order.sort(placed), [placed, order]);
  const shown = useMemo(() => filterHosts(sorted, query, { highest, now }), [sorted, query, highest, now]);
  const columns = useMemo(() => columnsOf(highest, now), [highest, now]);
  const says = sayShown(shown.length, all.length);

  return (
    <>
      <h1>Fleet</h1>
      <ul className="counts" aria-label="Hosts by how they are">
        {counts.map((one) => (
          <CountLink key={one.value} one={one} query={query} />
        ))}
      </ul>
      <FleetFilters query={query} choices={choices} sorting={sorting} />
      <p className="found" id="found">
        <strong>{hosts === null ? '' : says}</strong>
      </p>
      <Announce says={says} after={JSON.stringify(query)} />
      {hosts === null ? (
        <Wait problem={problem} />
      ) : (
        <Table
          name="fleet"
          label="Hosts of the fleet"
          rows={shown}
          keyOf={({ hostId }) => hostId}
          columns={columns}
          sorting={sorting}
          onSort={(next) => setQuery({ sort: writeSorting(next) })}
        />
      )}
      {hosts !== null && shown.length === 0 && <p className="quiet">No host is like that.</p>}
      <p className="quiet legend">
        Marks: ✓ in sync; ! has drifted: what is live is not what was committed; ~ ends by itself; ^6 has
        ended, and revision 6 is live again; &lt;9 is behind: another host has revision 9.
      </p>
    </>
  );
}

/** Those of now, which go on, or those of a time, which do not. */
function useHosts(at: string | undefined): Answer<readonly HostRow[]> {
  const past = useAnswer<FleetAnswer>(at === undefined ? null : hrefOf('/api/fleet', { at }));
  useLive(at !== undefined);
  useEffect(() => {
    if (at === undefined) live.want('hosts');
  }, [at]);
  if (at !== undefined) return { value: past.value?.hosts ?? null, problem: past.problem };
  return { value: live.hosts.hasSnapshot ? live.hosts.all : null, problem: live.problem };
}

function CountLink({
  one: { says, count, field, value },
  query,
}: {
  one: { says: string; count: number; field: 'state' | 'is'; value: string };
  query: Query;
}) {
  const isCurrent = query[field] === value;
  const change = { [field]: isCurrent ? undefined : value };
  return (
    <li>
      <a
        href={hrefOf('/fleet', { ...query, ...change })}
        aria-current={isCurrent ? 'true' : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          setQuery(change);
        }}
      >
        <span className="number">{sayNumber(count)}</span> {says}
      </a>
    </li>
  );
}

function columnsOf(highest: Highest, now: number): readonly Column<HostRow>[] {
  const cells: Readonly<Record<string, Column<HostRow>['cell']>> = {
    host: ({ hostId }) => <HostLink id={hostId} />,
    state: (host) => <State of={host} />,
    groups: ({ groups }) => (groups.length === 0 ? '-' : <Clip says={groups} />),
    rulesets: ({ rulesets }) => <HeldRulesets rulesets={rulesets} highest={highest} />,
    lists: ({ lists }) => <HeldLists lists={lists} />,
    backend: ({ backend, iptables }) => <Clip says={[`${backend} ${iptables}`]} />,
    version: ({ version }) => <Clip says={[version]} />,
    seen: ({ lastSeen }) => <span title={lastSeen}>{sayAgo(Date.parse(lastSeen), now)}</span>,
    failure: (host) => <LastFailure of={host} now={now} />,
  };
  const titles: Readonly<Record<string, (host: HostRow) => string>> = {
    host: ({ hostId }) => hostId,
    rulesets: ({ rulesets }) => rulesets.map(({ name, revision }) => `${name}@${revision}`).join(' '),
    lists: ({ lists }) => lists.map(({ name, revision }) => `${name}@${revision}`).join(' '),
  };
  return SORTED_BY.map(({ value, says }) => ({
    id: value,
    head: says,
    canSort: true,
    isNumber: value === 'seen',
    ...(titles[value] && { title: titles[value] }),
    cell: cells[value] ?? (() => null),
  }));
}

/** It may be cut by the width of its column: all of it is in the title, and on the page of the host. */
function Clip({ says }: { says: readonly string[] }) {
  return (
    <span title={escapeControl(says.join(', '))}>
      {says.map((one, index) => (
        <Fragment key={one}>
          {index > 0 && ', '}
          <Text of={one} />
        </Fragment>
      ))}
    </span>
  );
}

function State({ of: host }: { of: HostRow }) {
  const { presence, pending, running, isCut } = host;
  return (
    <>
      <Badge word={presence} />
      {pending !== null && <span title={`waits for confirm: ${pending}`}> waits</span>}
      {pending === null && running !== null && <span title={`runs ${running}`}> runs</span>}
      {isUnready(host) && <span title={escapeControl(sayUnready(host).join('; '))}> unready</span>}
      {isCut && <span title={CUT}> cut</span>}
    </>
  );
}

function LastFailure({ of: { lastFailure }, now }: { of: HostRow; now: number }) {
  if (lastFailure === null) return <>-</>;
  const { at, code, what, event } = lastFailure;
  return (
    <Link to={withTime(eventPath(event))} title={escapeControl(`${what}, ${at}`)}>
      <Text of={code} /> {sayAgo(Date.parse(at), now)}
    </Link>
  );
}
