import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Classes and methods of AMQP 0-9-1 by their numbers: https://www.rabbitmq.com/amqp-0-9-1-reference */
const NAMES: Record<string, string> = {
  '20.10': 'channel.open',
  '40.10': 'exchange.declare',
  '50.10': 'queue.declare',
  '50.20': 'queue.bind',
  '50.50': 'queue.unbind',
  '60.20': 'basic.consume',
};
const HEADER_BYTES = 8;
const FRAME_BYTES = 8;
const METHOD_FRAME = 1;

/** A TCP proxy before the broker that counts what clients ask for, by connection. */
export class MethodProxy {
  /** Of each connection, in their order: how often each method was called. */
  readonly connections: Map<string, number>[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(brokerUrl: string): Promise<MethodProxy> {
    const { hostname, port } = new URL(brokerUrl);
    const server = createServer();
    const proxy = new MethodProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(Number(port), hostname)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `amqp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }

  #join(client: Socket, broker: Socket): void {
    const counts = new Map<string, number>();
    this.connections.push(counts);
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk) => to.write(chunk));
    }
    let rest = Buffer.alloc(0);
    let isBegun = false;
    client.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      if (!isBegun && rest.length >= HEADER_BYTES) {
        rest = rest.subarray(HEADER_BYTES);
        isBegun = true;
      }
      if (isBegun) rest = count(rest, counts);
    });
  }
}

/** @returns what is not yet a whole frame */
function count(bytes: Buffer, counts: Map<string, number>): Buffer<ArrayBuffer> {
  let rest = bytes;
  while (rest.length >= FRAME_BYTES && rest.length >= FRAME_BYTES + rest.readUInt32BE(3)) {
    const size = rest.readUInt32BE(3);
    if (rest.readUInt8(0) === METHOD_FRAME) {
      const name = NAMES[`${rest.readUInt16BE(7)}.${rest.readUInt16BE(9)}`];
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    rest = rest.subarray(FRAME_BYTES + size);
  }
  return Buffer.from(rest);
}
