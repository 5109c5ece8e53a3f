import { FleetState } from '../../central/log/fleet-state.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { HostRow } from '../api/hosts.ts';
import { HostPast } from './host-past.ts';
import { type HostExtras, hostRow, noExtras, takeExtras } from './host-rows.ts';

/** What is kept of how hosts were, in KiB: of all together, each of which may have as much as the others, and of one. */
const MOST_PAST = 400_000;
const MOST_PAST_OF_ONE = 20_000;
const KIB = 1_024;
const MOST_HOSTS = 200_000;

interface Known {
  past: HostPast;
  extras: HostExtras;
  row: HostRow | null;
  /** The row without what changes with every sign of life. */
  identity: string;
  /** When it was heard of, by the clock of this process, in milliseconds since 1970. */
  heardAt: number;
}

/** The hosts of a log of events, as they are and were. */
export class Hosts {
  readonly #fleet = new FleetState();
  readonly #known = new Map<string, Known>();

  get size(): number {
    return this.#fleet.hosts.size;
  }

  /** Whether there is room for what a host says: whoever may write as anybody could make up hosts without end. */
  hasRoomFor(hostId: string): boolean {
    return this.#known.has(hostId) || this.#known.size < MOST_HOSTS;
  }

  rows(at: number | null): HostRow[] {
    return [...this.#known.values()].flatMap(({ past, row }) => {
      const found = at === null ? row : past.at(at);
      return found === null ? [] : [found];
    });
  }

  row(hostId: string, at: number | null): HostRow | null {
    const known = this.#known.get(hostId);
    return (at === null ? known?.row : known?.past.at(at)) ?? null;
  }

  past(hostId: string): HostPast | null {
    return this.#known.get(hostId)?.past ?? null;
  }

  take(event: FleetEvent, offset: number, now: number): void {
    const { hostId } = event.data;
    this.#fleet.take(event);
    const known = this.#knownOf(hostId);
    const time = Date.parse(event.time);
    known.past.sign(
      time,
      event.type === 'fleetwall.worker.heartbeat',
      event.type === 'fleetwall.worker.offline',
    );
    takeExtras(known.extras, event, offset);
    known.heardAt = now;
    this.#renew(hostId, known, time);
  }

  /** A heartbeat that says what the one before said. */
  beat(hostId: string, time: number, now: number): void {
    const known = this.#known.get(hostId);
    const state = this.#fleet.hosts.get(hostId);
    if (known === undefined || state === undefined) return;
    state.lastSeen = new Date(time);
    state.presence = 'online';
    known.past.sign(time, true);
    known.heardAt = now;
    if (known.row?.presence === 'online')
      known.row = { ...known.row, lastSeen: state.lastSeen.toISOString() };
    else this.#renew(hostId, known, time);
  }

  forget(hostId: string, time: number): void {
    const known = this.#known.get(hostId);
    this.#fleet.forget(hostId);
    if (known === undefined || known.row === null) return;
    Object.assign(known, { row: null, identity: '', extras: noExtras() });
    // After the last that it said, which is all that is known of the time.
    known.past.change(Math.max(time, known.past.lastSign ?? time) + 1, null, 1, this.#mostPast());
  }

  /** What was read of the log may have been said long ago: who is there says so again. */
  caughtUp(now: number): void {
    for (const known of this.#known.values()) known.heardAt = Math.min(now, known.past.lastSign ?? now);
  }

  /** @returns the hosts that have become silent by now */
  markSilent(now: number): string[] {
    const silent: string[] = [];
    for (const [hostId, known] of this.#known) {
      if (known.row?.presence !== 'online' || !known.past.isSilence(now - known.heardAt)) continue;
      this.#fleet.noteQuiet(hostId, { isThere: false, isSigned: false });
      known.row = { ...known.row, presence: 'silent' };
      silent.push(hostId);
    }
    return silent;
  }

  #renew(hostId: string, known: Known, time: number): void {
    const state = this.#fleet.hosts.get(hostId);
    if (state === undefined) return;
    known.row = hostRow(state, known.extras);
    const identity = JSON.stringify({ ...known.row, lastSeen: '' });
    if (identity === known.identity) return;
    known.identity = identity;
    known.past.change(time, known.row, Math.ceil(identity.length / KIB), this.#mostPast());
  }

  #mostPast(): number {
    return Math.min(MOST_PAST_OF_ONE, MOST_PAST / Math.max(1, this.#known.size));
  }

  #knownOf(hostId: string): Known {
    const known = this.#known.get(hostId) ?? {
      past: new HostPast(),
      extras: noExtras(),
      row: null,
      identity: '',
      heardAt: 0,
    };
    this.#known.set(hostId, known);
    return known;
  }
}
