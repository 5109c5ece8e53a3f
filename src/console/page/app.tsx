import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Header } from './parts/header.tsx';
import type { Address } from './state/address.ts';
import { useAddress } from './state/hooks.ts';
import { EventView } from './views/event.tsx';
import { EventsView } from './views/events.tsx';
import { FleetView } from './views/fleet.tsx';
import { HostView } from './views/host.tsx';
import { RolloutView } from './views/rollout.tsx';
import { RolloutsView } from './views/rollouts.tsx';

export function App() {
  const address = useAddress();
  const main = useRef<HTMLElement>(null);
  const before = useRef(address.path);

  useLayoutEffect(() => {
    document.title = titleOf(address);
    // Who goes on by keyboard or listens goes on where the new view begins.
    if (before.current !== address.path) main.current?.focus({ preventScroll: true });
    before.current = address.path;
  });
  useEffect(() => {
    addEventListener('keydown', focusFilter);
    return () => removeEventListener('keydown', focusFilter);
  }, []);

  return (
    <>
      <Header address={address} />
      <main id="main" tabIndex={-1} ref={main}>
        <View key={address.path} address={address} />
      </main>
    </>
  );
}

function View({ address }: { address: Address }) {
  const { route, query } = address;
  switch (route.view) {
    case 'fleet':
      return <FleetView query={query} />;
    case 'rollouts':
      return <RolloutsView query={query} />;
    case 'rollout':
      return <RolloutView id={route.id} query={query} />;
    case 'host':
      return <HostView id={route.id} query={query} />;
    case 'events':
      return <EventsView query={query} />;
    case 'event':
      return <EventView offset={route.offset} />;
    case 'unknown':
      return (
        <>
          <h1>There is no such page</h1>
          <p>The links above lead to those that there are.</p>
        </>
      );
  }
}

function titleOf({ route, query }: Address): string {
  const names = { fleet: 'Fleet', rollouts: 'Rollouts', events: 'Events', unknown: 'No such page' };
  const name =
    route.view === 'host' || route.view === 'rollout'
      ? route.id
      : route.view === 'event'
        ? `Event ${route.offset}`
        : names[route.view];
  return `${name}${query['at'] === undefined ? '' : ` at ${query['at']}`} - fleetwall`;
}

/** `/` leads to the filter, as in many places, unless somebody is writing. */
function focusFilter(event: KeyboardEvent): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest('input, select, textarea') !== null) return;
  const field = document.querySelector<HTMLInputElement>('[data-main]');
  if (field === null) return;
  event.preventDefault();
  field.focus();
  field.select();
}
