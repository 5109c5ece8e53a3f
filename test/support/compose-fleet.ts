import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { TestClient } from './client.ts';
import { type Ended, fleetwall } from './command-line.ts';
import { freePort } from './free-ports.ts';
import { TestHost } from './host.ts';
import { Rabbitmq } from './rabbitmq.ts';

const ROOT = join(import.meta.dirname, '../..');
export const DOCKER = join(ROOT, 'docker');
const VHOST = 'fleet';

interface Service {
  command: string[];
  environment: Record<string, string>;
  cap_add: string[];
}

/**
 * The fleet of `docker/compose.yaml` without Docker. Its broker, keys, workers and client have the same settings and rights as
 * there, but other addresses and folders.
 */
export class ComposeFleet {
  readonly hosts = new Map<string, TestHost>();
  /** The local address of the metrics of each target of Prometheus. */
  readonly targets = new Map<string, string>();
  readonly #folder: string;
  readonly #services: Record<string, Service>;
  readonly broker: Rabbitmq;
  /** The ports of the broker's HTTP API and of its streams. */
  readonly ports: { management: number; stream: number };
  readonly listener: TestClient;

  private constructor(
    folder: string,
    services: Record<string, Service>,
    broker: Rabbitmq,
    ports: { management: number; stream: number },
    listener: TestClient,
  ) {
    this.#folder = folder;
    this.#services = services;
    this.broker = broker;
    this.ports = ports;
    this.listener = listener;
  }

  static async start(): Promise<ComposeFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-compose-'));
    const { services } = parse(await readFile(join(DOCKER, 'compose.yaml'), 'utf8'), { merge: true }) as {
      services: Record<string, Service>;
    };
    const ports = { management: await freePort(), stream: await freePort() };
    const broker = await startBroker(folder, ports);
    const listener = await TestClient.connect(`${broker.url}/${VHOST}`);
    const fleet = new ComposeFleet(folder, services, broker, ports, listener);
    await fleet.makeKeys();
    const workers = Object.entries(services).filter(([, { command }]) => command?.[0] === 'worker');
    for (const [name, service] of workers) await fleet.#startHost(name, service);
    return fleet;
  }

  /** Does what `docker compose run --rm keys` does. @returns the text of the keys that the hosts trust */
  async makeKeys(): Promise<string> {
    const script = this.#services['keys']?.command[0] ?? '';
    const bin = join(this.#folder, 'bin');
    await mkdir(bin, { recursive: true });
    await mkdir(join(this.#folder, 'signing'), { recursive: true });
    await mkdir(join(this.#folder, 'trusted'), { recursive: true });
    await symlink(join(ROOT, 'dist/cli/main.js'), join(bin, 'fleetwall')).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    const here = script.replaceAll(/ (>?)\/(signing|trusted)\//g, ` $1${this.#folder}/$2/`);
    await execa('sh', ['-euc', here], { env: { PATH: `${bin}:${process.env['PATH']}` } });
    return await readFile(join(this.#folder, 'trusted/keys.json'), 'utf8');
  }

  /** Does what `docker compose run --rm client …` does. */
  async client(args: readonly string[], input = ''): Promise<Ended> {
    const environment = this.#here(this.#services['client']?.environment ?? {}, 'central');
    return await fleetwall(args, { environment, input });
  }

  /** The address at which a user of the fleet logs in. */
  async urlOf(user: string, vhost = VHOST): Promise<string> {
    const password = (await readFile(join(DOCKER, 'rabbitmq/passwords', user), 'utf8')).trim();
    return `${this.broker.url.replace('amqp://', `amqp://${user}:${password}@`)}/${vhost}`;
  }

  async stop(): Promise<void> {
    for (const host of this.hosts.values()) await host.remove();
    await this.listener.close();
    await this.broker.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startHost(name: string, { environment, cap_add: rights }: Service): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`;
    this.targets.set(`${name}:${environment['FLEETWALL_HTTP_ADDRESS']?.split(':')[1]}`, address);
    const { FLEETWALL_STATE_DIR: _, FLEETWALL_RUN_DIR: __, ...settings } = this.#here(environment, name);
    const only = rights.map((right) => `+${right.toLowerCase()}`).join(',');
    const host = await TestHost.create({
      id: name,
      brokerUrl: this.broker.url,
      client: this.listener,
      backend: 'nft',
      environment: { ...settings, FLEETWALL_ALLOW_UNSIGNED: 'false', FLEETWALL_HTTP_ADDRESS: address },
      wrapper: ['/usr/bin/setpriv', '--no-new-privs', '--inh-caps=-all', `--bounding-set=-all,${only}`],
    });
    this.hosts.set(name, host);
    await host.start();
  }

  #here(environment: Record<string, string>, user: string): Record<string, string> {
    const places: [string, string][] = [
      ['rabbitmq:5672', this.broker.url.replace('amqp://', '')],
      ['/etc/fleetwall/amqp-password', join(DOCKER, 'rabbitmq/passwords', user)],
      ['/etc/fleetwall/trusted', join(this.#folder, 'trusted')],
      ['/etc/fleetwall/signing', join(this.#folder, 'signing')],
    ];
    const replaceIn = (value: string) =>
      places.reduce((text, [there, here]) => text.replace(there, here), value);
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, replaceIn(value)]));
  }
}

/** Starts the broker with all its files, but with other ports, and with a user `guest` with all rights. */
async function startBroker(folder: string, ports: ComposeFleet['ports']): Promise<Rabbitmq> {
  const read = async (file: string) => await readFile(join(DOCKER, 'rabbitmq', file), 'utf8');
  const definitions = JSON.parse(await read('definitions.json')) as Record<string, object[]>;
  const salted = randomBytes(4);
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', Buffer.concat([salted, Buffer.from('guest')])),
  );
  definitions['vhosts']?.push({ name: '/' });
  definitions['users']?.push({
    name: 'guest',
    password_hash: Buffer.concat([salted, digest]).toString('base64'),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags: ['administrator'],
  });
  for (const vhost of ['/', VHOST]) {
    definitions['permissions']?.push({ user: 'guest', vhost, configure: '.*', write: '.*', read: '.*' });
  }
  const file = join(folder, 'definitions.json');
  await writeFile(file, JSON.stringify(definitions));
  const replacements: Record<string, string | null> = {
    load_definitions: file,
    'listeners.tcp.default': null,
    'management.tcp.port': String(ports.management),
    'stream.listeners.tcp.1': `127.0.0.1:${ports.stream}`,
    // The machine of the tests may have less free disk than the limit of the fleet.
    'disk_free_limit.absolute': '50MB',
  };
  const lines = (await read('rabbitmq.conf')).split('\n').filter((line) => /^[^#]/.test(line));
  const settings = new Map(lines.map((line) => line.split(' = ') as [string, string]));
  for (const [name, value] of Object.entries(replacements)) {
    if (!settings.has(name)) throw new Error(`there is no ${name} in rabbitmq.conf any more`);
    if (value === null) settings.delete(name);
    else settings.set(name, value);
  }
  return await Rabbitmq.start({
    plugins: (await read('enabled_plugins')).match(/\w+/g) ?? [],
    configure: async () => [...settings].map((setting) => setting.join(' = ')),
  });
}
