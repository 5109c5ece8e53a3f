import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { EventPublisher } from '../../job/ports/events.ts';
import type { Log } from '../../job/ports/log.ts';
import type { OutboxStore } from '../../job/ports/stores.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { type Entry, entryOf, OutboxEntries } from './outbox-entries.ts';
import { NobodyBound, NotEncodable, PublishFailed } from './publish-failed.ts';

interface Sender {
  readonly isReady: boolean;
  /** Resolves once the broker has confirmed it. */
  send(event: FleetEvent, headers: Record<string, unknown>, isWanted: () => boolean): Promise<void>;
}

export interface OutboxOptions {
  sender: Sender;
  store: OutboxStore;
  /** Called with each event that was confirmed. */
  onConfirmed: (event: FleetEvent) => void;
  log: Log;
}

const MOST_EVENTS = 10_000;
const BATCH = 100;
const STOP_MS = 3_000;

/**
 * Publishes events, in order. An event that the broker does not confirm is kept on disk, and sent again until it is confirmed, with
 * pauses that grow; of more than 10,000 such events, the oldest are dropped. Events of the worker's own life (`fleetwall.worker.*`)
 * are not kept, as they are worth nothing later.
 *
 * No event waits for the confirm of an earlier one: the end of a job is sent although its `started` is not confirmed. Once the end
 * is confirmed, what is left of that job's earlier events is dropped, as the end is the last that is heard of a job.
 */
export class Outbox implements EventPublisher {
  readonly #options: OutboxOptions;
  readonly #entries = new OutboxEntries();
  /** Not from 1 on: where the events on disk cannot be read, none of them must be overwritten. */
  #next = Date.now();
  #retry: NodeJS.Timeout | null = null;
  readonly #pause = new BackOff();
  #isFlushing = false;
  /** `null`: it was not tried yet. */
  #isLoaded: boolean | null = null;
  #unconfirmed = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** How many events wait to be confirmed. */
  get size(): number {
    return this.#entries.size;
  }

  /** How often an event was sent, and not confirmed. */
  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /**
   * Loads the events that an earlier process has left on disk; to be called before anything is published. Where they cannot be read,
   * that is tried again whenever events are sent.
   */
  async load(): Promise<void> {
    const { store, log } = this.#options;
    try {
      const stored = await store.list();
      for (const kept of stored) {
        if (this.#entries.withId(kept.event.id) === undefined) this.#entries.add(entryOf(kept, true));
      }
      this.#next = Math.max(this.#next, ...stored.slice(-1).map(({ sequence }) => sequence + 1));
      this.#isLoaded = true;
    } catch (error) {
      if (this.#isLoaded === null)
        log.error({ error }, 'Cannot read the events that are kept for the broker');
      this.#isLoaded = false;
    }
  }

  async publish(event: FleetEvent, headers: Record<string, unknown> = {}): Promise<void> {
    const known = this.#entries.withId(event.id);
    if (known !== undefined) return await this.#send(known);
    const entry = entryOf({ sequence: this.#next, event, headers }, false);
    this.#next += 1;
    this.#entries.add(entry);
    await this.#send(entry);
  }

  async confirmed(eventId: string): Promise<void> {
    const entry = this.#entries.withId(eventId);
    if (entry === undefined) return;
    await new Promise<void>((resolve, reject) => entry.waiters.push({ resolve, reject }));
  }

  /** Sends all events that wait at once: the broker can be reached anew. */
  flush(): void {
    this.#pause.reset();
    if (!this.#isFlushing) void this.#sendAll();
  }

  /** Waits for the attempts that are under way, but only for a limited time. Each that fails leaves its event on disk. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry ?? undefined);
    const left = this.#entries.all.map(({ attempt }) => attempt ?? Promise.resolve());
    await Promise.race([Promise.allSettled(left), sleep(STOP_MS, undefined, { ref: false })]);
  }

  /** A batch at a time, until one fails. */
  async #sendAll(): Promise<void> {
    this.#isFlushing = true;
    if (this.#isLoaded === false) await this.load();
    const waiting = this.#entries.all.filter(({ attempt }) => attempt === null);
    for (let from = 0, isWell = true; isWell && from < waiting.length; from += BATCH) {
      const batch = waiting.slice(from, from + BATCH).filter((entry) => this.#entries.has(entry));
      const results = await Promise.allSettled(batch.map((entry) => this.#send(entry)));
      isWell = results.every(({ status }) => status === 'fulfilled');
    }
    this.#isFlushing = false;
  }

  async #send(entry: Entry): Promise<void> {
    entry.attempt ??= this.#try(entry).finally(() => {
      entry.attempt = null;
    });
    await entry.attempt;
  }

  /** Hands the event to the sender before anything is waited for, which keeps events in order. */
  async #try(entry: Entry): Promise<void> {
    const { sender, onConfirmed } = this.#options;
    try {
      if (!sender.isReady)
        throw new PublishFailed('there is no connection to the broker that takes messages');
      const isWanted = () => this.#entries.has(entry);
      await sender.send(entry.event, entry.headers, isWanted).catch((error: unknown) => {
        if (!(error instanceof NobodyBound || error instanceof NotEncodable)) this.#unconfirmed += 1;
        throw error;
      });
    } catch (error) {
      if (error instanceof NotEncodable) return await this.#giveUp(entry, error);
      if (this.#entries.has(entry)) await this.#keep(entry);
      this.#retryLater();
      throw error;
    }
    this.#pause.reset();
    onConfirmed(entry.event);
    for (const { resolve } of entry.waiters) resolve();
    await this.#drop(entry);
    if (entry.event.type !== 'fleetwall.job.completed') return;
    // What came before the end of a job, and was not confirmed, is not to come after it.
    const { subject } = entry.event;
    for (const earlier of this.#entries.beforeEnd(subject, entry)) await this.#drop(earlier);
  }

  /** For who waits, that is as good as confirmed: else all that comes behind it would wait for ever. */
  async #giveUp(entry: Entry, error: NotEncodable): Promise<void> {
    const { type, id } = entry.event;
    this.#options.log.error({ type, id, error }, 'An event is dropped, as it cannot be sent');
    for (const { resolve } of entry.waiters) resolve();
    await this.#drop(entry);
  }

  async #keep(entry: Entry): Promise<void> {
    const { store, log } = this.#options;
    if (entry.event.type.startsWith('fleetwall.worker.')) {
      this.#entries.remove(entry);
      return;
    }
    if (entry.isStored) return;
    try {
      await store.put(entry);
      entry.isStored = true;
      log.info({ type: entry.event.type, waiting: this.size }, 'An event is kept until the broker takes it');
    } catch (error) {
      log.error({ type: entry.event.type, error }, 'Cannot keep an event on disk: it is kept in memory');
    }
    // Its job may have ended while it was written.
    if (!this.#entries.has(entry)) await this.#drop(entry);
    await this.#dropOldest();
  }

  async #dropOldest(): Promise<void> {
    const surplus = this.size - MOST_EVENTS;
    if (surplus <= 0) return;
    const oldest = this.#entries.all.slice(0, surplus);
    this.#options.log.error(
      { dropped: oldest.length },
      'Too many events wait for the broker: the oldest are dropped',
    );
    for (const entry of oldest) {
      for (const { reject } of entry.waiters) reject(new PublishFailed('it was dropped, as too many wait'));
      await this.#drop(entry);
    }
  }

  async #drop(entry: Entry): Promise<void> {
    this.#entries.remove(entry);
    if (!entry.isStored) return;
    try {
      await this.#options.store.remove(entry);
    } catch (error) {
      this.#options.log.warn({ error }, 'Cannot take a kept event away: it will be published again');
    }
  }

  /** For a broker that refuses an event: it is asked again later. A new connection flushes anyway. */
  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (!this.#options.sender.isReady) this.#retryLater();
      else if (!this.#isFlushing) void this.#sendAll();
    }, this.#pause.next()).unref();
  }
}
