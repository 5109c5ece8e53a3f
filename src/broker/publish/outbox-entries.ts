import type { KeptEvent } from '../../job/ports/stores.ts';

/** An event that the broker has not confirmed. */
export interface Entry extends KeptEvent {
  isStored: boolean;
  /** The attempt to send it that is under way; `null`: none is. */
  attempt: Promise<void> | null;
  /** Those who wait until it is confirmed, for as long as that takes. */
  waiters: { resolve: () => void; reject: (error: Error) => void }[];
}

export function entryOf(event: KeptEvent, isStored: boolean): Entry {
  return { ...event, isStored, attempt: null, waiters: [] };
}

/** The events that wait, in order. */
export class OutboxEntries {
  readonly #bySequence = new Map<number, Entry>();
  readonly #byId = new Map<string, Entry>();

  get size(): number {
    return this.#bySequence.size;
  }

  get all(): Entry[] {
    return [...this.#bySequence.values()];
  }

  withId(eventId: string): Entry | undefined {
    return this.#byId.get(eventId);
  }

  has({ sequence }: Entry): boolean {
    return this.#bySequence.has(sequence);
  }

  /**
   * What was to be told of a job before this end of it. A late undo is none of that: it is told after an end, which may be published
   * again behind it when the job is delivered again.
   */
  beforeEnd(jobId: string, { sequence: end }: Entry): Entry[] {
    return this.all.filter(
      ({ sequence, event }) =>
        sequence < end &&
        (event.type === 'fleetwall.job.started' || event.type === 'fleetwall.job.awaiting_confirmation') &&
        event.subject === jobId,
    );
  }

  add(entry: Entry): void {
    this.#bySequence.set(entry.sequence, entry);
    this.#byId.set(entry.event.id, entry);
  }

  remove({ sequence, event }: Entry): void {
    this.#bySequence.delete(sequence);
    this.#byId.delete(event.id);
  }
}
