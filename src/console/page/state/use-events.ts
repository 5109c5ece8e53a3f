import { useEffect, useRef, useState } from 'preact/hooks';
import type { EventRow, EventsAnswer } from '../../api/events.ts';
import type { Changes } from '../../api/live.ts';
import { hrefOf, type Query } from './address.ts';
import { ask } from './ask.ts';
import { EVENT_FILTERS, eventSearch, isChosen } from './event-filter.ts';
import { addNew, addOlder, EMPTY_TAIL, type EventTail, release } from './event-tail.ts';
import { live } from './live.ts';

const PAGE = 200;
/** While somebody types, it is not asked for each letter. */
const TYPING = 200;
const PAUSE = 200;

export interface Events {
  tail: EventTail | null;
  problem: string | null;
  askOlder: () => void;
  showWaiting: () => void;
}

/** The events that the query asks for: what the log has of them, and, unless it is about a time, those that come. */
export function useEvents(query: Query, isHeld: boolean): Events {
  const [tail, setTail] = useState<EventTail | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [epoch, setEpoch] = useState(live.epoch);
  const [again, setAgain] = useState(0);
  const held = useRef(isHeld);
  held.current = isHeld;
  const key = JSON.stringify([...EVENT_FILTERS, 'at'].map((name) => query[name]));
  const isAtTime = query['at'] !== undefined;

  useEffect(() => live.listen(() => setEpoch(live.epoch)), []);
  useEffect(() => {
    const abort = new AbortController();
    const came = new Came(query);
    const stop = isAtTime ? () => undefined : live.onChanges((changes) => came.hear(changes));
    const load = async () => {
      try {
        const answer = await ask<EventsAnswer>(
          hrefOf('/api/events', eventSearch(query, { limit: PAGE })),
          abort.signal,
        );
        setTail(addOlder(EMPTY_TAIL, answer.events, answer.hasMore));
        setProblem(null);
        came.start((events, skipped) =>
          setTail((before) => {
            const now = addNew(before ?? EMPTY_TAIL, events, held.current);
            return skipped === 0 ? now : { ...now, skipped: now.skipped + skipped };
          }),
        );
      } catch (error) {
        if (!abort.signal.aborted) setProblem((error as Error).message);
      }
    };
    const timer = setTimeout(() => void load(), tail === null ? 0 : TYPING);
    return () => {
      clearTimeout(timer);
      stop();
      came.end();
      abort.abort();
    };
  }, [key, isAtTime ? 0 : epoch, again]);

  return {
    tail,
    problem,
    askOlder: () => {
      const before = tail?.shown.at(-1)?.offset;
      if (before === undefined) return;
      ask<EventsAnswer>(
        hrefOf('/api/events', eventSearch(query, { before: String(before), limit: PAGE })),
      ).then(
        ({ events, hasMore }) => setTail((now) => addOlder(now ?? EMPTY_TAIL, events, hasMore)),
        (error: Error) => setProblem(error.message),
      );
    },
    // Where some of those that wait had to be left out, the log has them all.
    showWaiting: () => {
      if ((tail?.skipped ?? 0) > 0) setAgain((n) => n + 1);
      else setTail((now) => (now === null ? null : release(now)));
    },
  };
}

/** Gathers what comes, and hands it over some times a second. */
class Came {
  readonly #query: Query;
  #events: EventRow[] = [];
  #skipped = 0;
  #take: ((events: readonly EventRow[], skipped: number) => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(query: Query) {
    this.#query = query;
  }

  hear({ events, moreEvents }: Changes): void {
    for (const event of events) if (isChosen(event, this.#query)) this.#events.push(event);
    this.#skipped += moreEvents;
    if (this.#events.length > MOST_GATHERED) {
      const left = this.#events.length - MOST_GATHERED;
      this.#events = this.#events.slice(left);
      this.#skipped += left;
    }
    this.#later();
  }

  /** From now on there is somebody to take them. */
  start(take: (events: readonly EventRow[], skipped: number) => void): void {
    this.#take = take;
    this.#later();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#take = null;
  }

  #later(): void {
    if (this.#take === null || (this.#events.length === 0 && this.#skipped === 0)) return;
    this.#timer ??= setTimeout(() => requestAnimationFrame(() => this.#hand()), PAUSE);
  }

  #hand(): void {
    this.#timer = undefined;
    this.#take?.(this.#events, this.#skipped);
    this.#events = [];
    this.#skipped = 0;
  }
}
const MOST_GATHERED = 5_000;
