import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { freePort, freePorts } from './free-ports.ts';
import { childOf } from './processes.ts';

/** Not Debian's wrapper of the same name, which changes to the user rabbitmq and to its folders. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CTL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const EPMD = '/usr/bin/epmd';
const START_MS = 90_000;
const DEFAULT_PORT = 5672;
/** The folder of a Debian whose RabbitMQ takes the place of this machine's own. */
export const OTHER_ROOT = process.env['FLEETWALL_TEST_RABBITMQ_ROOT'];

export interface RabbitmqOptions {
  /** The address to listen on. */
  address?: string;
  /** Leaves it running when this process ends. */
  detached?: boolean;
  /** Plugins besides the server's own. */
  plugins?: readonly string[];
  /** The nodes that it is one of; without this it is alone. */
  cluster?: ClusterMember;
  /**
   * The folder of a Debian whose RabbitMQ is run, such as one of another version; by default that of FLEETWALL_TEST_RABBITMQ_ROOT, and
   * without it this machine's own.
   */
  root?: string;
  /**
   * A network namespace that it runs in, where it has the port that is everybody's default: for what is tried with default settings.
   */
  netns?: string;
  /** Its settings as Erlang's terms, for those that have no other form. */
  advanced?: string;
  /** More lines of its configuration, which may be given a port for themselves. */
  configure?: (freePort: () => Promise<number>) => Promise<string[]>;
}

/** What the nodes of one cluster share. */
interface ClusterMember {
  /** By which the nodes know each other. */
  cookie: string;
  /** Whom the node belongs to, so that what it sends can be told from what others send; by default root. */
  uid?: number;
  /** On which Erlang's port mapper listens, which is not this node's to start. */
  epmdPort: number;
  /** Of this node, and of all, in `fleetwall-PORT@localhost`. */
  port: number;
  ports: readonly number[];
}

/** A RabbitMQ node of one's own: its name, ports and data are nobody else's, and all of it goes with `stop`. */
export class Rabbitmq {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #detached: boolean;
  readonly #epmd: ChildProcess | null;
  readonly #enter: readonly string[];
  readonly #uid: number | undefined;
  readonly #netns: string | undefined;
  #server: ChildProcess;
  readonly url: string;

  private constructor(
    folder: string,
    environment: NodeJS.ProcessEnv,
    url: string,
    { detached = false, cluster, netns, root = OTHER_ROOT }: RabbitmqOptions,
  ) {
    this.#folder = folder;
    this.#environment = environment;
    this.#detached = detached;
    this.url = url;
    this.#uid = cluster?.uid;
    this.#netns = netns;
    this.#enter = [
      ...(netns === undefined ? [] : ['nsenter', `--net=/run/netns/${netns}`, '--']),
      ...(root === undefined ? [] : enterRoot(root, this.#uid ?? 0)),
    ];
    const epmdPort = environment['ERL_EPMD_PORT'] ?? '';
    this.#epmd =
      cluster === undefined ? this.#spawn(EPMD, ['-port', epmdPort, '-address', '127.0.0.1']) : null;
    this.#server = this.#spawn(SERVER, []);
  }

  static async start(options: RabbitmqOptions = {}): Promise<Rabbitmq> {
    const { address = '127.0.0.1', plugins = [], cluster, configure = async () => [] } = options;
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-rabbitmq-'));
    const [free = 0, distribution, ownEpmd = 0] = await freePorts(3);
    const amqp = portOf(options) ?? free;
    const epmd = cluster?.epmdPort ?? ownEpmd;
    await writeFile(
      join(folder, 'rabbitmq.conf'),
      [
        `listeners.tcp.1 = ${address}:${amqp}`,
        'loopback_users = none',
        'disk_free_limit.absolute = 50MB',
        ...(cluster === undefined ? [] : clusterLines(cluster)),
        ...(await configure(freePort)),
        '',
      ].join('\n'),
    );
    await writeFile(join(folder, 'advanced.config'), options.advanced ?? '[].\n');
    await writeFile(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`);
    const environment = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: folder,
      ...(cluster === undefined ? {} : { RABBITMQ_ERLANG_COOKIE: cluster.cookie }),
      RABBITMQ_NODENAME: nodeName(amqp),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
    if (cluster?.uid !== undefined) await chown(folder, cluster.uid, cluster.uid);
    else await chmod(folder, 0o700);
    const node = new Rabbitmq(folder, environment, `amqp://${address}:${amqp}`, options);
    await node.#ready();
    return node;
  }

  get pids(): number[] {
    return [this.#server.pid, this.#epmd?.pid].filter((pid) => pid !== undefined);
  }

  /** Of the Erlang machine, which the server's scripts start. */
  async serverPid(): Promise<number> {
    return await childOf(this.#server.pid ?? 0, 'beam.smp');
  }

  /** As the nodes of a cluster call it. */
  get name(): string {
    return this.#environment['RABBITMQ_NODENAME'] ?? '';
  }

  /** Where the other nodes reach it. */
  get distributionPort(): number {
    return Number(this.#environment['RABBITMQ_DIST_PORT']);
  }

  get uid(): number | undefined {
    return this.#uid;
  }

  get folder(): string {
    return this.#folder;
  }

  /** `rabbitmqctl` of this node. @returns what it prints */
  async ctl(...args: string[]): Promise<string> {
    const child = this.#spawn(CTL, args, 'pipe');
    const printed: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => printed.push(chunk));
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== 0)
      throw new Error(`rabbitmqctl ${args.join(' ')} ended with ${status}: see ${this.#folder}/output.log`);
    return printed.join('');
  }

  /** As a power cut would: nothing is said to anybody. */
  async kill(): Promise<void> {
    await end(this.#server, 'SIGKILL');
  }

  /** To the server and all that it has started. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-(this.#server.pid ?? 0), signal);
  }

  async restart(): Promise<void> {
    this.#server = this.#spawn(SERVER, []);
    await this.#ready();
  }

  async stop(): Promise<void> {
    await end(this.#server, 'SIGKILL');
    if (this.#epmd !== null) await end(this.#epmd, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #spawn(file: string, args: string[], stdout: 'pipe' | number | null = null): ChildProcess {
    const output = openSync(join(this.#folder, 'output.log'), 'a');
    const [program, ...before] = [...this.#enter, file];
    const child = spawn(program, [...before, ...args], {
      env: this.#environment,
      stdio: ['ignore', stdout ?? output, output],
      detached: true,
      // Only root may enter another root.
      ...(this.#uid === undefined || this.#enter.length > 0 ? {} : { uid: this.#uid, gid: this.#uid }),
    });
    closeSync(output);
    if (this.#detached) child.unref();
    return child;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      try {
        if (this.#netns === undefined) await (await connect(this.url)).close();
        else await this.ctl('await_startup');
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

/** `undefined`: any that is free. */
function portOf({ cluster, netns }: RabbitmqOptions): number | undefined {
  return cluster?.port ?? (netns === undefined ? undefined : DEFAULT_PORT);
}

/** Nodes find each other by this list, the first of them without the others. */
function clusterLines({ ports }: ClusterMember): string[] {
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...ports.map((port, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(port)}`),
  ];
}

function nodeName(port: number): string {
  return `fleetwall-${port}@localhost`;
}

/** In mounts of its own, temporary folders are where they are outside: the node's own, and those of a test's certificates. */
function enterRoot(root: string, uid: number): string[] {
  const temporary = tmpdir();
  const mounts = [
    `mkdir -p ${root}${temporary} && mount --bind ${temporary} ${root}${temporary}`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
  ];
  return [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `${mounts.join(' && ')} && exec chroot --userspec=${uid}:${uid} ${root} "$@"`,
    'enter',
  ];
}

/** The server is a shell that becomes Erlang, in a group of its own with what it has started. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  process.kill(-child.pid, signal);
  await exit;
}
