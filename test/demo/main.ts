import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeJob, TestClient } from '../support/client.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { table } from '../support/rulesets.ts';
import { HUB, HUB_ADDRESS, inside, makeHub, namespaceOf, plugIn } from './network.ts';
import { printEvent } from './print-event.ts';
import { cleanUp, FOLDER, remember } from './state.ts';

/**
 * A fleet on one machine: a private RabbitMQ, three hosts as network namespaces with a worker each, a good ruleset for
 * all of them, and then one with a bad rule for one of them.
 *
 *     npm run demo              cleans up in the end
 *     npm run demo -- --keep    leaves the fleet running, and says how to talk to it
 *     npm run demo -- --stop    ends what --keep has left
 */
const HOSTS = ['web-1', 'web-2', 'db-1'];
const ROOT = join(import.meta.dirname, '../..');
const WORKER = join(ROOT, 'dist/cli/main.js');
/** Set in the process that runs in the hub. */
const IN_HUB = 'FLEETWALL_DEMO_IN_HUB';

const REVISION_1 = {
  name: 'edge',
  revision: 1,
  ipv4: table(
    'filter',
    ':edge-in - [0:0]',
    '-A INPUT -j edge-in',
    '-A edge-in -i lo -j ACCEPT',
    '-A edge-in -p tcp --dport 22 -j ACCEPT',
    '-A edge-in -s 10.77.0.0/24 -p tcp --dport 80 -j ACCEPT',
    '-A edge-in -p tcp --dport 80 -j REJECT',
  ),
  ipv6: table(
    'filter',
    ':edge-in - [0:0]',
    '-A INPUT -j edge-in',
    '-A edge-in -i lo -j ACCEPT',
    '-A edge-in -p tcp --dport 80 -j REJECT',
  ),
};
/** IPv4 is well, and is written first; in IPv6 there is no such port. */
const REVISION_2 = {
  ...REVISION_1,
  revision: 2,
  ipv4: REVISION_1.ipv4.replace('--dport 22', '--dport 2222'),
  ipv6: REVISION_1.ipv6.replace(
    '--dport 80 -j REJECT',
    '--dport 80 -j REJECT\n-A edge-in -p tcp --dport 99999 -j ACCEPT\n-A edge-in -j RETURN',
  ),
};

const keep = process.argv.includes('--keep');
if (process.argv.includes('--stop')) {
  await cleanUp(HOSTS);
  say('The demo is gone');
} else if (process.env[IN_HUB] === undefined) {
  await enterHub();
} else {
  await runDemo();
}

/** The broker is to be reached from the hosts only: it runs in the hub, and so does everything that talks to it. */
async function enterHub(): Promise<void> {
  await cleanUp(HOSTS);
  say('A network of its own: a hub for the broker, and a namespace for each host with a cable to it');
  await makeHub();
  for (const [index, host] of HOSTS.entries()) await plugIn(host, index);
  const [enter, ...args] = inside(HUB, process.execPath, ...process.execArgv, ...process.argv.slice(1));
  // A Ctrl-C ends the child, and is no reason not to clean up after it.
  process.on('SIGINT', () => {});
  const child = spawn(enter, args, { stdio: 'inherit', env: { ...process.env, [IN_HUB]: '1' } });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (!keep || status !== 0) {
    await cleanUp(HOSTS);
    say('Cleaned up: no process, namespace or folder is left');
  }
  process.exitCode = status ?? 1;
}

async function runDemo(): Promise<void> {
  say('A private RabbitMQ in the hub');
  const broker = await Rabbitmq.start({ address: HUB_ADDRESS, detached: true });
  const client = await TestClient.connect(broker.url);
  await remember(HOSTS, broker.pids, [broker.folder]);

  say('A worker on each host');
  const workers = await Promise.all(HOSTS.map(async (host) => await startWorker(host, broker.url)));
  await remember(HOSTS, [...broker.pids, ...workers], [broker.folder]);
  for (const host of HOSTS) printEvent((await client.event(host, 'fleetwall.worker.online')).event);

  say('A good ruleset for all three');
  const jobs = HOSTS.map((host) => ({ host, job: makeJob(host, { ruleset: REVISION_1 }) }));
  await Promise.all(jobs.map(async ({ host, job }) => await client.publish(host, job)));
  for (const { host, job } of jobs) {
    printEvent((await client.event(host, 'fleetwall.job.started')).event);
    printEvent(await client.completed(job.id));
  }

  say('The next revision, with a bad rule in its IPv6 part, for web-1 alone');
  printEvent(await client.run('web-1', { ruleset: REVISION_2 }));

  say('What is live on web-1 now');
  for (const program of ['iptables', 'ip6tables']) {
    const [enter, ...args] = inside(namespaceOf('web-1'), program, '-S');
    console.log((await execa(enter, args)).stdout.replace(/^/gm, '    '));
  }
  await client.close();
  if (keep) sayHowToTalk(broker.url);
}

async function startWorker(host: string, brokerUrl: string): Promise<number> {
  const folder = join(FOLDER, host);
  await mkdir(folder, { recursive: true });
  const output = openSync(join(folder, 'worker.log'), 'a');
  const [enter, ...args] = inside(namespaceOf(host), process.execPath, WORKER, 'worker');
  const worker = spawn(enter, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      FLEETWALL_HOST_ID: host,
      FLEETWALL_GROUPS: host.replace(/-\d+$/, ''),
      FLEETWALL_AMQP_URL: brokerUrl,
      FLEETWALL_ALLOW_UNSIGNED: 'true',
      FLEETWALL_STATE_DIR: join(folder, 'state'),
      FLEETWALL_RUN_DIR: join(folder, 'run'),
    },
  });
  closeSync(output);
  worker.unref();
  return worker.pid ?? 0;
}

function sayHowToTalk(brokerUrl: string): void {
  say('The fleet is left running; from this folder:');
  const client = `nsenter --net=/run/netns/${HUB} /usr/bin/python3 test/integration/pika_client.py ${brokerUrl}`;
  const rules = String.raw`*filter\n:mine - [0:0]\n-A INPUT -j mine\n-A mine -s 192.0.2.7 -j DROP\nCOMMIT\n`;
  for (const [what, command] of [
    [
      'push rules as revision 1 of a ruleset "mine" to web-2, and see the event',
      `printf '${rules}' | ${client} web-2 mine 1`,
    ],
    ['see what is live on web-2', `nsenter --net=/run/netns/${namespaceOf('web-2')} iptables-save`],
    ['read its worker’s log', `tail -f ${FOLDER}/web-2/worker.log`],
    ['end it all', 'npm run demo -- --stop'],
  ]) {
    console.log(`    ${what}:\n        ${command}`);
  }
}

function say(text: string): void {
  console.log(`\n==> ${text}`);
}
