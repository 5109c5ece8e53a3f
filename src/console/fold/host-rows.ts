import { type HostState, MOST_NAMES } from '../../central/log/fleet-state.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { HostRow, LastFailure } from '../api/hosts.ts';
import { nameOf } from './say-event.ts';

/** What of a host is known from its events besides its {@link HostState}. */
export interface HostExtras {
  lastFailure: LastFailure | null;
  /** Whether what is live of a list is what was committed, by the list's name. */
  listsInSync: Map<string, boolean>;
}

export function noExtras(): HostExtras {
  return { lastFailure: null, listsInSync: new Map() };
}

export function hostRow(state: HostState, { lastFailure, listsInSync }: HostExtras): HostRow {
  const { hostId, presence, groups, rulesets, lists, isCut, unready, worker, lastSeen, pending, running } =
    state;
  return {
    hostId,
    presence,
    groups,
    rulesets: rulesets.map(({ name, revision, inSync, until, liveRevision }) => ({
      name,
      revision,
      inSync,
      until: until ?? null,
      liveRevision: liveRevision ?? null,
    })),
    lists: lists.map(({ name, revision, entries }) => ({
      name,
      revision,
      entries,
      inSync: listsInSync.get(name) ?? null,
    })),
    isCut,
    unready,
    backend: worker.backend,
    version: worker.version,
    iptables: worker.iptables,
    kernel: worker.kernel,
    lastSeen: lastSeen.toISOString(),
    pending,
    running,
    lastFailure,
  };
}

/** Takes over what an event adds to that. */
export function takeExtras(extras: HostExtras, event: FleetEvent, offset: number): void {
  if (event.type === 'fleetwall.job.completed') {
    const { failure, action, list } = event.data;
    if (failure === null) {
      if (list != null) noteSync(extras, list.name, true);
      return;
    }
    const what = nameOf(event.data) ?? action ?? 'a message';
    extras.lastFailure = { at: event.time, code: failure.code, what, event: offset };
  }
  if (event.type !== 'fleetwall.drift.detected' && event.type !== 'fleetwall.drift.repaired') return;
  const { list } = event.data;
  if (list !== undefined) noteSync(extras, list.name, event.type === 'fleetwall.drift.repaired');
}

/** Of as many lists as are kept of a host: the one that was told of longest ago goes. */
function noteSync({ listsInSync }: HostExtras, name: string, inSync: boolean): void {
  listsInSync.delete(name);
  listsInSync.set(name, inSync);
  const [oldest] = listsInSync.keys();
  if (listsInSync.size > MOST_NAMES && oldest !== undefined) listsInSync.delete(oldest);
}
