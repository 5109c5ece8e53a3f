import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestClient } from '../client.ts';
import { type Ended, fleetwall, settingsFor } from '../command-line.ts';
import { FaultProxy } from '../fault-proxy.ts';
import { freePort } from '../free-ports.ts';
import { TestHost } from '../host.ts';
import { StatusReader } from '../metrics.ts';
import { Prometheus } from '../prometheus.ts';
import { Rabbitmq } from '../rabbitmq.ts';

const PROMETHEUS_FILES = join(import.meta.dirname, '../../../docker/prometheus');
const READY_MS = 60_000;
const VHOST = 'fleet';

/** The hosts that the shipped configuration of Prometheus has. They run only what is signed. */
export type HostName = 'web-1' | 'web-2' | 'db-1';
const NAMES: readonly HostName[] = ['web-1', 'web-2', 'db-1'];

/** Short enough that what goes wrong is seen within seconds. An iptables that hangs is not ended by the worker itself. */
const SETTINGS = {
  FLEETWALL_QUEUE_TYPE: 'quorum',
  FLEETWALL_DRIFT_INTERVAL_SECONDS: '1',
  FLEETWALL_LOCK_TIMEOUT_SECONDS: '2',
  FLEETWALL_APPLY_TIMEOUT_SECONDS: '600',
};

/** A broker with users as `fleetwall provision` makes them, three hosts, an operator, and a Prometheus that scrapes the hosts. */
export class AlertFleet {
  readonly broker: Rabbitmq;
  readonly prometheus: Prometheus;
  /** The network between the broker and web-2. */
  readonly network: FaultProxy;
  readonly #hosts = new Map<HostName, { host: TestHost; pages: StatusReader }>();
  readonly #folder: string;
  readonly #management: string;

  private constructor(parts: Pick<AlertFleet, 'broker' | 'prometheus' | 'network'>, own: OwnParts) {
    this.broker = parts.broker;
    this.prometheus = parts.prometheus;
    this.network = parts.network;
    this.#folder = own.folder;
    this.#management = own.management;
  }

  /** @param adapt as of {@link Prometheus.start} */
  static async start(adapt: (rules: string) => string): Promise<AlertFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-alerts-'));
    const managementPort = await freePort();
    const broker = await Rabbitmq.start({
      plugins: ['rabbitmq_management'],
      configure: async () => ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`],
    });
    const network = await FaultProxy.start(broker.url);
    const pages = new Map<HostName, StatusReader>();
    for (const name of NAMES) pages.set(name, await StatusReader.choose());
    const targets = [...pages].map(([name, { port }]) => [`${name}:9464`, `127.0.0.1:${port}`] as const);
    const prometheus = await Prometheus.start(PROMETHEUS_FILES, new Map(targets), adapt);
    const management = `http://guest:guest@127.0.0.1:${managementPort}`;
    const fleet = new AlertFleet({ broker, prometheus, network }, { folder, management });
    await writeFile(join(folder, 'hosts.txt'), NAMES.map((name) => `${name} all\n`).join(''));
    await fleet.provision();
    await broker.ctl('set_permissions', '-p', VHOST, 'guest', '.*', '.*', '.*');
    const { stdout } = await fleetwall(['keys', 'generate', join(folder, 'ops.key'), '--kid', 'ops']);
    await writeFile(join(folder, 'trusted-keys.json'), stdout);
    for (const [name, reader] of pages) await fleet.#startHost(name, reader);
    return fleet;
  }

  /** What the guide says for the rights of a host: `fleetwall provision`, with the same words as for the first time. */
  async provision(): Promise<void> {
    const hosts = ['--hosts', join(this.#folder, 'hosts.txt'), '--operator', 'central'];
    const broker = ['--vhost', VHOST, '--management-url', this.#management];
    const passwords = ['--passwords', join(this.#folder, 'passwords')];
    await this.#must(['provision', ...hosts, ...passwords, ...broker]);
  }

  host(name: HostName): TestHost {
    const { host } = this.#hosts.get(name) ?? {};
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Runs a command of the operator, who signs. */
  async operator(args: readonly string[], input = ''): Promise<Ended> {
    const environment = {
      FLEETWALL_AMQP_URL: await this.#urlOf('central', this.broker.url),
      FLEETWALL_SIGNING_KEY: join(this.#folder, 'ops.key'),
    };
    return await fleetwall(args, { environment, input });
  }

  /** Runs a command on a host, as root there. */
  async onHost(name: HostName, args: readonly string[]): Promise<Ended> {
    const host = this.host(name);
    const environment = {
      ...settingsFor(host.namespace, host.folder),
      FLEETWALL_HOST_ID: name,
      FLEETWALL_AMQP_URL: await this.#urlOf(name, this.broker.url),
      FLEETWALL_TRUSTED_KEYS: join(this.#folder, 'trusted-keys.json'),
    };
    return await fleetwall(args, { environment });
  }

  /** Publishes a job to a host, signed by the operator. */
  async publishSigned(name: HostName, job: { id: string }): Promise<void> {
    const file = join(this.#folder, 'job.json');
    await writeFile(file, JSON.stringify(job));
    const { stdout } = await this.operator(['keys', 'sign', file, '--key', join(this.#folder, 'ops.key')]);
    const client = await TestClient.connect(`${this.broker.url}/${VHOST}`);
    const properties = { contentType: 'application/jose', messageId: job.id };
    await client.publish(name, Buffer.from(stdout), properties);
    await client.close();
  }

  /** Publishes something to a host as the operator could, without a signature. */
  async publish(name: HostName, body: object, contentType = 'application/json'): Promise<void> {
    const client = await TestClient.connect(`${this.broker.url}/${VHOST}`);
    await client.publish(name, body, { contentType });
    await client.close();
  }

  /** Starts a worker that has ended, and waits until it serves its pages. */
  async restart(name: HostName): Promise<void> {
    this.host(name).spawn();
    await this.until(`the pages of ${name}`, async () => (await this.samples(name)) !== null);
  }

  /** The metrics of a host; `null`: it does not answer. */
  async samples(name: HostName): Promise<Map<string, number> | null> {
    return (
      (await this.#hosts
        .get(name)
        ?.pages.samples()
        .catch(() => null)) ?? null
    );
  }

  async until(what: string, isSo: () => Promise<boolean>, ms = READY_MS): Promise<void> {
    const deadline = Date.now() + ms;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await sleep(200);
    }
  }

  async stop(): Promise<void> {
    await this.prometheus.stop();
    for (const { host } of this.#hosts.values()) await host.remove();
    this.network.stop();
    await this.broker.stop();
    await rm(this.#folder, { recursive: true });
  }

  async #startHost(id: HostName, pages: StatusReader): Promise<void> {
    const client = await TestClient.connect(`${this.broker.url}/${VHOST}`);
    const brokerUrl = await this.#urlOf(id, id === 'web-2' ? this.network.url : this.broker.url);
    const environment = {
      ...SETTINGS,
      ...pages.environment,
      FLEETWALL_TRUSTED_KEYS: join(this.#folder, 'trusted-keys.json'),
      FLEETWALL_ALLOW_UNSIGNED: 'false',
    };
    const host = await TestHost.create({
      id,
      brokerUrl,
      client,
      backend: 'nft',
      holdable: true,
      environment,
    });
    this.#hosts.set(id, { host, pages });
    await host.start();
    await client.close();
  }

  async #urlOf(user: string, at: string): Promise<string> {
    const password = (await readFile(join(this.#folder, 'passwords', user), 'utf8')).trim();
    return `${at.replace('amqp://', `amqp://${user}:${password}@`)}/${VHOST}`;
  }

  async #must(args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await fleetwall(args);
    if (status !== 0) throw new Error(`fleetwall ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

interface OwnParts {
  folder: string;
  /** The address of the broker's management API. */
  management: string;
}
