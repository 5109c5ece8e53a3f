import { once } from 'node:events';
import { createServer } from 'node:net';

/** The ports that were given before: whoever got one may not listen on it yet, so it is not given again. */
const given = new Set<number>();

/** Ports of the loopback address that nobody listens on now, and that were not given before. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await once(server.close(), 'close');
    if (given.has(port)) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] ?? 0;
}
