import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadClientSettings } from '../../src/config/client-settings.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { readHostPolicy } from '../../src/config/read-host-policy.ts';
import { SettingsError } from '../../src/config/settings-error.ts';
import { environmentName, flagName } from '../../src/config/worker-settings.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-settings-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function file(text: string): Promise<string> {
  const path = join(folder, 'worker.yaml');
  await writeFile(path, text);
  return path;
}

async function problemsOf(sources: Partial<Parameters<typeof loadSettings>[0]>): Promise<string> {
  const error: unknown = await loadSettings({
    flags: {},
    environment: {},
    configFile: undefined,
    ...sources,
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SettingsError);
  return (error as Error).message;
}

describe('settings', () => {
  it('have an example of a policy in the contract that can be read', async () => {
    const contract = await readFile(join(import.meta.dirname, '../../src/contract/README.md'), 'utf8');
    const example = /```yaml\n(rulesets:[^]*?)```/.exec(contract)?.[1] ?? '';
    const { required, mostRules } = await readHostPolicy(await file(example));
    expect(required).toHaveLength(1);
    expect(mostRules).toBe(5000);
  });

  it('come from flags over environment over file over default', async () => {
    const configFile = await file(
      'hostId: from-file\ngroups: [a, b]\nlockTimeoutSeconds: 3\nqueueType: classic\n',
    );
    const settings = await loadSettings({
      flags: { hostId: 'from-flag' },
      environment: {
        FLEETWALL_HOST_ID: 'from-environment',
        FLEETWALL_GROUPS: 'x, y',
        FLEETWALL_ALLOW_UNSIGNED: 'true',
      },
      configFile,
    });
    expect(settings).toMatchObject({
      hostId: 'from-flag',
      groups: ['x', 'y'],
      lockTimeoutSeconds: 3,
      queueType: 'classic',
      allowUnsigned: true,
      stateDir: '/var/lib/fleetwall',
      applyTimeoutSeconds: 60,
      amqpUrl: [{ protocol: 'amqp', hostname: '127.0.0.1', port: 5672, username: 'guest' }],
    });
  });

  it('give each managed namespace a state folder of its own, unless one is named', async () => {
    const stateDir = async (environment: NodeJS.ProcessEnv) =>
      (await loadSettings({ flags: {}, environment, configFile: await file('allowUnsigned: true\n') }))
        .stateDir;
    expect(await stateDir({ FLEETWALL_NETNS: 'blue' })).toBe('/var/lib/fleetwall-blue');
    expect(await stateDir({ FLEETWALL_NETNS: 'blue', FLEETWALL_STATE_DIR: '/srv/x' })).toBe('/srv/x');
  });

  it('begin a relative path of a file where it is given: beside the settings file, or where one stands', async () => {
    const configFile = await file('trustedKeys: keys/trusted.json\namqpCa: ../ca.pem\nallowUnsigned: true\n');
    await writeFile(join(folder, 'ca.pem'), 'of the environment');
    await writeFile(join(folder, 'password'), 'secret\n');
    const here = (name: string) => relative(process.cwd(), join(folder, name));
    const settings = await loadSettings({
      flags: { policy: 'policy.yaml' },
      environment: {
        FLEETWALL_AMQP_CA: here('ca.pem'),
        FLEETWALL_AMQP_URL: 'amqps://localhost',
        FLEETWALL_AMQP_PASSWORD_FILE: here('password'),
      },
      configFile: relative(process.cwd(), configFile),
    });
    expect(settings).toMatchObject({
      trustedKeys: join(folder, 'keys/trusted.json'),
      amqpCa: join(folder, 'ca.pem'),
      policy: join(process.cwd(), 'policy.yaml'),
      amqpUrl: [{ password: 'secret' }],
      tls: { ca: 'of the environment' },
    });
    const client = await loadClientSettings({ amqpPasswordFile: here('password') }, {});
    expect(client).toMatchObject({
      amqpPasswordFile: join(folder, 'password'),
      amqpUrl: [{ password: 'secret' }],
    });
  });

  it.each(['stateDir', 'runDir'] as const)(
    'want an absolute %s, which must not depend on where one stands',
    async (setting) => {
      const configFile = await file(`${setting}: state\nallowUnsigned: true\n`);
      expect(await problemsOf({ configFile })).toMatch(/must be an absolute path/);
    },
  );

  it('name what is wrong with them, and where it was given', async () => {
    const configFile = await file('lockTimeoutSeconds: soon\n');
    const message = await problemsOf({
      flags: { backend: 'ipfw' },
      environment: { FLEETWALL_GROUPS: 'Web' },
      configFile,
    });
    expect(message.split('\n')).toEqual([
      expect.stringMatching(/^FLEETWALL_GROUPS: must be 1 to 63/),
      expect.stringMatching(/^--backend: must be nft, legacy or auto/),
      expect.stringMatching(/^lockTimeoutSeconds in .*worker\.yaml: must be a number/),
    ]);
  });

  it.each([
    ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
    ['metrics.example:80', { host: 'metrics.example', port: 80 }],
    ['9464', { host: '127.0.0.1', port: 9464 }],
    [':9464', { host: '127.0.0.1', port: 9464 }],
  ])('take %s for an address to listen at: the loopback one, if no other is named', async (text, address) => {
    const settings = await loadSettings({
      flags: {},
      environment: { FLEETWALL_HTTP_ADDRESS: text },
      configFile: undefined,
    });
    expect(settings.httpAddress).toEqual(address);
  });

  it.each(['9464x', '127.0.0.1', '::1:9464', '127.0.0.1:70000', ''])(
    'refuse %j as an address to listen at',
    async (text) => {
      expect(await problemsOf({ environment: { FLEETWALL_HTTP_ADDRESS: text } })).toMatch(
        /^FLEETWALL_HTTP_ADDRESS: must be HOST:PORT/,
      );
    },
  );

  it.each(['0x10', '1e1', '1_0', ' ', '-1', '0', '3000000', 'Infinity'])(
    'refuse %j as seconds, in the environment and in quotes in a file',
    async (text) => {
      const name = 'FLEETWALL_LOCK_TIMEOUT_SECONDS';
      expect(await problemsOf({ environment: { [name]: text } })).toMatch(
        /^FLEETWALL_LOCK_TIMEOUT_SECONDS: must be /,
      );
      const configFile = await file(`lockTimeoutSeconds: ${JSON.stringify(text)}\n`);
      expect(await problemsOf({ configFile })).toMatch(/^lockTimeoutSeconds in /);
    },
  );

  it.each(['true', '[5]', '2026-11-27', 'null'])('refuse %s in a file as seconds', async (value) => {
    const configFile = await file(`lockTimeoutSeconds: ${value}\n`);
    expect(await problemsOf({ configFile })).toMatch(/must be a number of seconds$/);
  });

  it('take seconds in decimal digits, with a fraction too', async () => {
    const environment = { FLEETWALL_LOCK_TIMEOUT_SECONDS: '1.5', FLEETWALL_APPLY_TIMEOUT_SECONDS: '010' };
    const settings = await loadSettings({ flags: {}, environment, configFile: undefined });
    expect(settings).toMatchObject({ lockTimeoutSeconds: 1.5, applyTimeoutSeconds: 10 });
  });

  it.each([
    ['no file', undefined, /cannot be read/],
    ['no YAML', 'a: [', /is not YAML/],
    ['a list', '- a\n', /must be a mapping/],
    ['an unknown name', 'hostIdd: a\n', /no setting hostIdd/],
  ])('in a file with %s are refused', async (_, text, reason) => {
    const configFile = text === undefined ? join(folder, 'none.yaml') : await file(text);
    expect(await problemsOf({ configFile })).toMatch(reason);
  });

  it('never show a password', async () => {
    const url = 'amqp://user:s3cret@host:99999999';
    expect(
      await problemsOf({ environment: { FLEETWALL_AMQP_URL: `${url},http://u:s3cret@x` } }),
    ).not.toContain('s3cret');
  });

  it('take several brokers, and a password from a file', async () => {
    const path = join(folder, 'password');
    await writeFile(path, 'p@ss word\n');
    const { amqpUrl } = await loadSettings({
      flags: {},
      environment: {
        FLEETWALL_AMQP_URL: 'amqp://web-1@a/fleet, amqps://web-1@[::1]:5000',
        FLEETWALL_AMQP_PASSWORD_FILE: path,
      },
      configFile: undefined,
    });
    expect(amqpUrl).toEqual([
      {
        protocol: 'amqp',
        hostname: 'a',
        port: 5672,
        username: 'web-1',
        hasUser: true,
        password: 'p@ss word',
        vhost: 'fleet',
      },
      {
        protocol: 'amqps',
        hostname: '::1',
        port: 5000,
        username: 'web-1',
        hasUser: true,
        password: 'p@ss word',
        vhost: '/',
      },
    ]);
  });

  it('have one name in three spellings', () => {
    expect([environmentName('amqpPasswordFile'), flagName('amqpPasswordFile')]).toEqual([
      'FLEETWALL_AMQP_PASSWORD_FILE',
      '--amqp-password-file',
    ]);
  });
});
