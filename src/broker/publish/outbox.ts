import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetEvent } from '../../contract/event.ts';
import type { EventPublisher } from '../../job/ports/events.ts';
import type { Log } from '../../job/ports/log.ts';
import type { KeptEvent, OutboxStore } from '../../job/ports/stores.ts';
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
const RETRY_MS = 2_000;
const BATCH = 100;
const STOP_MS = 3_000;

/**
 * Publishes events; those of one job stay in order. An event that the broker does not confirm is kept on disk, and sent again
 * until it is confirmed; of more than 10,000 such events, the oldest are dropped. Events of the worker's own life
 * (`fleetwall.worker.*`) are not kept, as they are worth nothing later.
 */
export class Outbox implements EventPublisher {
  readonly #options: OutboxOptions;
  /** Everything that is not confirmed, in order. */
  #entries: Entry[] = [];
  #next = 1;
  #retry: NodeJS.Timeout | null = null;
  #isFlushing = false;
  #unconfirmed = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** How many events wait to be confirmed. */
  get size(): number {
    return this.#entries.length;
  }

  /** How often an event was sent, and not confirmed. */
  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /** Loads the events that an earlier process has left on disk. */
  async load(): Promise<void> {
    const { store, log } = this.#options;
    const kept = await store.list().catch((error: unknown) => {
      log.error({ error }, 'Cannot read the events that are kept for the broker');
      return [];
    });
    this.#entries = [...kept.map((event) => ({ ...event, isStored: true, attempt: null })), ...this.#entries];
    this.#next = Math.max(this.#next, ...kept.map(({ sequence }) => sequence + 1));
  }

  async publish(event: FleetEvent, headers: Record<string, unknown> = {}): Promise<void> {
    const known = this.#entries.find((entry) => entry.event.id === event.id);
    if (known !== undefined) return await this.#send(known);
    const entry: Entry = { sequence: this.#next, event, headers, isStored: false, attempt: null };
    this.#next += 1;
    this.#entries.push(entry);
    await this.#send(entry);
  }

  /** Sends all events that wait, a batch at a time, until one fails. */
  flush(): void {
    if (!this.#isFlushing) void this.#sendAll();
  }

  /** Waits for the attempts that are under way, but only for a limited time. Each that fails leaves its event on disk. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry ?? undefined);
    const left = this.#entries.map(({ attempt }) => attempt ?? Promise.resolve());
    await Promise.race([Promise.allSettled(left), sleep(STOP_MS, undefined, { ref: false })]);
  }

  async #sendAll(): Promise<void> {
    this.#isFlushing = true;
    let isDone = false;
    while (!isDone) {
      const batch = this.#entries.filter(({ attempt }) => attempt === null).slice(0, BATCH);
      const results = await Promise.allSettled(batch.map((entry) => this.#send(entry)));
      // What has failed stays, and is tried again.
      isDone = batch.length === 0 || results.some(({ status }) => status === 'rejected');
    }
    this.#isFlushing = false;
  }

  async #send(entry: Entry): Promise<void> {
    entry.attempt ??= this.#try(entry, this.#predecessor(entry)).finally(() => {
      entry.attempt = null;
    });
    await entry.attempt;
  }

  async #try(entry: Entry, before: Promise<void> | null): Promise<void> {
    const { sender, onConfirmed } = this.#options;
    try {
      await before;
      if (!sender.isReady)
        throw new PublishFailed('there is no connection to the broker that takes messages');
      await sender.send(entry.event, entry.headers).catch((error: unknown) => {
        if (!(error instanceof NobodyBound)) this.#unconfirmed += 1;
        throw error;
      });
    } catch (error) {
      await this.#keep(entry);
      this.#retryLater();
      throw error;
    }
    this.#entries = this.#entries.filter((other) => other !== entry);
    onConfirmed(entry.event);
    if (entry.isStored) await this.#forget(entry);
  }

  /** Sends the event that has to arrive before this one: the last earlier one of the same job that still waits. */
  #predecessor({ event, sequence }: Entry): Promise<void> | null {
    if (!('subject' in event)) return null;
    const earlier = this.#entries.filter(
      (other) =>
        other.sequence < sequence && 'subject' in other.event && other.event.subject === event.subject,
    );
    const last = earlier.at(-1);
    return last === undefined ? null : this.#send(last);
  }

  async #keep(entry: Entry): Promise<void> {
    const { store, log } = this.#options;
    if (entry.event.type.startsWith('fleetwall.worker.')) {
      this.#entries = this.#entries.filter((other) => other !== entry);
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
    await this.#dropOldest();
  }

  async #dropOldest(): Promise<void> {
    const surplus = this.#entries.slice(0, Math.max(0, this.#entries.length - MOST_EVENTS));
    if (surplus.length === 0) return;
    this.#entries = this.#entries.slice(surplus.length);
    this.#options.log.error(
      { dropped: surplus.length },
      'Too many events wait for the broker: the oldest are dropped',
    );
    for (const entry of surplus) await this.#forget(entry);
  }

  async #forget(entry: Entry): Promise<void> {
    try {
      await this.#options.store.remove(entry);
    } catch (error) {
      this.#options.log.warn({ error }, 'Cannot take a kept event away: it will be published again');
    }
  }

  /** For a broker that refuses an event: it is asked again later. After a lost connection, the next one flushes anyway. */
  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      if (this.#options.sender.isReady) this.flush();
    }, RETRY_MS).unref();
  }
}
