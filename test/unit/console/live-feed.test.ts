import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveFeed } from '../../../src/console/serve/live-feed.ts';

const MOST_PAGES = 128;
/** Of which a page that reads nothing gets no more than what the kernel holds for it. */
const CHANGES = 'x'.repeat(512 * 1024);
const TIMES = 64;

describe('what goes to all pages as it comes', () => {
  let feed: LiveFeed;
  let server: Server;
  const open: IncomingMessage[] = [];

  beforeEach(async () => {
    feed = new LiveFeed();
    server = createServer((_, response) => {
      if (!feed.add(response, { event: 'source', data: {} })) response.writeHead(503).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    feed.close();
    for (const response of open.splice(0)) response.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function follow(): Promise<IncomingMessage> {
    const { port } = server.address() as { port: number };
    const [response] = (await once(get({ port, agent: false }), 'response')) as [IncomingMessage];
    open.push(response);
    response.on('error', () => {});
    return response;
  }

  it('is not kept for a page that does not take it: that one is closed, and the others go on', async () => {
    const slow = await follow();
    slow.pause();
    const quick = await follow();
    let heard = 0;
    quick.on('data', (part: Buffer) => (heard += part.byteLength));
    for (let time = 0; time < TIMES; time += 1) {
      feed.send('changes', CHANGES);
      await vi.waitFor(() => expect(heard).toBeGreaterThan((time + 1) * CHANGES.length));
    }
    expect(feed.size).toBe(1);
    expect(quick.destroyed).toBe(false);
  });

  it('is for so many pages, and one that goes makes room', async () => {
    const pages = await Promise.all(Array.from({ length: MOST_PAGES }, follow));
    expect(new Set(pages.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    expect((await follow()).statusCode).toBe(503);
    pages[0]?.destroy();
    await vi.waitFor(() => expect(feed.size).toBe(MOST_PAGES - 1));
    expect((await follow()).statusCode).toBe(200);
  });

  it('is what was said, and each in one piece', async () => {
    const page = await follow();
    let text = '';
    page.on('data', (part: Buffer) => (text += part.toString()));
    feed.send('changes', { says: 'two\nlines: data: x\n\n' });
    const wanted =
      'event: source\ndata: {}\n\nevent: changes\ndata: {"says":"two\\nlines: data: x\\n\\n"}\n\n';
    await vi.waitFor(() => expect(text).toBe(wanted));
  });
});
