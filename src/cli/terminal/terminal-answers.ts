import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadStream, WriteStream } from 'node:tty';
import type { Answer, Answerable, Answers } from '../../job/ports/confirmation.ts';
import { monotonicMs } from '../../job/time/monotonic.ts';

/** There is nobody who could be asked. */
export class NoTerminal extends Error {
  override readonly name = 'NoTerminal';
}

const TERMINAL = '/dev/tty';
const YES = /^y(es)?$/i;

/** Asks the person at the terminal. Anything but a yes is a no, and so is a terminal that goes away. */
export class TerminalAnswers implements Answers {
  readonly resumable = false;
  readonly #descriptor: number;
  readonly #gone = new AbortController();

  /** @throws {NoTerminal} */
  constructor() {
    try {
      this.#descriptor = openSync(TERMINAL, 'r+');
    } catch (error) {
      throw new NoTerminal('there is no terminal at which to ask: choose --confirm probe or none', {
        cause: error,
      });
    }
    // What is under way is not ended by them: it is answered with a no once it can be.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#gone.abort());
    }
  }

  expect(): void {
    // The question itself is all there is to be answered.
  }

  forget(): void {
    // Once it is asked, somebody has to answer it.
  }

  async wait(_: Answerable, deadlineMs: number): Promise<Answer> {
    const leftMs = Math.max(0, deadlineMs - monotonicMs());
    const input = new ReadStream(this.#descriptor);
    const output = new WriteStream(this.#descriptor);
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#gone.signal]);
    input.on('error', () => this.#gone.abort());
    output.on('error', () => this.#gone.abort());
    // Without its own editing of lines, which fails loudly at a terminal that is gone.
    const lines = createInterface({ input, output, terminal: false });
    lines.on('error', () => this.#gone.abort());
    try {
      const question = `Applied. Keep it? Without a yes it is taken back in ${Math.round(leftMs / 1000)} s [y/N]: `;
      return await Promise.race([
        lines
          .question(question, { signal })
          .then((text): Answer => (YES.test(text.trim()) ? 'confirm' : 'abort')),
        once(lines, 'close', { signal }).then((): Answer => 'abort'),
        sleep(leftMs, 'none' as const, { signal }),
      ]);
    } catch {
      return 'abort';
    } finally {
      over.abort();
      lines.close();
      input.destroy();
      output.destroy();
    }
  }
}
