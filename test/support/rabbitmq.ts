import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { freePort, freePorts } from './free-ports.ts';

/** Not Debian's wrapper of the same name, as that changes to the user rabbitmq and to its folders. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CTL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const EPMD = '/usr/bin/epmd';
const START_MS = 90_000;

export interface RabbitmqOptions {
  /** The address to listen on. */
  address?: string;
  /** Whether it goes on running when this process ends. */
  detached?: boolean;
  /** The plugins to enable; by default none. */
  plugins?: readonly string[];
  /** Gives more lines of its configuration; it can ask for free ports for them. */
  configure?: (freePort: () => Promise<number>) => Promise<string[]>;
}

/** A RabbitMQ node for one test, with its own name, ports and data. `stop` removes everything. */
export class Rabbitmq {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #detached: boolean;
  readonly #epmd: ChildProcess;
  #server: ChildProcess;
  readonly url: string;

  private constructor(folder: string, environment: NodeJS.ProcessEnv, url: string, detached: boolean) {
    this.#folder = folder;
    this.#environment = environment;
    this.#detached = detached;
    this.url = url;
    const epmdPort = environment['ERL_EPMD_PORT'] ?? '';
    this.#epmd = this.#spawn(EPMD, ['-port', epmdPort, '-address', '127.0.0.1']);
    this.#server = this.#spawn(SERVER, []);
  }

  static async start({
    address = '127.0.0.1',
    detached = false,
    plugins = [],
    configure = async () => [],
  }: RabbitmqOptions = {}): Promise<Rabbitmq> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-rabbitmq-'));
    const [amqp, distribution, epmd] = await freePorts(3);
    await writeFile(
      join(folder, 'rabbitmq.conf'),
      [
        `listeners.tcp.1 = ${address}:${amqp}`,
        'loopback_users = none',
        'disk_free_limit.absolute = 50MB',
        ...(await configure(freePort)),
        '',
      ].join('\n'),
    );
    await writeFile(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`);
    const environment = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: folder,
      RABBITMQ_NODENAME: `fleetwall-${amqp}@localhost`,
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
    const node = new Rabbitmq(folder, environment, `amqp://${address}:${amqp}`, detached);
    await node.#ready();
    return node;
  }

  get pids(): number[] {
    return [this.#server.pid, this.#epmd.pid].filter((pid) => pid !== undefined);
  }

  get folder(): string {
    return this.#folder;
  }

  /** Runs `rabbitmqctl` on this node. */
  async ctl(...args: string[]): Promise<void> {
    const child = this.#spawn(CTL, args);
    const [status] = (await once(child, 'exit')) as [number | null];
    if (status !== 0)
      throw new Error(`rabbitmqctl ${args.join(' ')} ended with ${status}: see ${this.#folder}/output.log`);
  }

  /** Kills the node as a power cut would: it says nothing to its clients. */
  async kill(): Promise<void> {
    await end(this.#server, 'SIGKILL');
  }

  /** Sends a signal to the server and to all processes that it has started. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-(this.#server.pid ?? 0), signal);
  }

  async restart(): Promise<void> {
    this.#server = this.#spawn(SERVER, []);
    await this.#ready();
  }

  async stop(): Promise<void> {
    await end(this.#server, 'SIGKILL');
    await end(this.#epmd, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #spawn(file: string, args: string[]): ChildProcess {
    const output = openSync(join(this.#folder, 'output.log'), 'a');
    const child = spawn(file, args, {
      env: this.#environment,
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    if (this.#detached) child.unref();
    return child;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      try {
        const connection = await connect(this.url);
        await connection.close();
        return;
      } catch (error) {
        if (this.#server.exitCode !== null || Date.now() > deadline) {
          throw new Error(`RabbitMQ did not start: see ${this.#folder}/output.log`, { cause: error });
        }
        await sleep(200);
      }
    }
  }
}

/** Ends the server with its process group: it is a shell that becomes Erlang, which starts other processes. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  process.kill(-child.pid, signal);
  await exit;
}
