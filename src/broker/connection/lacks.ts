import type { Log } from '../../job/ports/log.ts';
import { explainRefusal } from './explain-refusal.ts';

/**
 * What a worker that is connected does not get from its broker, by name, with the reason. Each lack is logged once when it begins
 * and once when it is over, however often it is tried meanwhile.
 */
export class Lacks {
  readonly #log: Log;
  readonly #reasons = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param what such as `the queue fleetwall.host.web-1` */
  begin(what: string, error: unknown): void {
    const reason = error instanceof Error ? explainRefusal(error).message : String(error);
    if (!this.#reasons.has(what)) {
      this.#log.warn(
        { lacking: what, reason },
        'The broker is connected, but something that the worker needs of it is not to be had',
      );
    }
    this.#reasons.set(what, reason);
  }

  end(what: string): void {
    if (this.#reasons.delete(what))
      this.#log.info({ lacking: what }, 'What was lacking at the broker is there again');
  }

  /** Why it is lacking; `null`: it is not. */
  reason(what: string): string | null {
    return this.#reasons.get(what) ?? null;
  }

  /** The lost connection is told of by itself, and the next one begins anew. */
  forget(): void {
    this.#reasons.clear();
  }

  get all(): Record<string, string> {
    return Object.fromEntries(this.#reasons);
  }
}
