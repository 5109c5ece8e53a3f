import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { Log } from '../job/ports/log.ts';
import { BackOff } from '../job/time/back-off.ts';
import { abortable } from './connection/abortable.ts';
import { BrokerUnreachable } from './connection/broker-errors.ts';
import { explainRefusal } from './connection/explain-refusal.ts';
import { ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED, replyCode } from './connection/reply-codes.ts';
import { dropConnection, isOpen } from './connection/socket.ts';
import { declareForOperators } from './connection/topology.ts';
import { untilLost } from './connection/until-lost.ts';
import { NoAnswer, within } from './connection/within.ts';
import type { StreamSource } from './stream-source.ts';

/** A node that waits for a decision of the others may give no answer at all: then it is tried beside that. */
const SOURCE_MS = 4_000;
/** So many refusals may be had in a row: a node without a copy of the event log may just have been started. */
const MOST_REFUSED = 10;
/**
 * After so many tries without an answer, another node may give one. While a node hangs, the others may need twice the time of Erlang's
 * `net_setuptime` for an answer, 14 s in all by default.
 */
const TRIES_A_NODE = 4;
const LONGEST_PAUSE_MS = 2_000;
const REFUSED_PAUSE_MS = 10_000;

interface KeptSource {
  source: StreamSource;
  /** Called when it is read over another connection. */
  onReopened: () => void;
  isOpening: boolean;
}

/** What is read of the event log, opened anew over each connection. */
export class LogReaders {
  readonly #connected: () => Promise<ChannelModel>;
  readonly #log: Log;
  readonly #sources = new Set<KeptSource>();

  /** @param connected resolves to the connection, once there is one; rejects if there will be none */
  constructor(connected: () => Promise<ChannelModel>, log: Log) {
    this.#connected = connected;
    this.#log = log;
  }

  async add(
    source: StreamSource,
    onReopened: () => void,
    signal?: AbortSignal,
  ): Promise<() => Promise<void>> {
    const kept: KeptSource = { source, onReopened, isOpening: false };
    this.#sources.add(kept);
    source.onLost(() => {
      if (this.#sources.has(kept) && !kept.isOpening) void this.#reopen(kept);
    });
    try {
      await abortable(this.#openSource(kept), signal);
    } catch (error) {
      this.#sources.delete(kept);
      await source.close();
      throw explainRefusal(error as Error);
    }
    return async () => {
      this.#sources.delete(kept);
      await source.close();
    };
  }

  /** To be called with each new connection. */
  reopen(): void {
    for (const kept of this.#sources) if (!kept.isOpening) void this.#reopen(kept);
  }

  /**
   * Begins to read, for as long as it takes: the event log cannot be had while it has no leader, and messages can be published all the
   * same.
   *
   * @throws {BrokerUnreachable} if this link is closed
   * @throws {Error} what the broker said, if it does not let the user read, or no node has a copy of the event log
   */
  async #openSource(kept: KeptSource): Promise<void> {
    const pause = new BackOff({ longestMs: LONGEST_PAUSE_MS });
    let [refused, unanswered] = [0, 0];
    let earlier = { model: null as ChannelModel | null, tries: [] as Promise<void>[] };
    kept.isOpening = true;
    try {
      while (this.#sources.has(kept)) {
        const model = await this.#connected();
        if (earlier.model !== model) earlier = { model, tries: [] };
        const opening = openSource(kept.source, model);
        const any = Promise.race([opening, ...earlier.tries]);
        try {
          await untilLost(
            model,
            within(SOURCE_MS, async () => await any),
          );
          if (kept.source.isRead) return;
          earlier.tries = [];
        } catch (error) {
          // It may be answered yet; that it failed, only a later one tells.
          earlier.tries.push(opening.catch(async () => await new Promise<never>(() => {})));
          const isAnswer = !(error instanceof NoAnswer) && isOpen(model);
          if (isAnswer) refused += 1;
          else unanswered += 1;
          if (replyCode(error) === ACCESS_REFUSED || refused > MOST_REFUSED) throw error;
          // Another node may have a copy of the event log, or answer.
          if (replyCode(error) === PRECONDITION_FAILED || (!isAnswer && unanswered % TRIES_A_NODE === 0))
            dropConnection(model);
        }
        await sleep(pause.next());
      }
    } finally {
      kept.isOpening = false;
    }
  }

  /** Whoever reads waits for what comes: so it is tried until it succeeds, or nobody wants it any more. */
  async #reopen(kept: KeptSource): Promise<void> {
    while (this.#sources.has(kept)) {
      try {
        await this.#openSource(kept);
        if (this.#sources.has(kept)) kept.onReopened();
        return;
      } catch (error) {
        if (error instanceof BrokerUnreachable) return;
        this.#log.warn({ error }, 'Cannot read the event log now: it is tried again');
        await sleep(REFUSED_PAUSE_MS, undefined, { ref: false });
      }
    }
  }
}

/** @throws {Error} what the broker said */
async function openSource(source: StreamSource, model: ChannelModel): Promise<void> {
  try {
    await source.open(model);
  } catch (error) {
    if (replyCode(error) !== NOT_FOUND) throw error;
    await declareForOperators(model);
    await source.open(model);
  }
}
