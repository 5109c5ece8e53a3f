import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { makeFiles, OPERATOR_COMMAND, operate, startWorker } from './fleet.ts';
import { HUB, HUB_ADDRESS, inside, makeHub, namespaceOf, plugIn } from './network.ts';
import { startPage } from './page.ts';
import { RULESETS } from './rulesets.ts';
import { cleanUp, FOLDER, remember } from './state.ts';

/**
 * A fleet on one machine: a private RabbitMQ, three hosts as network namespaces with a worker each, and an operator
 * who rolls out a good ruleset, then a bad one, and last one that locks a host out.
 *
 *     npm run demo              cleans up in the end
 *     npm run demo -- --keep    leaves the fleet running, and says how to talk to it
 *     npm run demo -- --stop    ends what --keep has left
 */
const HOSTS = ['web-1', 'web-2', 'db-1'];
const MOST_ATTEMPTS = 30;
const ATTEMPT_MS = 500;
/** An environment variable that is set in the process that runs in the hub. */
const IN_HUB = 'FLEETWALL_DEMO_IN_HUB';

const keep = process.argv.includes('--keep');
if (process.argv.includes('--stop')) {
  await cleanUp(HOSTS);
  say('The demo is gone');
} else if (process.env[IN_HUB] === undefined) {
  await enterHub();
} else {
  await runDemo();
}

/** Runs the demo in the hub: the broker is there, so that only the hosts and what is in the hub can reach it. */
async function enterHub(): Promise<void> {
  await cleanUp(HOSTS);
  say('A network of its own: a hub for the broker, and a namespace for each host with a cable to it');
  await makeHub();
  for (const [index, host] of HOSTS.entries()) await plugIn(host, index);
  const [enter, ...args] = inside(HUB, process.execPath, ...process.execArgv, ...process.argv.slice(1));
  // A Ctrl-C ends the child; this process stays to clean up after it.
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
  await remember(HOSTS, broker.pids, [broker.folder]);

  say('A key to sign with, and a worker on each host that does what is signed with it');
  await makeFiles(broker.url);
  const workers = await Promise.all(HOSTS.map(async (host) => await startWorker(host, broker.url)));
  await remember(HOSTS, [...broker.pids, ...workers], [broker.folder]);
  await untilThere();
  await operate('status', 0);

  say('A ruleset for all three: one host first, and the others if that went well');
  show('edge.yaml');
  await operate('rollout edge.yaml --all --yes --steps 1,100%', 0);

  say(
    'The next revision has a rule that no kernel takes: it stops at the first host, which is as it was before',
  );
  await operate('rollout bad.yaml --all --yes --steps 1,100%', 1);

  say('A revision that the kernel takes, and that locks web-2 out; it has 3 s to prove that it does not');
  show('lock-out.yaml');
  await operate('push lock-out.yaml --host web-2 --confirm-timeout 3', 1);

  say('So revision 1 is live everywhere');
  await operate('status', 0);
  for (const program of ['iptables', 'ip6tables']) {
    const [enter, ...args] = inside(namespaceOf('web-2'), program, '-S');
    console.log(`\n$ ${program} -S   # on web-2\n${(await execa(enter, args)).stdout}`);
  }
  if (!keep) return;
  const page = await startPage(broker.url);
  await remember(HOSTS, [...broker.pids, ...workers, ...page.pids], [broker.folder]);
  sayHowToTalk(page.url);
}

/** Waits until all workers are online. */
async function untilThere(): Promise<void> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const { stdout } = await execa(OPERATOR_COMMAND, ['status', '--json']);
    if (HOSTS.every((host) => stdout.includes(`"${host}"`))) return;
    await sleep(ATTEMPT_MS);
  }
  throw new Error(`not all of ${HOSTS.join(', ')} are there: see ${FOLDER}/*/worker.log`);
}

function show(file: keyof typeof RULESETS): void {
  console.log(`\n$ cat ${file}\n${RULESETS[file].trimEnd()}`);
}

function sayHowToTalk(page: string): void {
  say('The fleet is left running');
  for (const [what, command] of [
    ['be its operator', `cd ${FOLDER} && ./fleetwall status`],
    ['look at it on a page, in a browser of this machine', page],
    ['have a host block an address', './fleetwall push block.yaml --host web-2'],
    ['see what happens, in a second terminal', './fleetwall watch'],
    ['see what is live on web-2', `nsenter --net=/run/netns/${namespaceOf('web-2')} iptables-save`],
    ['read its worker’s log', `tail -f ${FOLDER}/web-2/worker.log`],
    ['end it all, from where you are now', 'npm run demo -- --stop'],
  ]) {
    console.log(`    ${what}:\n        ${command}`);
  }
}

function say(text: string): void {
  console.log(`\n==> ${text}`);
}
