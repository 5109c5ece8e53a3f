import type { HostState } from '../../central/log/fleet-state.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { HostRow, LastFailure } from '../api/hosts.ts';
import { nameOf } from './say-event.ts';

/** What of a host is known from its events besides its {@link HostState}. */
export interface HostExtras {
  lastFailure: LastFailure | null;
  /** Whether what is live of a list is what was committed, by the list's name. */
  listsInSync: ReadonlyMap<string, boolean>;
}

export const NO_EXTRAS: HostExtras = { lastFailure: null, listsInSync: new Map() };

export function hostRow(state: HostState, { lastFailure, listsInSync }: HostExtras): HostRow {
  const { hostId, presence, groups, rulesets, lists, worker, lastSeen, pending, running } = state;
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

/** What an event adds to that. */
export function extrasAfter(before: HostExtras, event: FleetEvent, offset: number): HostExtras {
  if (event.type === 'fleetwall.job.completed') {
    const { failure, action, list } = event.data;
    if (failure === null)
      return list == null ? before : { ...before, listsInSync: withSync(before, list.name, true) };
    const what = nameOf(event.data) ?? action ?? 'a message';
    return { ...before, lastFailure: { at: event.time, code: failure.code, what, event: offset } };
  }
  if (event.type !== 'fleetwall.drift.detected' && event.type !== 'fleetwall.drift.repaired') return before;
  const { list } = event.data;
  if (list === undefined) return before;
  return { ...before, listsInSync: withSync(before, list.name, event.type === 'fleetwall.drift.repaired') };
}

function withSync({ listsInSync }: HostExtras, name: string, inSync: boolean): ReadonlyMap<string, boolean> {
  return new Map(listsInSync).set(name, inSync);
}
