import { BrokerUnreachable } from '../broker/connection/broker-errors.ts';
import type { Operator } from './ask/operator.ts';
import { ClientClosed } from './messages/errors.ts';

interface Abortable {
  signal?: AbortSignal | undefined;
}

/** What a client is asked for. When it is closed, what is under way ends, and nothing begins any more. */
export class OpenCalls {
  readonly #operator: Operator;
  readonly #ends = new Set<AbortController>();
  #isClosed = false;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  /** @throws {ClientClosed}; what the work throws */
  async run<A extends readonly unknown[], O extends Abortable, T>(
    work: (operator: Operator, ...args: [...A, O]) => Promise<T>,
    args: readonly [...A],
    options: O,
  ): Promise<T> {
    const { signal, done } = this.#begin(options);
    try {
      return await work(this.#operator, ...args, { ...options, signal });
    } catch (error) {
      throw this.#isClosed && error instanceof BrokerUnreachable ? closed(error) : error;
    } finally {
      done();
    }
  }

  /** As {@link run}, for what comes bit by bit. */
  async *iterate<T>(
    options: Abortable,
    work: (operator: Operator, signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const { signal, done } = this.#begin(options);
    try {
      yield* work(this.#operator, signal);
    } catch (error) {
      throw this.#isClosed && error instanceof BrokerUnreachable ? closed(error) : error;
    } finally {
      done();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#ends) end.abort(closed());
    await this.#operator.link.close();
  }

  /** Each has a signal of its own: what hangs on one that lives as long as the client would be kept as long. */
  #begin({ signal }: Abortable): { signal: AbortSignal; done: () => void } {
    if (this.#isClosed) throw closed();
    const end = new AbortController();
    this.#ends.add(end);
    const signals = signal === undefined ? [end.signal] : [signal, end.signal];
    return { signal: AbortSignal.any(signals), done: () => this.#ends.delete(end) };
  }
}

function closed(cause?: Error): ClientClosed {
  return new ClientClosed(
    'the client was closed: connect again with FleetClient.connect, and pick up what was sent with job(ID)',
    cause === undefined ? {} : { cause },
  );
}
