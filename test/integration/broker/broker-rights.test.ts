import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetAnswer } from '../../../src/console/api/hosts.ts';
import {
  CONTROL_EXCHANGE,
  DEAD_QUEUE,
  EVENT_LOG_STREAM,
  EVENTS_EXCHANGE,
  hostControlQueue,
  hostJobsQueue,
  JOBS_EXCHANGE,
  OPERATOR_EXCHANGE,
} from '../../../src/contract/words/names.ts';
import { Authority } from '../../support/certificates.ts';
import { makeJob, TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestConsole } from '../../support/console.ts';
import { Fixture } from '../../support/fixture.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

let folder: string;
let ca: Authority;
let broker: Rabbitmq;
let managementUrl: string;
let tlsPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-rights-'));
  ca = await Authority.create(folder, 'fleet-ca');
  const server = await ca.issue('broker', 'IP:127.0.0.1,DNS:localhost');
  broker = await Rabbitmq.start({
    plugins: ['rabbitmq_management', 'rabbitmq_auth_mechanism_ssl'],
    configure: async (freePort) => {
      tlsPort = await freePort();
      const management = await freePort();
      managementUrl = `http://guest:guest@127.0.0.1:${management}`;
      return [
        `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
        `ssl_options.cacertfile = ${ca.certificate}`,
        `ssl_options.certfile = ${server.cert}`,
        `ssl_options.keyfile = ${server.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_cert_login_from = common_name',
        'auth_mechanisms.1 = PLAIN',
        'auth_mechanisms.2 = EXTERNAL',
        `management.tcp.ip = 127.0.0.1`,
        `management.tcp.port = ${management}`,
      ];
    },
  });
});
afterAll(async () => {
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function provision(...args: string[]) {
  const ended = await fleetwall(['provision', '--management-url', managementUrl, ...args]);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return ended.stdout;
}

/** Tries one act of a user. @returns the refusal of the broker; `null`: it did not refuse */
async function attempt(url: string, act: (channel: Channel) => Promise<unknown>): Promise<string | null> {
  const connection = await connect(url);
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    const refused = once(channel, 'error').then(([error]) => (error as Error).message);
    const done = act(channel)
      .then(() => channel.waitForConfirms())
      .then(() => null);
    return await Promise.race([refused, done.catch((error: unknown) => (error as Error).message)]);
  } finally {
    await connection.close().catch(() => {});
  }
}

describe('a fleet that was provisioned', () => {
  let passwords: string;
  const urlOf = async (user: string) => {
    const password = (await readFile(join(passwords, user), 'utf8')).trim();
    return broker.url.replace('amqp://', `amqp://${user}:${password}@`);
  };

  beforeAll(async () => {
    passwords = join(folder, 'passwords');
    const said = await provision(
      'web-1',
      'web-2',
      '--group',
      'web',
      '--operator',
      'central',
      '--reader',
      'wall',
      '--passwords',
      passwords,
    );
    expect(said).toContain('2 hosts, 1 operator and 1 reader provisioned');
    expect((await stat(passwords)).mode & 0o777).toBe(0o700);
    expect((await stat(join(passwords, 'web-1'))).mode & 0o777).toBe(0o600);
  });

  it('lets a host have some connections, and not so many that none are left for others', async () => {
    const url = await urlOf('web-2');
    const connections: ChannelModel[] = [];
    // The broker counts a new one a moment later.
    const fill = async () => {
      while (connections.length < 60) connections.push(await connect(url));
    };
    await expect(fill()).rejects.toThrow();
    expect(connections.length).toBeGreaterThanOrEqual(20);
    await Promise.all(connections.map(async (connection) => await connection.close()));
  });

  it('works: with its own user a host runs what the operator sends', async () => {
    const listener = await TestClient.connect(broker.url);
    const host = await fixture.host('nft', {
      id: 'web-1',
      brokerUrl: await urlOf('web-1'),
      environment: { FLEETWALL_GROUPS: 'web' },
      wait: false,
    });
    await listener.event('web-1', 'fleetwall.worker.online');
    const job = makeJob('web-1', {
      ruleset: { name: 'edge', revision: 1, ipv4: EDGE },
      confirm: { mode: 'probe' },
    });
    expect(
      await attempt(await urlOf('central'), async (channel) => {
        const { queue } = await channel.assertQueue('', { exclusive: true });
        await channel.bindQueue(queue, EVENTS_EXCHANGE, '#');
        channel.publish(JOBS_EXCHANGE, 'group.web', Buffer.from(JSON.stringify(job)), { messageId: job.id });
      }),
    ).toBeNull();
    expect((await listener.completed(job.id)).data.outcome).toBe('applied');
    const heard = listener.heard.filter(({ event }) => event.data.hostId === 'web-1');
    expect(new Set(heard.map(({ message }) => message.properties.userId))).toEqual(new Set(['web-1']));
    // The rights of an operator are enough for all that it does: it hears, asks, publishes and holds a rollout.
    const environment = { FLEETWALL_AMQP_URL: await urlOf('central') };
    const flags = ['--name', 'edge', '--confirm', 'none', '--host', 'web-1'];
    const input = EDGE.replace('DROP', 'ACCEPT');
    const rolled = await fleetwall(['rollout', '-', ...flags], { input, environment });
    expect(rolled.stdout).toContain('1 applied');
    const status = await fleetwall(['status', '--json'], { environment });
    expect(status.stdout).toContain('"presence":"online"');
    expect(status.status).toBe(0);
    await host.end();
    await listener.close();
  });

  it('shows the fleet on a page to a user who can read the log, and do nothing else', async () => {
    const page = await TestConsole.start(await urlOf('wall'));
    try {
      const { hosts } = await page.get<FleetAnswer>('api/fleet');
      expect(hosts).toMatchObject([{ hostId: 'web-1', presence: 'offline', rulesets: [{ name: 'edge' }] }]);
    } finally {
      await page.stop();
    }
  });

  it.each<[string, string, (channel: Channel) => Promise<unknown>]>([
    ['send a job, being a reader', 'wall', async (c) => c.publish(JOBS_EXCHANGE, 'all', Buffer.from('{}'))],
    ['ask hosts, being a reader', 'wall', async (c) => c.publish(CONTROL_EXCHANGE, 'all', Buffer.from('{}'))],
    [
      'say what a rollout does, being a reader',
      'wall',
      async (c) => c.publish(OPERATOR_EXCHANGE, 'rollout.a.ended', Buffer.from('{}')),
    ],
    ['read jobs, being a reader', 'wall', (c) => c.get(hostJobsQueue('web-1'))],
    ['make a queue, being a reader', 'wall', (c) => c.assertQueue('', { exclusive: true })],
    ['read the jobs of another', 'web-1', (c) => c.consume(hostJobsQueue('web-2'), () => {})],
    ['read control messages of another', 'web-1', (c) => c.get(hostControlQueue('web-2'))],
    ['read the dead letters', 'web-1', (c) => c.get(DEAD_QUEUE)],
    [
      'read the log of events',
      'web-1',
      async (c) => {
        await c.prefetch(1);
        return await c.consume(EVENT_LOG_STREAM, () => {});
      },
    ],
    ['take the jobs of all', 'web-1', (c) => c.bindQueue(hostJobsQueue('web-1'), JOBS_EXCHANGE, '#')],
    ['make a queue', 'web-1', (c) => c.assertQueue('', { exclusive: true })],
    ['delete its own queue', 'web-1', (c) => c.deleteQueue(hostJobsQueue('web-1'))],
    ['command another', 'web-1', async (c) => c.publish(JOBS_EXCHANGE, 'host.web-2', Buffer.from('{}'))],
    [
      'confirm for another',
      'web-1',
      async (c) => c.publish(CONTROL_EXCHANGE, 'host.web-2', Buffer.from('{}')),
    ],
    [
      'put a job into a queue',
      'web-1',
      async (c) => c.sendToQueue(hostJobsQueue('web-2'), Buffer.from('{}')),
    ],
    [
      'publish as another',
      'web-1',
      async (c) => c.publish(EVENTS_EXCHANGE, 'web-2.worker.online', Buffer.from('{}')),
    ],
    [
      'publish as an operator',
      'web-1',
      async (c) => c.publish(OPERATOR_EXCHANGE, 'rollout.a.ended', Buffer.from('{}')),
    ],
    [
      'name another as the user',
      'web-1',
      async (c) => c.publish(EVENTS_EXCHANGE, 'web-1.worker.online', Buffer.from('{}'), { userId: 'web-2' }),
    ],
    [
      'publish as a host, being an operator',
      'central',
      async (c) => c.publish(EVENTS_EXCHANGE, 'web-1.worker.online', Buffer.from('{}')),
    ],
    ['read the jobs of a host, being an operator', 'central', (c) => c.get(hostJobsQueue('web-1'))],
    [
      'take away the queue of a host, being an operator',
      'central',
      (c) => c.deleteQueue(hostJobsQueue('web-1')),
    ],
  ])('lets nobody %s', async (_, user, act) => {
    expect(await attempt(await urlOf(user), act)).toMatch(/ACCESS_REFUSED|PRECONDITION_FAILED.*user_id/);
  });

  it('stays the same when it is provisioned again, except for groups that a host has left', async () => {
    const before = await urlOf('web-2');
    const list = join(folder, 'hosts');
    await writeFile(list, '# the fleet\nweb-1 web\nweb-2 edge,eu\n');
    await provision('--hosts', list, '--operator', 'central', '--passwords', passwords);
    expect(await urlOf('web-2')).toBe(before);
    const bindings = (await (
      await fetch(
        `${managementUrl.replace('guest:guest@', '')}/api/queues/%2F/${hostJobsQueue('web-2')}/bindings`,
        {
          headers: { authorization: `Basic ${btoa('guest:guest')}` },
        },
      )
    ).json()) as { routing_key: string; source: string }[];
    expect(
      bindings
        .filter(({ source }) => source !== '')
        .map((binding) => binding.routing_key)
        .toSorted(),
    ).toEqual(['all', 'group.edge', 'group.eu', 'host.web-2']);
    await provision('web-2', '--remove');
    expect(await attempt(broker.url, (channel) => channel.checkQueue(hostJobsQueue('web-2')))).toContain(
      'NOT_FOUND',
    );
    await expect(connect(before)).rejects.toThrow('ACCESS_REFUSED');
  });

  it('can be printed as definitions, which the broker imports', async () => {
    const own = join(folder, 'more-passwords');
    const { stdout } = await fleetwall([
      'provision',
      'db-1',
      '--vhost',
      'other',
      '--passwords',
      own,
      '--definitions',
    ]);
    const file = join(folder, 'definitions.json');
    await writeFile(file, stdout);
    await broker.ctl('import_definitions', file);
    const password = (await readFile(join(own, 'db-1'), 'utf8')).trim();
    const url = `${broker.url.replace('amqp://', `amqp://db-1:${password}@`)}/other`;
    expect(await attempt(url, (channel) => channel.checkQueue(hostJobsQueue('db-1')))).toBeNull();
  });

  it.each([
    [['web_1', '--certificates'], 2, 'must be 1 to 63 of a-z'],
    [['web-1'], 2, 'either --passwords FOLDER or --certificates'],
    [['web-1', '--certificates', '--management-url', 'http://127.0.0.1:9'], 3, 'does not answer'],
  ])(
    'is not made from wrong arguments, and the command says what is wrong: %j',
    async (args, status, message) => {
      const ended = await fleetwall(['provision', ...args]);
      expect(ended.status).toBe(status);
      expect(ended.stderr).toContain(message);
    },
  );
});

/** A server with TLS options that RabbitMQ cannot be given. */
async function fakeBroker(name: string, alternative: string, options: TlsOptions) {
  const { cert, key } = await ca.issue(name, alternative);
  const server = createServer({ cert: await readFile(cert), key: await readFile(key), ...options });
  server.on('connection', (socket) => socket.on('error', () => {}));
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: `amqps://127.0.0.1:${port}`, caFile: ca.certificate };
}

describe('a connection by TLS', () => {
  const brokerAt = (name: string, port = tlsPort) => `amqps://${name}:${port}`;

  it('logs in by its certificate, and probes the broker with it', async () => {
    await provision('tls-1', '--certificates');
    const { cert, key } = await ca.issue('tls-1');
    const listener = await TestClient.connect(broker.url);
    const host = await fixture.host('nft', {
      id: 'tls-1',
      brokerUrl: brokerAt('localhost'),
      environment: { FLEETWALL_AMQP_CA: ca.certificate, FLEETWALL_AMQP_CERT: cert, FLEETWALL_AMQP_KEY: key },
      wait: false,
    });
    await listener.event('tls-1', 'fleetwall.worker.online');
    const ruleset = { name: 'edge', revision: 1, ipv4: EDGE };
    const { data } = await listener.run('tls-1', { ruleset, confirm: { mode: 'probe' } });
    expect(data.outcome).toBe('applied');
    await host.end();
    // The same with a password that systemd gives as a credential.
    await provision('tls-1', '--passwords', join(folder, 'tls-passwords'));
    const password = await readFile(join(folder, 'tls-passwords', 'tls-1'), 'utf8');
    const credentials = await mkdtemp(join(folder, 'credentials-'));
    await writeFile(join(credentials, 'fleetwall.amqp-password'), password);
    const since = listener.heard.length;
    host.spawn({
      FLEETWALL_AMQP_URL: brokerAt('tls-1@localhost'),
      FLEETWALL_AMQP_CA: ca.certificate,
      CREDENTIALS_DIRECTORY: credentials,
    });
    await listener.event('tls-1', 'fleetwall.worker.online', since);
    await listener.close();
  });

  it.each<[string, () => Promise<{ url: string; caFile: string }>, RegExp]>([
    [
      'an authority that is not ours',
      async () => {
        const other = await Authority.create(folder, 'other-ca');
        return { url: brokerAt('localhost'), caFile: other.certificate };
      },
      /self-signed certificate|unable to verify/,
    ],
    [
      'a certificate of another name',
      async () => await fakeBroker('elsewhere', 'DNS:elsewhere.example', {}),
      /altnames|not in the cert/,
    ],
    [
      'TLS 1.1',
      async () =>
        await fakeBroker('old', 'IP:127.0.0.1', {
          minVersion: 'TLSv1.1',
          maxVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        }),
      /protocol version|unsupported protocol|EPROTO/,
    ],
  ])('is not made to a broker with %s', async (_, makeBroker, reason) => {
    const { url, caFile } = await makeBroker();
    const host = await fixture.host('nft', {
      brokerUrl: url,
      environment: { FLEETWALL_AMQP_CA: caFile, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      wait: false,
    });
    await host.logged('Cannot work with the broker');
    expect(await host.log()).toMatch(reason);
  });

  it.each<[string, () => Promise<Record<string, string>>, string]>([
    [
      'a key that others may read',
      async () => {
        const { cert, key } = await ca.issue('loose');
        await chmod(key, 0o640);
        return { FLEETWALL_AMQP_CERT: cert, FLEETWALL_AMQP_KEY: key };
      },
      'chmod 600',
    ],
    [
      'a certificate without its key',
      async () => {
        const { cert } = await ca.issue('keyless');
        return { FLEETWALL_AMQP_CERT: cert };
      },
      'go together',
    ],
    [
      'a CA and a broker without TLS',
      async () => ({
        FLEETWALL_AMQP_CA: ca.certificate,
        FLEETWALL_AMQP_URL: broker.url,
      }),
      'are for amqps',
    ],
  ])('is not tried with %s', async (_, settings, message) => {
    const host = await fixture.host('nft', {
      brokerUrl: brokerAt('localhost'),
      environment: await settings(),
      wait: false,
    });
    expect(await host.ended()).toBe(2);
    expect(await host.log()).toContain(message);
  });
});

describe('provision', () => {
  it('takes no user over that rules the broker, and no name that leads out of the folder of passwords', async () => {
    await broker.ctl('add_user', 'boss', 'of-all');
    await broker.ctl('set_user_tags', 'boss', 'administrator');
    const passwords = join(folder, 'taken');
    const ask = async (...args: string[]) =>
      await fleetwall(['provision', '--management-url', managementUrl, '--passwords', passwords, ...args]);
    for (const args of [['boss'], ['--operator', 'boss'], ['--reader', 'boss']]) {
      const { status, stderr } = await ask('free-1', ...args);
      expect(status).toBe(2);
      expect(stderr).toContain('user boss is on the broker, with the tags administrator');
    }
    await broker.ctl('authenticate_user', 'boss', 'of-all');
    expect(await broker.ctl('list_users')).not.toContain('free-1');
    for (const name of ['../../out', 'a/b', '..', 'esc\u001b[2J', '']) {
      const { status, stderr } = await ask('web-9', '--operator', name);
      expect({ name, status }).toEqual({ name, status: 2 });
      expect(stderr).toContain('The name of a user has');
    }
  });
});
