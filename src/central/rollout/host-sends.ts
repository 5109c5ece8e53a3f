import type { FleetLink } from '../../broker/fleet-link.ts';
import type { RecordedMessage } from '../../contract/rollouts/rollout-events.ts';
import { hostKey, JOBS_EXCHANGE } from '../../contract/words/names.ts';
import { LONGEST_WAIT_MS } from '../../system/longest-wait.ts';

type Routed = Awaited<ReturnType<FleetLink['publish']>>;

/**
 * Tells hosts what they are to do, each one thing after the other. The broker may not take what is for a host, as while its queue is on a
 * node that is down: that is tried on, and holds up nobody else.
 */
export class HostSends {
  readonly #link: Pick<FleetLink, 'publish'>;
  readonly #onError: (error: unknown) => void;
  /** The last thing that each host is to be told, as long as the broker has not taken it. */
  readonly #open = new Map<string, Promise<void>>();

  /** @param onError called with what {@link FleetLink.publish} throws, but for the reason of a signal */
  constructor(link: Pick<FleetLink, 'publish'>, onError: (error: unknown) => void) {
    this.#link = link;
    this.#onError = onError;
  }

  /**
   * Tells a host something, once the broker has all that it was told before.
   *
   * @param signal gives it up
   * @param onTaken called once the broker has it
   */
  tell(host: string, message: RecordedMessage, signal: AbortSignal, onTaken: (routed: Routed) => void): void {
    const before = this.#open.get(host);
    const own = this.#publish(host, message, { before, signal, onTaken }).finally(() => {
      if (this.#open.get(host) === own) this.#open.delete(host);
    });
    this.#open.set(host, own);
  }

  /** Waits until the broker has what these hosts are to be told, but no longer than that. */
  async settle(hosts: Iterable<string>, ms: number): Promise<void> {
    const open = [...hosts].flatMap((host) => this.#open.get(host) ?? []);
    if (open.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const isUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(ms, LONGEST_WAIT_MS))));
    await Promise.race([Promise.all(open), isUp]);
    clearTimeout(timer);
  }

  async #publish(
    host: string,
    { jobId, contentType, body }: RecordedMessage,
    {
      before,
      signal,
      onTaken,
    }: { before: Promise<void> | undefined; signal: AbortSignal; onTaken: (routed: Routed) => void },
  ): Promise<void> {
    try {
      await before;
      const content = { body: Buffer.from(body, 'base64'), contentType, messageId: jobId };
      onTaken(await this.#link.publish({ exchange: JOBS_EXCHANGE, key: hostKey(host), ...content }, signal));
    } catch (error) {
      if (!signal.aborted) this.#onError(error);
    }
  }
}
