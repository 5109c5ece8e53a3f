import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

const REQUEST_MS = 10_000;
/** How often Node looks for requests that take too long; by default, every 30 s. */
const LOOK_MS = 2_000;

/**
 * Makes an HTTP server of which nobody keeps others out by connections that say nothing, or not all: a request has to be there within ten
 * seconds, and where there is no room for a new connection, another one is closed for it.
 *
 * @param most so many connections are open at a time
 */
export function boundedServer(most: number, listener: RequestListener): Server {
  const server = createServer({ connectionsCheckingInterval: LOOK_MS }, listener);
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  leaveRoom(server, most);
  return server;
}

/** Of those that wait for no answer, the one that was opened first is closed; if there is none, the first of all. */
function leaveRoom(server: Server, most: number): void {
  /** In the order in which they were opened, with what was asked last and is not answered yet. */
  const open = new Map<Socket, IncomingMessage | null>();
  server.on('connection', (socket) => {
    const leaving = open.size < most ? undefined : oldestOf(open);
    if (leaving !== undefined) {
      open.delete(leaving);
      leaving.destroy();
    }
    open.set(socket, null);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    if (open.has(socket)) open.set(socket, request);
    response.once('close', () => {
      if (open.get(socket) === request) open.set(socket, null);
    });
  });
}

function oldestOf(open: ReadonlyMap<Socket, IncomingMessage | null>): Socket | undefined {
  for (const [socket, request] of open) if (request?.complete !== true) return socket;
  const [oldest] = open.keys();
  return oldest;
}
