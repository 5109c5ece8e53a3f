import { FaultProxy } from './fault-proxy.ts';

/** Classes and methods of AMQP 0-9-1 by their numbers: https://www.rabbitmq.com/amqp-0-9-1-reference */
const NAMES: Record<string, string> = {
  '20.10': 'channel.open',
  '20.40': 'channel.close',
  '40.10': 'exchange.declare',
  '50.10': 'queue.declare',
  '50.20': 'queue.bind',
  '50.50': 'queue.unbind',
  '60.20': 'basic.consume',
  '60.70': 'basic.get',
};
const HEADER_BYTES = 8;
const FRAME_BYTES = 8;
const METHOD_FRAME = 1;

/** A TCP proxy before the broker that counts what clients ask for, by connection. */
export class MethodProxy {
  /** Of each connection, in their order: how often each method was called. */
  readonly connections: Map<string, number>[];
  readonly #proxy: FaultProxy;

  private constructor(proxy: FaultProxy, connections: Map<string, number>[]) {
    this.#proxy = proxy;
    this.connections = connections;
  }

  static async start(brokerUrl: string): Promise<MethodProxy> {
    const connections: Map<string, number>[] = [];
    const proxy = await FaultProxy.start(brokerUrl, () => {
      const counts = new Map<string, number>();
      connections.push(counts);
      return counter(counts);
    });
    return new MethodProxy(proxy, connections);
  }

  get url(): string {
    return this.#proxy.url;
  }

  /** Breaks all connections. */
  cut(): void {
    this.#proxy.breakAll();
  }

  stop(): void {
    this.#proxy.stop();
  }
}

/** Counts the methods in what a client sends after the header of the protocol. */
function counter(counts: Map<string, number>): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isBegun = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isBegun && rest.length >= HEADER_BYTES) {
      rest = rest.subarray(HEADER_BYTES);
      isBegun = true;
    }
    if (isBegun) rest = count(rest, counts);
  };
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
