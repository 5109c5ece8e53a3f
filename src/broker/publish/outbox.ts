import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetEvent } from '../../contract/event.ts';
import type { EventPublisher } from '../../job/ports/events.ts';
import type { Log } from '../../job/ports/log.ts';
import type { KeptEvent, OutboxStore } from '../../job/ports/stores.ts';
import { BackOff } from '../../job/time/back-off.ts';
import { NobodyBound, PublishFailed } from './publish-event.ts';

interface Sender {
  readonly isReady: boolean;
  /** Resolves once the broker has confirmed it. */
  send(event: FleetEvent, headers: Record<string, unknown>): Promise<void>;
}

export interface OutboxOptions {
  sender: Sender;
  store: OutboxStore;
  /** Called with each event that was confirmed. */
  onConfirmed: (event: FleetEvent) => void;
  log: Log;
}

interface Entry extends KeptEvent {
  isStored: boolean;
  /** The attempt to send it that is under way; `null`: none is. */
  attempt: Promise<void> | null;
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
  /** Everything that is not confirmed, in order, by its number. */
  readonly #entries = new Map<number, Entry>();
  /** The same, by the event's id. */
  readonly #byId = new Map<string, Entry>();
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
      const kept = await store.list();
      for (const event of kept) this.#add({ ...event, isStored: true, attempt: null });
      this.#next = Math.max(this.#next, ...kept.slice(-1).map(({ sequence }) => sequence + 1));
      this.#isLoaded = true;
    } catch (error) {
      if (this.#isLoaded === null)
        log.error({ error }, 'Cannot read the events that are kept for the broker');
      this.#isLoaded = false;
    }
  }

  async publish(event: FleetEvent, headers: Record<string, unknown> = {}): Promise<void> {
    const known = this.#byId.get(event.id);
    if (known !== undefined) return await this.#send(known);
    const entry: Entry = { sequence: this.#next, event, headers, isStored: false, attempt: null };
    this.#next += 1;
    this.#add(entry);
    await this.#send(entry);
  }

  /** Sends all events that wait at once: the broker can be reached anew. */
  flush(): void {
    this.#pause.reset();
    if (!this.#isFlushing) void this.#sendAll();
  }

  /** Waits for the attempts that are under way, but only for a limited time. Each that fails leaves its event on disk. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry ?? undefined);
    const left = [...this.#entries.values()].map(({ attempt }) => attempt ?? Promise.resolve());
    await Promise.race([Promise.allSettled(left), sleep(STOP_MS, undefined, { ref: false })]);
  }

  /** A batch at a time, until one fails. */
  async #sendAll(): Promise<void> {
    this.#isFlushing = true;
    if (this.#isLoaded === false) await this.load();
    const waiting = [...this.#entries.values()].filter(({ attempt }) => attempt === null);
    for (let from = 0, isWell = true; isWell && from < waiting.length; from += BATCH) {
      const batch = waiting.slice(from, from + BATCH).filter((entry) => this.#isWaiting(entry));
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
      await sender.send(entry.event, entry.headers).catch((error: unknown) => {
        if (!(error instanceof NobodyBound)) this.#unconfirmed += 1;
        throw error;
      });
    } catch (error) {
      if (this.#isWaiting(entry)) await this.#keep(entry);
      this.#retryLater();
      throw error;
    }
    this.#pause.reset();
    onConfirmed(entry.event);
    await this.#drop(entry);
    if (entry.event.type === 'fleetwall.job.completed') await this.#dropEarlier(entry.event.subject, entry);
  }

  /** What came before the end of a job, and was not confirmed, is not to come after it. */
  async #dropEarlier(jobId: string, { sequence: end }: Entry): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (entry.sequence > end) return;
      if ('subject' in entry.event && entry.event.subject === jobId) await this.#drop(entry);
    }
  }

  async #keep(entry: Entry): Promise<void> {
    const { store, log } = this.#options;
    if (entry.event.type.startsWith('fleetwall.worker.')) {
      this.#remove(entry);
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
    if (!this.#isWaiting(entry)) await this.#drop(entry);
    await this.#dropOldest();
  }

  async #dropOldest(): Promise<void> {
    const surplus = this.size - MOST_EVENTS;
    if (surplus <= 0) return;
    const oldest = [...this.#entries.values()].slice(0, surplus);
    this.#options.log.error(
      { dropped: oldest.length },
      'Too many events wait for the broker: the oldest are dropped',
    );
    for (const entry of oldest) await this.#drop(entry);
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.sequence, entry);
    this.#byId.set(entry.event.id, entry);
  }

  #remove({ sequence, event }: Entry): void {
    this.#entries.delete(sequence);
    this.#byId.delete(event.id);
  }

  #isWaiting({ sequence }: Entry): boolean {
    return this.#entries.has(sequence);
  }

  async #drop(entry: Entry): Promise<void> {
    this.#remove(entry);
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
