import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { OTHER_ROOT, Rabbitmq, type RabbitmqOptions } from './rabbitmq.ts';

const EPMD = '/usr/bin/epmd';
const WHOLE_MS = 120_000;

/** RabbitMQ nodes that are one broker: its names, ports and data are nobody else's, and all of it goes with `stop`. */
export class RabbitmqCluster {
  readonly nodes: readonly Rabbitmq[];
  readonly #epmd: ChildProcess;

  private constructor(nodes: readonly Rabbitmq[], epmd: ChildProcess) {
    this.nodes = nodes;
    this.#epmd = epmd;
  }

  /**
   * @param size how many nodes
   * @param firstUid the user of the first node, the next one that of the second, and so on; by default, all are root's
   */
  static async start(
    size: number,
    options: RabbitmqOptions = {},
    firstUid: number | null = null,
  ): Promise<RabbitmqCluster> {
    const cookie = randomBytes(10).toString('hex');
    const [epmdPort = 0, ...ports] = await freePorts(size + 1);
    const epmd = spawn(EPMD, ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
    const start = async (port: number, index: number) => {
      const uid = firstUid === null ? {} : { uid: firstUid + index };
      return await Rabbitmq.start({ ...options, cluster: { cookie, epmdPort, port, ports, ...uid } });
    };
    // Those of RabbitMQ 4 agree on who begins, and wait for each other.
    if ((options.root ?? OTHER_ROOT) !== undefined)
      return new RabbitmqCluster(await Promise.all(ports.map(start)), epmd);
    const nodes: Rabbitmq[] = [];
    // One after the other: all at once, those of RabbitMQ 3 might each begin alone.
    for (const [index, port] of ports.entries()) nodes.push(await start(port, index));
    return new RabbitmqCluster(nodes, epmd);
  }

  /** The addresses of all nodes, as a worker takes them. */
  get url(): string {
    return this.nodes.map(({ url }) => url).join(',');
  }

  /** Waits until each queue and stream has a copy that works on each node. */
  async untilWhole(): Promise<void> {
    const deadline = Date.now() + WHOLE_MS;
    for (;;) {
      const missing = await this.#missingCopies().catch((error: unknown) => String(error));
      if (missing === '') return;
      if (Date.now() > deadline) throw new Error(`the cluster is not whole again:\n${missing}`);
      await sleep(1_000);
    }
  }

  async #missingCopies(): Promise<string> {
    const [first] = this.nodes;
    const list = async (...words: string[]) =>
      (await first?.ctl('--silent', 'list_queues', ...words))?.split('\n') ?? [];
    // Those that have no leader are not in the list of the others.
    const without = (await list('--offline', 'name')).filter((line) => line !== '');
    const lines = (await list('name', 'type', 'online')).filter((line) => /\t(quorum|stream)\t/.test(line));
    const short = lines.filter((line) => line.split('@').length <= this.nodes.length);
    return [...without, ...short].join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node.stop()));
    this.#epmd.kill('SIGKILL');
  }
}
