import { randomUUID } from 'node:crypto';
import { abortable } from '../../broker/connection/abortable.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import { cloudEventMessage } from '../../broker/publish/event-message.ts';
import type { IncomingMessage, StreamStart } from '../../broker/stream-source.ts';
import { cloudEvent, rolloutSource } from '../../contract/events/cloud-event.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import {
  type RolloutEvent,
  type RolloutOwner,
  type RolloutStarted,
  rolloutKey,
} from '../../contract/rollouts/rollout-events.ts';
import { OPERATOR_EXCHANGE } from '../../contract/words/names.ts';
import type { EventReader } from '../log/event-reader.ts';
import { LogMarker } from '../log/log-marker.ts';
import { NoSuchRollout } from '../messages/errors.ts';
import { RolloutState } from './rollout-state.ts';

/** What it needs of a {@link FleetLink}. */
type LogLink = Pick<FleetLink, 'read' | 'publish'>;
type Reader = Pick<EventReader, 'read'>;
type OwnType = RolloutEvent['type'];
type OwnData<T extends OwnType> = Extract<RolloutEvent, { type: T }>['data'];

/** One rollout in the log of events: its state, as it was and as it goes on, and what is to be added. */
export class RolloutLog {
  readonly state: RolloutState;
  readonly #link: LogLink;
  /** The event by which this process has taken it; `null`: it has not. */
  #run: string | null = null;
  #stopReading: () => Promise<void> = async () => {};
  #changed: () => void = () => {};
  #listener: (event: FleetEvent | RolloutEvent) => void = () => {};

  private constructor(link: LogLink, record: RolloutStarted) {
    this.#link = link;
    this.state = new RolloutState(record);
  }

  /** Begins one. */
  static async begin(
    link: LogLink,
    reader: Reader,
    record: RolloutStarted,
    signal?: AbortSignal,
  ): Promise<RolloutLog> {
    const log = new RolloutLog(link, record);
    const hear = (message: IncomingMessage) => log.#hear(message, reader);
    const markAgain = () => void log.#marked?.marker.publish(link, signal).catch(() => {});
    log.#stopReading = await link.read('next', hear, markAgain, signal);
    try {
      // Until the first message has come, a lost connection loses what is said meanwhile.
      await log.readToEnd(signal);
      await log.say('fleetwall.rollout.started', record, signal);
      return log;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  /** Finds one that was begun before. @throws {NoSuchRollout} */
  static async find(
    link: LogLink,
    reader: Reader,
    rolloutId: string,
    start: StreamStart,
    signal?: AbortSignal,
  ): Promise<RolloutLog> {
    const found: { log: RolloutLog | null; startedBy: string; isOver: boolean } = {
      log: null,
      startedBy: '',
      isOver: false,
    };
    const startKey = rolloutKey(rolloutId, 'fleetwall.rollout.started');
    const marker = new LogMarker();
    const take = (message: IncomingMessage) => {
      if (marker.is(message)) found.isOver = true;
      // Most of what is in the log is of others, and need not be read.
      if (found.log !== null && (found.isOver || message.key !== startKey))
        return found.log.#hear(message, reader);
      if (message.key !== startKey) return;
      const event = reader.read(message);
      if (event?.type !== 'fleetwall.rollout.started' || event.data.rolloutId !== rolloutId) return;
      // Where an id was used again, the newest is meant; a message may come twice, too.
      if (event.id === found.startedBy) return;
      found.startedBy = event.id;
      found.log = new RolloutLog(link, event.data);
      found.log.#take(event);
    };
    const stopReading = await link.read(start, take, () => {}, signal);
    try {
      await marker.publish(link, signal);
      while (!found.isOver) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      if (found.log === null) {
        throw new NoSuchRollout(
          `there is no rollout ${rolloutId} in the log of events, as far back as was looked: fleetwall rollout list shows which there are`,
        );
      }
      found.log.#stopReading = stopReading;
      return found.log;
    } catch (error) {
      await stopReading();
      throw error;
    }
  }

  /** Called with each event of the rollout, and of its hosts' jobs. */
  onEvent(listener: (event: FleetEvent | RolloutEvent) => void): void {
    this.#listener = listener;
  }

  /** Says that this process runs it from now on. */
  async takeOver(by: RolloutOwner, signal?: AbortSignal): Promise<void> {
    const { rolloutId } = this.state.record;
    this.#run = await this.say('fleetwall.rollout.taken', { rolloutId, by }, signal);
  }

  /** Whether another process has taken it since this one has. */
  get isTakenAway(): boolean {
    return this.#run !== null && !this.state.isTakenBy(this.#run);
  }

  /**
   * Adds an event, and waits until it is in the log and was read there. Whether it counts is another matter: something else may have come
   * before it.
   *
   * @returns its id
   */
  async say<T extends OwnType>(type: T, data: OwnData<T>, signal?: AbortSignal): Promise<string> {
    const { rolloutId } = this.state.record;
    const id = randomUUID();
    const event = {
      ...cloudEvent(rolloutSource(rolloutId), id),
      subject: rolloutId,
      ...(this.#run === null ? {} : { run: this.#run }),
      type,
      data,
    };
    const heard = new Promise<void>((resolve) => this.#awaited.set(id, resolve));
    await this.#link.publish(
      cloudEventMessage(OPERATOR_EXCHANGE, rolloutKey(rolloutId, type), event),
      signal,
    );
    await abortable(heard, signal);
    return id;
  }

  /** Waits until all is read that is in the log now. */
  async readToEnd(signal?: AbortSignal): Promise<void> {
    const marker = new LogMarker();
    const read = new Promise<void>((resolve) => (this.#marked = { marker, resolve }));
    await marker.publish(this.#link, signal);
    await abortable(read, signal);
  }

  /** Until something of it is heard, or the time has come, or the signal. */
  async change(until: number, signal?: AbortSignal): Promise<void> {
    const ms = Math.min(Math.max(0, until - Date.now()), LONGEST_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake(), ms);
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#changed = wake;
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Ends the wait for a change. */
  wake(): void {
    this.#changed();
  }

  async close(): Promise<void> {
    await this.#stopReading();
  }

  readonly #awaited = new Map<string, () => void>();
  #marked: { marker: LogMarker; resolve: () => void } | null = null;

  #hear(message: IncomingMessage, reader: Reader): void {
    if (this.#marked?.marker.is(message) === true) this.#marked.resolve();
    else this.#take(reader.read(message));
  }

  #take(event: FleetEvent | RolloutEvent | null): void {
    if (event === null) return;
    const counts = this.state.take(event, Date.now());
    if (counts) this.#listener(event);
    this.#awaited.get(event.id)?.();
    this.#awaited.delete(event.id);
    if (counts) this.#changed();
  }
}

const LOOK_MS = 50;
/** Longer than any timer can be. */
const LONGEST_MS = 3_600_000;
