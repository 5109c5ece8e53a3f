import { BrokerRefused } from '../../broker/connection/broker-errors.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { FleetEvent } from '../../contract/event.ts';
import { JOBS_EXCHANGE } from '../../contract/names.ts';
import { isFleetEvent } from '../log/event-reader.ts';
import { LogMarker } from '../log/log-marker.ts';
import { windowMs } from '../log/window.ts';
import { type AddressedMessage, unnamed } from '../messages/addressed-message.ts';
import { AnswerTimes } from './answer-times.ts';
import type { AskOptions } from './ask-options.ts';
import { behindMs, findBehind } from './behind.ts';
import { listen } from './listen.ts';
import type { HostAnswer, HostAnswers } from './options.ts';
import { isRefusal } from './refusal.ts';
import { sendJob } from './send-job.ts';

/** In the routing key of each event of a job. */
const JOB_EVENTS = '.job.';
/** For what an end needs on its way after a window of confirmation. */
const GRACE_MS = 10_000;
/** Where it takes longer to read the log to its end, the broker was in trouble, and hosts could not be heard. */
const PROMPT_MS = 5_000;
const LOOK_MS = 1_000;
/** A host that has not begun by then may be behind a job that waits to be confirmed. */
const BEHIND_MS = 3_000;

/**
 * Publishes jobs and gathers the answers. It listens first, unless the event log cannot be had at once: then what hosts say meanwhile is
 * read later. Whenever the connection was lost, those who have not answered are
 * asked again: the same id is the same job. A host is called silent only when the event log can be read to its end, which shows that
 * it is the host that says nothing, and not the broker.
 */
export async function ask(
  link: FleetLink,
  messages: readonly AddressedMessage[],
  options: AskOptions,
): Promise<HostAnswers> {
  const asking = new Asking(link, messages, options);
  return await asking.run();
}

class Asking {
  readonly #link: FleetLink;
  readonly #messages: readonly AddressedMessage[];
  readonly #options: AskOptions;
  readonly #jobs: ReadonlySet<string>;
  readonly #answers: HostAnswers = new Map();
  /** Those who have not answered. */
  readonly #open: Set<string>;
  readonly #times = new AnswerTimes();
  readonly #marker = new LogMarker();
  /** Why the log cannot be read. */
  #deaf: Error | null = null;
  #isMarkerRead = false;
  #wake: () => void = () => {};
  /** Aborted when nothing is waited for any more. */
  readonly #over = new AbortController();

  constructor(link: FleetLink, messages: readonly AddressedMessage[], options: AskOptions) {
    this.#link = link;
    this.#messages = messages;
    this.#options = options;
    this.#jobs = new Set(messages.map(({ message }) => message.jobId));
    this.#open = new Set(messages.flatMap(({ hosts }) => hosts));
    for (const [host, ms] of options.known?.begun ?? [])
      this.#times.extend(host, 'begun', ms ?? options.timeoutMs);
  }

  async run(): Promise<HostAnswers> {
    const { signal } = this.#options;
    const stopListening = await this.#listen();
    const onAbort = () => this.#end(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      signal?.throwIfAborted();
      await this.#send();
      await this.#wait();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await stopListening();
    }
    signal?.throwIfAborted();
    for (const host of this.#open) this.#answers.set(host, { end: 'silent', result: null });
    return this.#answers;
  }

  async #listen(): Promise<() => Promise<void>> {
    const { known, reader, signal } = this.#options;
    return await listen(this.#link, {
      start: known?.start ?? null,
      onMessage: (message) => {
        if (this.#marker.is(message)) this.#noteMarker();
        if (!message.key.includes(JOB_EVENTS)) return;
        const event = reader.read(message);
        if (event !== null && isFleetEvent(event)) this.#take(event);
      },
      onReopened: () => void this.#send().catch(() => {}),
      onDeaf: (error) => {
        this.#deaf = error;
        this.#end(error);
      },
      signal,
    });
  }

  /** To a single host, that nobody takes it is an answer at once. */
  async #send(): Promise<void> {
    const { exchange = JOBS_EXCHANGE, signal } = this.#options;
    await Promise.all(
      this.#messages.flatMap(({ message, sends, hosts }) =>
        sends.map(async ({ key, host }) => {
          if (host !== null && this.#answers.has(host)) return;
          // A key of many may have to reach more hosts than were asked.
          const until = host === null ? { signal } : { enough: this.#over.signal };
          const answer = await sendJob(this.#link, { message, exchange, key }, until);
          if (answer === 'unroutable') this.#noQueue(host === null ? unnamed(sends, hosts) : [host]);
        }),
      ),
    );
  }

  #noQueue(hosts: readonly string[]): void {
    for (const host of hosts) this.#answer(host, { end: 'unroutable', result: null });
  }

  /** Only the last answer wakes the one who waits: with thousands of hosts, each look at all of them counts. */
  #answer(host: string, answer: HostAnswer): void {
    this.#answers.set(host, answer);
    if (this.#open.delete(host) && this.#open.size === 0) this.#end();
  }

  #end(reason?: unknown): void {
    this.#over.abort(reason);
    this.#wake();
  }

  #take(event: FleetEvent): void {
    if (!('subject' in event) || !this.#jobs.has(event.subject)) return;
    const { hostId } = event.data;
    if (event.type === 'fleetwall.job.completed') {
      // A refusal is not the job's end: if the host takes it later, that is. After a start, it is that of another message with this id.
      if (isRefusal(event.data) && this.#times.hasBegun(hostId)) return;
      this.#answer(hostId, { end: event.data.outcome, result: event.data });
    } else if (event.type === 'fleetwall.job.awaiting_confirmation') {
      this.#times.extend(hostId, 'waiting', windowMs(event) + GRACE_MS);
    } else if (event.type === 'fleetwall.job.started') {
      this.#times.extend(hostId, 'begun', this.#options.timeoutMs);
    }
    this.#options.onEvent?.(event);
  }

  /** Until all have answered, or the time of all others is up. */
  async #wait(): Promise<void> {
    const { timeoutMs, lookBehind, signal } = this.#options;
    let latest = Date.now() + timeoutMs;
    if (this.#open.size > 0 && signal?.aborted !== true) {
      await this.#changeOr(Math.min(BEHIND_MS, timeoutMs));
      const late = [...this.#open].filter((host) => !this.#times.hasBegun(host));
      for (const [host, behind] of await findBehind(late, lookBehind, this.#over.signal)) {
        this.#times.give(host, behindMs(behind) + timeoutMs);
        this.#options.onBehind?.(host, behind);
      }
    }
    for (;;) {
      if (this.#deaf !== null) throw this.#deaf;
      if (signal?.aborted === true || this.#open.size === 0) return;
      const due = this.#times.last(this.#open, latest);
      if (due > Date.now()) {
        await this.#changeOr(due - Date.now());
        continue;
      }
      const began = Date.now();
      await this.#readToEnd();
      if (Date.now() - began < PROMPT_MS) {
        // What was read may have given a host more time.
        if (this.#times.last(this.#open, latest) <= Date.now()) return;
        continue;
      }
      // They were not heard meanwhile, and may have to come back themselves.
      this.#times.clear();
      latest = Date.now() + timeoutMs;
    }
  }

  /** Waits until all is read that is in the log now, for as long as that takes. */
  async #readToEnd(): Promise<void> {
    const { signal } = this.#options;
    this.#isMarkerRead = false;
    try {
      await this.#marker.publish(this.#link, signal);
    } catch (error) {
      // Who may not write there is not kept from an answer by that.
      if (error instanceof BrokerRefused || signal?.aborted === true) return;
      throw error;
    }
    while (!this.#isMarkerRead) {
      if (signal?.aborted === true) return;
      await this.#changeOr(LOOK_MS);
    }
  }

  #noteMarker(): void {
    this.#isMarkerRead = true;
    this.#wake();
  }

  async #changeOr(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
