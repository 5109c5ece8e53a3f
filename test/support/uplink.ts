import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestNamespace } from './namespace.ts';

const PORT = 5672;
/** Passes TCP connections on to a Unix socket, which can be reached from all network namespaces. */
const RELAY = `
const net = require('node:net');
net.createServer((client) => {
  const broker = net.connect(process.argv[1]);
  client.pipe(broker).pipe(client);
  client.on('error', () => broker.destroy()).on('close', () => broker.destroy());
  broker.on('error', () => client.destroy());
}).listen(${PORT}, '::', () => console.log('listening'));
`;

/** The only link from a namespace to the broker: what the rules of the namespace drop does not reach the broker. */
export class Uplink {
  readonly #name: string;
  readonly #path: string;
  #relay: ChildProcess;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(name: string, path: string, relay: ChildProcess, server: Server, sockets: Set<Socket>) {
    this.#name = name;
    this.#path = path;
    this.#relay = relay;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** Gives the namespace 10.77.0.2 and fd77::2; the broker is at 10.77.0.1 and fd77::1. */
  static async create(namespace: TestNamespace, brokerUrl: string): Promise<Uplink> {
    const id = randomBytes(3).toString('hex');
    const name = `fwt-up-${id}`;
    const path = join(tmpdir(), `fleetwall-uplink-${id}`);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const broker = connect(Number(new URL(brokerUrl).port), new URL(brokerUrl).hostname);
      for (const socket of [client, broker]) {
        sockets.add(socket);
        socket
          .on('error', () => {})
          .on('close', () => {
            sockets.delete(socket);
            client.destroy();
            broker.destroy();
          });
      }
      client.pipe(broker).pipe(client);
    });
    server.listen(path);
    await once(server, 'listening');
    await execa('ip', ['netns', 'add', name]);
    await execa('ip', [
      '-n',
      name,
      'link',
      'add',
      'link0',
      'type',
      'veth',
      'peer',
      'link0',
      'netns',
      namespace.name,
    ]);
    for (const [end, host] of [
      [name, 1],
      [namespace.name, 2],
    ] as const) {
      await execa('ip', ['-n', end, 'address', 'add', `10.77.0.${host}/30`, 'dev', 'link0']);
      await execa('ip', ['-n', end, 'address', 'add', `fd77::${host}/64`, 'dev', 'link0', 'nodad']);
      await execa('ip', ['-n', end, 'link', 'set', 'link0', 'up']);
    }
    const relay = await startRelay(name, path);
    return new Uplink(name, path, relay, server, sockets);
  }

  url(family: 'ipv4' | 'ipv6' = 'ipv4'): string {
    return `amqp://${family === 'ipv4' ? '10.77.0.1' : '[fd77::1]'}:${PORT}`;
  }

  /** Cuts the link: the broker cannot be reached any more. */
  async cut(): Promise<void> {
    this.#relay.kill('SIGKILL');
    for (const socket of this.#sockets) socket.destroy();
    if (this.#relay.exitCode === null && this.#relay.signalCode === null) await once(this.#relay, 'exit');
  }

  /** Repairs the link: the broker can be reached again. */
  async mend(): Promise<void> {
    this.#relay = await startRelay(this.#name, this.#path);
  }

  async remove(): Promise<void> {
    await this.cut();
    this.#server.close();
    await execa('ip', ['netns', 'delete', this.#name]);
  }
}

async function startRelay(name: string, path: string): Promise<ChildProcess> {
  const command = [`--net=/run/netns/${name}`, '--', process.execPath, '-e', RELAY, path];
  const relay = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(relay.stdout, 'data');
  return relay;
}
