import type { IncomingMessage } from '../../broker/stream-source.ts';
import { type EventReader, isFleetEvent } from '../../central/log/event-reader.ts';
import type { EventRow, EventsAnswer } from '../api/events.ts';
import type { FleetAnswer, HostAnswer } from '../api/hosts.ts';
import type { Changes } from '../api/live.ts';
import type { RolloutAnswer, RolloutsAnswer } from '../api/rollouts.ts';
import { type EventFilter, EventIndex } from './event-index.ts';
import { eventRow } from './event-row.ts';
import { Hosts } from './hosts.ts';
import { RepeatedHeartbeats } from './repeated-heartbeats.ts';
import { rolloutAnswer, rolloutRow } from './rollout-answers.ts';
import { Rollouts } from './rollouts.ts';

const MOST_EVENTS = 200_000;
/** Of one host, on its page. */
const MOST_HISTORY = 200;
/** In one set of changes. */
const MOST_EVENTS_AT_ONCE = 500;

/** What a log of events tells of a fleet: how it is, how it was at any time of the log, and what has changed since somebody asked last. */
export class ConsoleFold {
  readonly #reader: Pick<EventReader, 'read' | 'readForgotten'>;
  readonly #heartbeats = new RepeatedHeartbeats();
  readonly #hosts = new Hosts();
  readonly #rollouts = new Rollouts();
  readonly #events = new EventIndex(MOST_EVENTS);
  #seq = 0;
  #from: number | null = null;
  #last = 0;
  #lastOffset = -1;
  #changedHosts = new Set<string>();
  #changedRollouts = new Set<string>();
  #gone = new Set<string>();
  #newEvents: EventRow[] = [];
  #moreEvents = 0;

  constructor(reader: Pick<EventReader, 'read' | 'readForgotten'>) {
    this.#reader = reader;
  }

  get hostCount(): number {
    return this.#hosts.size;
  }

  get eventCount(): number {
    return this.#events.size;
  }

  /** The place in the log of the last message that was read; -1: none was. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** When the oldest event that was read came about; `null`: none was read. */
  get from(): string | null {
    return this.#from === null ? null : new Date(this.#from).toISOString();
  }

  /** @param now in milliseconds since 1970, by the clock of this process */
  take(message: IncomingMessage, now: number): void {
    this.#lastOffset = message.offset ?? this.#lastOffset;
    const beat = this.#heartbeats.timeOf(message);
    if (beat !== null) {
      this.#hosts.beat(beat.hostId, beat.time, now);
      this.#changedHosts.add(beat.hostId);
      return;
    }
    const forgotten = this.#reader.readForgotten(message);
    if (forgotten !== null) return this.#forget(forgotten);
    const event = this.#reader.read(message);
    if (event === null || message.offset === null) return;
    if (isFleetEvent(event) && !this.#hosts.hasRoomFor(event.data.hostId)) return;
    const time = Date.parse(event.time);
    this.#from ??= time;
    this.#last = time;
    if (isFleetEvent(event)) {
      this.#heartbeats.note(message);
      this.#hosts.take(event, message.offset, now);
      this.#changedHosts.add(event.data.hostId);
      this.#gone.delete(event.data.hostId);
    }
    for (const id of this.#rollouts.take(event)) this.#changedRollouts.add(id);
    if (event.type === 'fleetwall.worker.heartbeat') return;
    this.#addEvent(eventRow(message.offset, event));
  }

  /** The end of what was in the log has been reached. */
  caughtUp(now: number): void {
    this.#hosts.caughtUp(now);
    this.markSilent(now);
    this.drain(now);
  }

  markSilent(now: number): void {
    for (const host of this.#hosts.markSilent(now)) this.#changedHosts.add(host);
  }

  /** @returns what has changed since it was asked for last; `null`: nothing */
  drain(now: number): Changes | null {
    const [hostIds, gone, rollouts] = [this.#changedHosts, this.#gone, this.#changedRollouts];
    if (hostIds.size + gone.size + rollouts.size + this.#newEvents.length === 0) return null;
    this.#seq += 1;
    const changes = {
      seq: this.#seq,
      hosts: [...hostIds].flatMap((id) => this.#hosts.row(id, null) ?? []),
      gone: [...gone],
      events: this.#newEvents,
      moreEvents: this.#moreEvents,
      rollouts: [...rollouts].flatMap((id) => {
        const past = this.#rollouts.get(id);
        return past === undefined ? [] : [rolloutRow(past, past.state, now)];
      }),
    };
    this.#changedHosts = new Set();
    this.#changedRollouts = new Set();
    this.#gone = new Set();
    this.#newEvents = [];
    this.#moreEvents = 0;
    return changes;
  }

  /** @param at in milliseconds since 1970; `null`: now */
  fleet(at: number | null): FleetAnswer {
    return { at: isoOf(at), seq: this.#seq, hosts: this.#hosts.rows(at) };
  }

  /** @returns `null`: there is or was no such host then */
  host(hostId: string, at: number | null): HostAnswer | null {
    const host = this.#hosts.row(hostId, at);
    const past = this.#hosts.past(hostId);
    if (host === null || past === null) return null;
    const until = at ?? Number.POSITIVE_INFINITY;
    const { events: history, hasMore: isCut } = this.#events.find(
      { host: hostId, until: at ?? undefined, isHistory: true },
      MOST_HISTORY,
    );
    const gaps = past.gaps
      .filter(({ from }) => from <= until)
      .map(({ from, until: to }) => ({ from: iso(from), until: to > until ? null : iso(to) }));
    const isSilent = host.presence === 'silent' && gaps.at(-1)?.until !== null;
    const open = isSilent ? [{ from: host.lastSeen, until: null }] : [];
    const beats = past.beats.filter((beat) => beat <= until).map(iso);
    return { at: isoOf(at), host, history, isCut, beats, gaps: [...gaps, ...open].toReversed() };
  }

  rollouts(at: number | null, now: number): RolloutsAnswer {
    const rollouts = this.#rollouts.all(at).map(([past, state]) => rolloutRow(past, state, at ?? now));
    return { at: isoOf(at), seq: this.#seq, rollouts };
  }

  /** @returns `null`: there is or was no such rollout then */
  rollout(id: string, at: number | null, now: number): RolloutAnswer | null {
    const past = this.#rollouts.get(id);
    const state = at === null ? past?.state : past?.at(at);
    return past === undefined || state == null ? null : rolloutAnswer(past, state, isoOf(at), at ?? now);
  }

  events(filter: EventFilter, limit: number): EventsAnswer {
    return { seq: this.#seq, ...this.#events.find(filter, limit) };
  }

  #forget(hostId: string): void {
    this.#hosts.forget(hostId, this.#last);
    this.#changedHosts.delete(hostId);
    this.#gone.add(hostId);
  }

  #addEvent(row: EventRow): void {
    this.#events.add(row);
    if (this.#newEvents.length < MOST_EVENTS_AT_ONCE) this.#newEvents.push(row);
    else this.#moreEvents += 1;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
