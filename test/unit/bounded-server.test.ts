import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { boundedServer } from '../../src/system/bounded-server.ts';

const GET = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';
const LIVE = GET.replace('/', '/live');
const PATIENCE = { timeout: 20_000 };
const sockets: Socket[] = [];
let server: Server;

/** Answers nothing but `/`: what is asked by another path goes on. */
async function open(most: number): Promise<number> {
  server = boundedServer(most, ({ url }: IncomingMessage, response: ServerResponse) => {
    if (url === '/') response.end('answered');
    else response.write('goes on');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

interface Guest {
  socket: Socket;
  said: string;
}

/** Resolves once the server has it. */
async function join(port: number, text = ''): Promise<Guest> {
  const arrived = once(server, 'connection');
  const guest = { socket: connect({ host: '127.0.0.1', port }), said: '' };
  sockets.push(guest.socket);
  guest.socket.on('error', () => {});
  guest.socket.on('data', (part: Buffer) => (guest.said += String(part)));
  guest.socket.write(text);
  await arrived;
  return guest;
}

const answer = async (guest: Guest, text: string) =>
  await expect.poll(() => guest.said, PATIENCE).toContain(text);
const end = async ({ socket }: Guest) => await expect.poll(() => socket.closed, PATIENCE).toBe(true);

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
});

it('closes of connections that say nothing the first, for one more', async () => {
  const port = await open(3);
  const [first, second] = [await join(port), await join(port), await join(port)];
  const fourth = await join(port, GET);
  await end(first);
  await answer(fourth, 'answered');
  expect(second.socket.closed).toBe(false);
});

it('keeps one that is being answered, and closes one that has not asked all', async () => {
  const port = await open(3);
  const live = await join(port, LIVE);
  await answer(live, 'goes on');
  const slow = await join(port, 'POST /form HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf');
  await answer(slow, 'goes on');
  const answered = await join(port, GET);
  await answer(answered, 'answered');
  await join(port);
  await end(slow);
  await join(port);
  await end(answered);
  expect(live.socket.closed).toBe(false);
});

it('closes the first of all where all are being answered', async () => {
  const port = await open(2);
  const [first, second] = [await join(port, LIVE), await join(port, LIVE)];
  await answer(first, 'goes on');
  await answer(second, 'goes on');
  const third = await join(port, GET);
  await end(first);
  await answer(third, 'answered');
  expect(second.socket.closed).toBe(false);
});
