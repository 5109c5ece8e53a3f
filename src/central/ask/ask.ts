import { NoAnswer, within } from '../../broker/connection/within.ts';
import type { FleetLink } from '../../broker/fleet-link.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { JOBS_EXCHANGE } from '../../contract/words/names.ts';
import { LONGEST_WAIT_MS } from '../../system/longest-wait.ts';
import { isFleetEvent } from '../log/event-reader.ts';
import { LogEnd } from '../log/log-end.ts';
import { windowMs } from '../log/window.ts';
import type { AddressedMessage } from '../messages/addressed-message.ts';
import type { JobAsks } from '../messages/messages.ts';
import { AnswerTimes } from './answer-times.ts';
import type { AskOptions } from './ask-options.ts';
import { behindMs, findBehind } from './behind.ts';
import { JobSender } from './job-sender.ts';
import { listen } from './listen.ts';
import { isOfJob } from './of-job.ts';
import type { HostAnswer, HostAnswers } from './options.ts';
import { isRefusal } from './refusal.ts';

/** In the routing key of each event of a job. */
const JOB_EVENTS = '.job.';
/** For what an end needs on its way after a window of confirmation. */
const GRACE_MS = 10_000;
/** What a queue needs at most that finds a new leader after a node of the broker is gone. */
const FAILOVER_MS = 15_000;
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
  readonly #options: AskOptions;
  /** What each asks for, as far as that is known. */
  readonly #jobs: ReadonlyMap<string, JobAsks | undefined>;
  readonly #answers: HostAnswers = new Map();
  /** Those who have not answered. */
  readonly #open: Set<string>;
  readonly #sender: JobSender;
  readonly #times = new AnswerTimes();
  readonly #logEnd: LogEnd;
  /** Why the log cannot be read. */
  #deaf: Error | null = null;
  #lastSignMs = 0;
  #wake: () => void = () => {};
  /** Aborted when nothing is waited for any more. */
  readonly #over = new AbortController();

  constructor(link: FleetLink, messages: readonly AddressedMessage[], options: AskOptions) {
    this.#link = link;
    this.#logEnd = new LogEnd(link);
    this.#options = options;
    this.#jobs = new Map(messages.map(({ message }) => [message.jobId, message.asks]));
    this.#open = new Set(messages.flatMap(({ hosts }) => hosts));
    const { exchange = JOBS_EXCHANGE, signal } = options;
    // To a single host, that nobody takes it is an answer at once.
    const onUnroutable = (hosts: readonly string[]) => {
      for (const host of hosts) this.#answer(host, { end: 'unroutable', result: null });
    };
    const over = this.#over.signal;
    const lastSignMs = () => this.#lastSignMs;
    this.#sender = new JobSender(link, messages, { exchange, signal, over, lastSignMs, onUnroutable });
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
      await this.#wait(await this.#send());
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await stopListening();
    }
    signal?.throwIfAborted();
    for (const host of this.#open) {
      const isTaken = this.#sender.isTaken(host);
      this.#answers.set(host, { end: 'silent', result: null, ...(isTaken ? {} : { untaken: true }) });
    }
    return this.#answers;
  }

  async #listen(): Promise<() => Promise<void>> {
    const { known, reader, signal } = this.#options;
    return await listen(this.#link, {
      start: known?.start ?? null,
      onMessage: (message) => {
        this.#logEnd.take(message);
        if (!message.key.includes(JOB_EVENTS)) return;
        const event = reader.read(message);
        if (event !== null && isFleetEvent(event)) this.#take(event);
      },
      onReopened: () => void this.#sender.send(this.#answers).catch(() => {}),
      onDeaf: (error) => {
        this.#deaf = error;
        this.#end(error);
      },
      signal,
    });
  }

  /**
   * Sends it, to the end where it is the broker that does not answer. Where the broker works, and does not take what is for some, it is
   * given up when their time is over, and the others are not held up for longer.
   *
   * @returns whether the broker has it all
   */
  async #send(): Promise<boolean> {
    const sending = this.#sender.send(this.#answers);
    const limitMs = Math.max(this.#options.timeoutMs, FAILOVER_MS);
    for (;;) {
      try {
        await within(limitMs, async () => await sending);
        return true;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
      if (await this.#logEnd.reach(this.#over.signal)) break;
    }
    this.#sender.giveUp();
    await sending;
    return false;
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
    const asks = this.#jobs.get(event.subject);
    if (asks !== undefined && !isOfJob(event, asks)) return;
    const { hostId } = event.data;
    // The first of a host: what it says later shows nothing of the others.
    if (this.#open.has(hostId) && !this.#times.hasBegun(hostId)) this.#lastSignMs = performance.now();
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
  async #wait(isSent: boolean): Promise<void> {
    const { timeoutMs, signal } = this.#options;
    // Where some of it was given up, all had that time.
    let latest = Date.now() + (isSent ? timeoutMs : 0);
    if (this.#open.size > 0 && signal?.aborted !== true) await this.#lookBehind();
    for (;;) {
      if (this.#deaf !== null) throw this.#deaf;
      if (signal?.aborted === true || this.#open.size === 0) return;
      const due = this.#times.last(this.#open, latest);
      if (due > Date.now()) {
        await this.#changeOr(due - Date.now());
        continue;
      }
      if (await this.#logEnd.reach(this.#over.signal)) {
        // What was read may have given a host more time, and it may have ended because the log cannot be read any more.
        if (this.#deaf === null && this.#times.last(this.#open, latest) <= Date.now()) return;
        continue;
      }
      // They were not heard meanwhile, and may have to come back themselves.
      this.#times.clear();
      latest = Date.now() + timeoutMs;
    }
  }

  /** Gives those time that have not begun after a moment, as others' jobs wait there. */
  async #lookBehind(): Promise<void> {
    const { timeoutMs, lookBehind, onBehind } = this.#options;
    await this.#changeOr(Math.min(BEHIND_MS, timeoutMs));
    const late = [...this.#open].filter((host) => !this.#times.hasBegun(host));
    for (const [host, behind] of await findBehind(late, lookBehind, this.#over.signal)) {
      this.#times.give(host, behindMs(behind) + timeoutMs);
      onBehind?.(host, behind);
    }
  }

  async #changeOr(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, LONGEST_WAIT_MS));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
