import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `up` is the direction to the broker. A silent connection stays open, but hands nothing on. What is far takes long, each way. */
export type ProxyMode = 'pass' | 'silent' | 'silent-up' | 'silent-down' | 'slow' | 'far' | 'cut';

const SLOW_MS = 100;
const SLOW_BYTES = 512;
const FAR_MS = 120;
/** In mode `cut`, a connection is cut in the middle of the first chunk that is larger than this. */
const CUT_BYTES = 200;

/** Called for each connection; what it returns hears what the client sends, chunk by chunk. */
type Observe = () => (chunk: Buffer) => void;

/** A TCP proxy before the broker that can begin to misbehave at any moment, also with open connections. */
export class FaultProxy {
  mode: ProxyMode = 'pass';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  readonly #observe: Observe;

  private constructor(server: Server, observe: Observe) {
    this.#server = server;
    this.#observe = observe;
  }

  /** @param allowHalfOpen whether a silent connection that the client has ended is never ended from here: so it is with a broker that is stopped */
  static async start(
    brokerUrl: string,
    observe: Observe = () => () => {},
    allowHalfOpen = false,
  ): Promise<FaultProxy> {
    const { hostname, port } = new URL(brokerUrl);
    const server = createServer({ allowHalfOpen });
    const proxy = new FaultProxy(server, observe);
    server.on('connection', (client) =>
      proxy.#join(client, connect({ port: Number(port), host: hostname, allowHalfOpen })),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `amqp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.breakAll();
    this.#server.close();
  }

  #join(client: Socket, broker: Socket): void {
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('end', () => {
        if (!this.mode.startsWith('silent')) socket.end();
      });
      socket.on('close', () => {
        this.#sockets.delete(socket);
        // While the proxy is silent, the other side must not notice that a connection was closed.
        if (!this.mode.startsWith('silent')) this.#end(client, broker);
      });
    }
    client.on('data', this.#observe());
    client.on('data', (chunk) => this.#forward(chunk, 'silent-up', broker, client));
    broker.on('data', (chunk) => this.#forward(chunk, 'silent-down', client, broker));
  }

  #forward(chunk: Buffer, muteMode: ProxyMode, to: Socket, from: Socket): void {
    if (this.mode === 'silent' || this.mode === muteMode) return;
    if (this.mode === 'cut' && chunk.length > CUT_BYTES) {
      to.write(chunk.subarray(0, chunk.length / 2), () => this.#end(to, from));
      return;
    }
    if (this.mode === 'far') {
      setTimeout(() => to.write(chunk), FAR_MS);
      return;
    }
    if (this.mode !== 'slow') {
      to.write(chunk);
      return;
    }
    from.pause();
    to.write(chunk.subarray(0, SLOW_BYTES));
    setTimeout(() => {
      from.resume();
      if (chunk.length > SLOW_BYTES) this.#forward(chunk.subarray(SLOW_BYTES), muteMode, to, from);
    }, SLOW_MS);
  }

  #end(...sockets: Socket[]): void {
    for (const socket of sockets) socket.destroy();
  }
}
