import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { Rabbitmq, type RabbitmqOptions } from './rabbitmq.ts';

const EPMD = '/usr/bin/epmd';

/** RabbitMQ nodes that are one broker: its names, ports and data are nobody else's, and all of it goes with `stop`. */
export class RabbitmqCluster {
  readonly nodes: readonly Rabbitmq[];
  readonly #home: string;
  readonly #epmd: ChildProcess;

  private constructor(nodes: readonly Rabbitmq[], home: string, epmd: ChildProcess) {
    this.nodes = nodes;
    this.#home = home;
    this.#epmd = epmd;
  }

  /** @param size how many nodes */
  static async start(size: number, options: RabbitmqOptions = {}): Promise<RabbitmqCluster> {
    const home = await mkdtemp(join(tmpdir(), 'fleetwall-cluster-'));
    const [epmdPort = 0, ...ports] = await freePorts(size + 1);
    const epmd = spawn(EPMD, ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
    const nodes: Rabbitmq[] = [];
    // One after the other: all at once, they might each begin alone.
    for (const port of ports) {
      nodes.push(await Rabbitmq.start({ ...options, cluster: { home, epmdPort, port, ports } }));
    }
    return new RabbitmqCluster(nodes, home, epmd);
  }

  /** The addresses of all nodes, as a worker takes them. */
  get url(): string {
    return this.nodes.map(({ url }) => url).join(',');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node.stop()));
    this.#epmd.kill('SIGKILL');
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
