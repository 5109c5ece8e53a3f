import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandsIn, documentedBlock } from '../../support/document-blocks.ts';
import { Machine } from '../../support/machine.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const PAGE = 'docker/README-operate.md';
const RULES = 'name: edge\nipv4: |\n  *filter\n  :edge - [0:0]\n  -A INPUT -j edge\n  COMMIT\n';

/** A broker with its management API. */
interface Managed {
  broker: Rabbitmq;
  management: string;
}

let brokers: Managed[];
let operator: Machine;
let host: Machine;
let rules: TestNamespace;

beforeAll(async () => {
  brokers = await Promise.all([start(), start()]);
  [operator, host, rules] = [await Machine.start(), await Machine.start(), await TestNamespace.create('nft')];
}, 180_000);
afterAll(async () => {
  for (const machine of [host, operator]) await machine.remove();
  await rules.remove();
  for (const { broker } of brokers) await broker.stop();
});

async function start(): Promise<Managed> {
  let management = '';
  const broker = await Rabbitmq.start({
    plugins: ['rabbitmq_management'],
    configure: async (freePort) => {
      const port = await freePort();
      management = `http://guest:guest@127.0.0.1:${port}`;
      return ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${port}`];
    },
  });
  return { broker, management };
}

const urlOf = ({ broker }: Managed, user: string) =>
  `${broker.url.replace('amqp://', `amqp://${user}@`)}/fleet`;

/** The operator's settings for a broker. */
const at = (managed: Managed) => ({
  FLEETWALL_AMQP_URL: urlOf(managed, 'central'),
  FLEETWALL_AMQP_PASSWORD_FILE: join(operator.folder, 'passwords/central'),
});

/** `rabbitmqctl` with a file, on that node. */
async function control(block: string, { broker }: Managed): Promise<string> {
  const [line = '', ...others] = commandsIn(block).trim().split('\n');
  const [, action = '', file = ''] = line.split(' ');
  await broker.ctl(action, join(operator.folder, file));
  return others.join('\n');
}

/** The commands of docker/README-operate.md are run as they stand there, but for the address of the broker. */
it('workers go on at a new broker that was provisioned with the same passwords, and no revision comes twice', async () => {
  const [old, fresh] = brokers as [Managed, Managed];
  const block = commandsIn(
    await documentedBlock(PAGE, '$ export FLEETWALL_MANAGEMENT_URL=https://admin:…@broker.example:15671'),
  );
  const provision = async (managed: Managed) =>
    await operator.run(block.replace(/https:\/\/admin:\S+/, managed.management), at(managed));
  await writeFile(join(operator.folder, 'hosts.txt'), 'web-1 web\n');
  await writeFile(join(operator.folder, 'edge.yaml'), RULES);
  expect((await provision(old)).printed).toContain('1 host and 1 operator provisioned');

  const settings = [
    'hostId: web-1',
    'groups: [web]',
    `amqpUrl: "${urlOf(old, 'web-1')},${urlOf(fresh, 'web-1')}"`,
    'amqpPasswordFile: /etc/fleetwall/password',
    `netns: ${rules.name}`,
    'stateDir: /var/lib/fleetwall',
    `runDir: ${join(host.folder, 'run')}`,
    'allowUnsigned: true',
  ];
  await writeFile(join(host.folder, 'worker.yaml'), `${settings.join('\n')}\n`);
  await writeFile(join(host.folder, 'password'), await readFile(join(operator.folder, 'passwords/web-1')));
  await host.do('mkdir /etc/fleetwall; install --mode 600 worker.yaml password /etc/fleetwall/');
  host.startWorker();
  const push = async (managed: Managed) =>
    await operator.run('fleetwall push edge.yaml --host web-1 --timeout 40', at(managed));
  expect((await push(old)).printed).toContain('edge revision 1');

  await old.broker.ctl('set_policy', '--vhost', 'fleet', 'ours', '^ours$', '{"max-length": 1}');
  const keep = await documentedBlock(PAGE, '$ rabbitmqctl export_definitions broker-definitions.json');
  await operator.do((await control(keep, old)).replace('--for 10', '--for 3'), at(old));
  expect(await readFile(join(operator.folder, 'events.jsonl'), 'utf8')).toContain('fleetwall.job.completed');

  await old.broker.kill();
  await control(
    await documentedBlock(PAGE, '$ rabbitmqctl import_definitions broker-definitions.json'),
    fresh,
  );
  const { printed } = await provision(fresh);
  expect(printed).toContain('1 host and 1 operator provisioned');
  expect(await fresh.broker.ctl('list_policies', '--vhost', 'fleet')).toContain('ours');
  await expect
    .poll(async () => (await operator.run('fleetwall status', at(fresh))).printed, { timeout: 60_000 })
    .toMatch(/web-1 +online .*edge@1/);
  await writeFile(
    join(operator.folder, 'edge.yaml'),
    RULES.replace('COMMIT', '-A edge -s 192.0.2.1 -j DROP\n  COMMIT'),
  );
  expect((await push(fresh)).printed).toContain('edge revision 2');
  expect(await rules.save()).toContain('192.0.2.1/32');
}, 180_000);
