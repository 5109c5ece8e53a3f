import * as z from 'zod';
import { parseNetwork } from '../../list/network.ts';
import { readGoDuration } from './read-duration.ts';

const TIMEOUT_MS = 30_000;
/** What else is decided, such as a captcha, cannot be done by refusing packets. */
const BAN = 'ban';
const SCOPES = new Set(['ip', 'range']);

const Decision = z.object({
  scope: z.string(),
  value: z.string(),
  type: z.string(),
  duration: z.string(),
});
const Answer = z.object({ new: z.array(Decision).nullish(), deleted: z.array(Decision).nullish() });

/** That an address or a network is to be refused until a time, in milliseconds since 1970. */
export interface Ban {
  entry: string;
  until: number;
}

/** What is new since the last look, or all there is. */
export interface Pulled {
  bans: Ban[];
  /**
   * Addresses and networks that are banned no more. CrowdSec has an id for each decision, and of several about the same address tells only
   * the longest, when they come as when they end: so its ids say nothing here.
   */
  lifted: string[];
  /** Values that cannot be taken, each with the reason. */
  odd: string[];
}

/** CrowdSec could not be asked. */
export class SourceAway extends Error {
  override readonly name = 'SourceAway';
  /** It does not know the key. */
  readonly isRefusal: boolean;

  constructor(message: string, isRefusal: boolean) {
    super(message);
    this.isRefusal = isRefusal;
  }
}

/** The local API of a CrowdSec, as a bouncer sees it. */
export class CrowdSec {
  readonly #url: string;
  readonly #key: string;

  /** @param url its address, such as `http://127.0.0.1:8080` */
  constructor(url: string, key: string) {
    this.#url = `${url.replace(/\/+$/, '')}/v1/decisions/stream`;
    this.#key = key;
  }

  /**
   * Asks for decisions. What is new, CrowdSec tells once: after an answer that was lost, all have to be asked for.
   *
   * @throws {SourceAway} what the signal was aborted with
   */
  async pull(isWhole: boolean, signal: AbortSignal | undefined): Promise<Pulled> {
    const { status, text } = await this.#get(isWhole, signal);
    if (status !== 200) {
      const isRefusal = status === 401 || status === 403;
      const why = isRefusal ? 'does not know this key (cscli bouncers add)' : `answers with status ${status}`;
      throw new SourceAway(`${this.#url} ${why}`, isRefusal);
    }
    const { data } = Answer.safeParse(parse(text));
    if (data === undefined)
      throw new SourceAway(`${this.#url} answers with something else than decisions`, false);
    return readDecisions(data, Date.now());
  }

  async #get(isWhole: boolean, signal: AbortSignal | undefined): Promise<{ status: number; text: string }> {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const answer = await fetch(`${this.#url}${isWhole ? '?startup=true' : ''}`, {
        // The key is for this address, and for no other that it may point to.
        redirect: 'error',
        headers: { 'x-api-key': this.#key },
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      signal?.throwIfAborted();
      const { cause, message } = error as Error;
      throw new SourceAway(
        `${this.#url} does not answer: ${cause instanceof Error ? cause.message : message}`,
        false,
      );
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readDecisions(answer: z.infer<typeof Answer>, nowMs: number): Pulled {
  const pulled: Pulled = { bans: [], lifted: [], odd: [] };
  for (const { value } of (answer.deleted ?? []).filter(isBan)) {
    const network = parseNetwork(value);
    if (typeof network !== 'string') pulled.lifted.push(network.text);
  }
  for (const { value, duration } of (answer.new ?? []).filter(isBan)) {
    const network = parseNetwork(value);
    const leftMs = readGoDuration(duration);
    if (typeof network === 'string') pulled.odd.push(`${value} ${network}`);
    else if (leftMs === null) pulled.odd.push(`${value} is for ${duration}, which is no duration`);
    else pulled.bans.push({ entry: network.text, until: nowMs + leftMs });
  }
  return pulled;
}

function isBan({ type, scope }: z.infer<typeof Decision>): boolean {
  return type.toLowerCase() === BAN && SCOPES.has(scope.toLowerCase());
}
