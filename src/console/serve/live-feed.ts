import type { ServerResponse } from 'node:http';

/** So much may wait for one page; one that takes it slower is closed, connects again, and begins with what is then. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
const MOST_PAGES = 128;
const KEEP_ALIVE_MS = 15_000;

/** What goes to all pages as it comes: server-sent events. */
export class LiveFeed {
  readonly #pages = new Set<ServerResponse>();
  readonly #timer = setInterval(() => this.#write(':\n\n'), KEEP_ALIVE_MS).unref();

  get size(): number {
    return this.#pages.size;
  }

  /** @returns whether there was room for one more */
  add(response: ServerResponse, first: { event: string; data: unknown }): boolean {
    if (this.#pages.size >= MOST_PAGES) return false;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    response.write(asText(first.event, first.data));
    this.#pages.add(response);
    response.once('close', () => this.#pages.delete(response));
    return true;
  }

  send(event: string, data: unknown): void {
    if (this.#pages.size > 0) this.#write(asText(event, data));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const page of this.#pages) page.end();
  }

  #write(text: string): void {
    for (const page of this.#pages) {
      if (page.writableLength > MOST_WAITING_BYTES) page.destroy();
      else page.write(text);
    }
  }
}

function asText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
