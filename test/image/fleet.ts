import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentedBlock } from '../support/document-blocks.ts';
import { NEXT_IMAGE, NEXT_VERSION } from './build-images.ts';
import type { Engine } from './engine.ts';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';

const page = 'docker/README.md';
const HOSTS = ['db-1', 'web-1', 'web-2'];

/** Does what docker/README.md says, and what an operator and an engine do to a fleet. */
export async function testFleet(engine: Engine): Promise<void> {
  const fleet = new Project(engine);
  await bringUp(fleet);
  await doTheWork(fleet);
  await killWorkers(fleet);
  await upgrade(fleet);
  await bringDown(fleet);
}

/** The profiles `monitoring` and `console`, over the same fleet. */
export async function testMonitoring(engine: Engine): Promise<void> {
  const fleet = new Project(engine);
  await bringUp(fleet);
  await watch(fleet);
  await lookAtPage(fleet);
  await bringDown(fleet);
}

async function bringUp({ engine }: Project): Promise<void> {
  say('The fleet comes up as README says');
  const block = await documentedBlock(page, 'export COMPOSE_PROJECT_NAME=fleetwall');
  // It is built already, with the network of this machine.
  const commands = block.replace('docker compose build\n', '');
  assert.notEqual(commands, block);
  await engine.shell('docker', commands);
}

async function doTheWork(fleet: Project): Promise<void> {
  const { engine } = fleet;
  say('README’s ruleset is live on all three hosts');
  const block = await documentedBlock(page, 'docker compose run --rm client status');
  const talk = block.replace('docker compose run --rm client watch\n', '');
  assert.notEqual(talk, block);
  const output = await engine.shell('docker', talk);
  assert.match(output, /3 hosts: 3 online/);
  assert.match(output, /^applied .* db-1, web-1, web-2$/m);
  for (const host of HOSTS)
    assert.match(await fleet.rules(host), /-A edge-in -p tcp -m tcp --dport 80 -j REJECT/);

  say('A line that fails is named, and nothing is live of it');
  const bad = ruleset('bad', '-p tcp --dport 22 -j ACCEPT\n-A bad -p tcp --dport 99999 -j DROP');
  const refused = await fleet.client(['push', '-', '--name', 'bad', '--host', 'web-1'], bad);
  assert.equal(refused.status, 1);
  assert.match(refused.output, /-:5: invalid port\/service `99999' specified/);
  assert.doesNotMatch(await fleet.rules('web-1'), /bad/);

  say('A host that locks itself out has its rules back');
  const lock = ruleset('lock', '-p tcp --sport 5672 -j DROP');
  const lockedOut = await fleet.client(
    ['push', '-', '--name', 'lock', '--host', 'web-2', '--confirm-timeout', '15'],
    lock,
  );
  assert.equal(lockedOut.status, 1);
  assert.match(lockedOut.output, /^rolled_back .* web-2$/m);
  assert.match(lockedOut.output, /probe_failed/);
  assert.doesNotMatch(await fleet.rules('web-2'), /lock/);

  say('Drift is put back');
  await fleet.compose('exec', '-T', 'web-1', 'iptables', '-F', 'edge-in');
  await until('the rule is back', async () => (await fleet.rules('web-1')).includes('--dport 80 -j REJECT'));
}

async function killWorkers(fleet: Project): Promise<void> {
  const { engine } = fleet;
  const container = await fleet.container('db-1');
  const unconfirmed = [
    'push',
    '-',
    '--name',
    'edge',
    '--host',
    'db-1',
    '--confirm',
    'manual',
    '--confirm-timeout',
    '300',
  ];
  const isLive = (port: number) => async () => (await fleet.rules('db-1')).includes(`--dport ${port} `);
  const isHealthy = async () =>
    (await engine.docker('inspect', '--format', '{{.State.Health.Status}}', container)).trim() === 'healthy';
  const changed = ruleset('edge-in', '-p tcp --dport 81 -j REJECT');

  say(
    'A worker that is killed in the midst of a change: its container is started anew, with the rules from before',
  );
  const answer = fleet.client(unconfirmed, changed);
  await until('the change is live', isLive(81));
  await kill(engine, container);
  await until(
    'the container is started anew',
    async () => (await restarts(engine, container)) === 1 && (await isHealthy()),
  );
  assert.match((await answer).output, /^rolled_back .* db-1$/m);
  await until('the rules from before are live', isLive(80));
  assert.doesNotMatch(await fleet.rules('db-1'), /dport 81/);

  say('docker kill: nobody starts it again but whoever killed it; then the same');
  const second = fleet.client(unconfirmed, changed);
  await until('the change is live', isLive(81));
  await engine.docker('kill', container);
  await fleet.compose('start', 'db-1');
  await until('the worker is ready', isHealthy);
  assert.match((await second).output, /^rolled_back .* db-1$/m);
  await until('the rules from before are live', isLive(80));

  say('docker compose restart: the same rules in a new network namespace');
  await fleet.compose('restart', 'db-1');
  await until('the worker is ready', isHealthy);
  await until('the rules are live', isLive(80));
}

async function upgrade(fleet: Project): Promise<void> {
  const { engine } = fleet;
  const push = async (host: string, port: number, ...flags: string[]) =>
    (
      await fleet.client(
        ['push', '-', '--name', 'edge', '--host', host, ...flags],
        ruleset('edge-in', `-p tcp --dport ${port} -j REJECT`),
      )
    ).output;

  say('The image is upgraded while a job waits for its host, and a change to be confirmed');
  await fleet.compose('stop', 'web-1');
  const queued = push('web-1', 82);
  const unconfirmed = push('web-2', 83, '--confirm', 'manual', '--confirm-timeout', '300');
  await until('the change is live', async () => (await fleet.rules('web-2')).includes('--dport 83 '));
  await engine.docker('tag', NEXT_IMAGE, 'fleetwall:local');
  // Not --wait: a host that does a job is not healthy, as it would not do another.
  await fleet.compose('up', '--detach');
  for (const host of HOSTS) {
    const label = '{{index .Config.Labels "org.opencontainers.image.version"}}';
    const version = await engine.docker('inspect', '--format', label, await fleet.container(host));
    assert.equal(version.trim(), NEXT_VERSION);
  }
  assert.match(await queued, /^applied .* web-1$/m);
  // The new container has a new network namespace: the change is gone with the old one, and its job says so.
  assert.match(await unconfirmed, /^rolled_back .* web-2\n.* cut short by the end of its network namespace/m);
  assert.match(await fleet.rules('web-1'), /--dport 82 /);
  await until('the rules from before are live', async () =>
    (await fleet.rules('web-2')).includes('--dport 80 '),
  );
  assert.doesNotMatch(await fleet.rules('web-2'), /--dport 83 /);
}

async function watch(fleet: Project): Promise<void> {
  say('Prometheus has all three hosts as its targets, and the alerts');
  // Its dashboards come from Grafana's own image, for which Debian has no stand-in.
  const block = await documentedBlock(page, 'docker compose --profile monitoring up --detach --wait');
  await fleet.engine.shell('docker', block.replace('--wait', '--wait prometheus'));
  const ask = async (path: string) => await fetchAt(fleet, `http://127.0.0.1:9090/api/v1/${path}`);
  await until(
    'all targets answer',
    async () => (await ask('targets')).match(/"health":"up"/g)?.length === HOSTS.length,
  );
  assert.match(await ask('rules'), /"name":"FleetwallUndoFailed"/);
}

async function lookAtPage(fleet: Project): Promise<void> {
  say('The page has all three hosts, for whoever has the token');
  const block = await documentedBlock(page, 'docker compose --profile console up --detach --wait');
  await fleet.engine.shell('docker', block);
  const url = 'http://127.0.0.1:9465/api/fleet';
  assert.match(await fetchAt(fleet, url), /log in first/);
  const token = await readFile(join(import.meta.dirname, '../../docker/rabbitmq/console-token'), 'utf8');
  const told = await fetchAt(fleet, url, token.trim());
  for (const host of HOSTS) assert.match(told, new RegExp(`"hostId":"${host}","presence":"online"`));
}

/** Asks as a program of the machine does. */
async function fetchAt({ engine }: Project, url: string, token?: string): Promise<string> {
  const headers = JSON.stringify(token === undefined ? {} : { authorization: `Bearer ${token}` });
  const program = `fetch('${url}', { headers: ${headers} }).then((answer) => answer.text()).then(console.log)`;
  const from = ['run', '--rm', '--network', 'host', '--entrypoint', 'node', 'fleetwall', '--eval', program];
  return await engine.docker(...from);
}

async function bringDown(fleet: Project): Promise<void> {
  say('down leaves nothing');
  await fleet.compose('--profile', '*', 'down', '--volumes');
  assert.equal(await fleet.engine.docker('ps', '--all', '--quiet'), '');
  assert.equal(await fleet.engine.docker('volume', 'ls', '--quiet', '--filter', 'name=fleetwall'), '');
}

/** Kills the worker itself, as the kernel does when memory is short. */
async function kill(engine: Engine, container: string): Promise<void> {
  const pid = (await engine.docker('inspect', '--format', '{{.State.Pid}}', container)).trim();
  await engine.run(['sh', '-c', `kill -KILL $(cat /proc/${pid}/task/${pid}/children)`]);
}

async function restarts(engine: Engine, container: string): Promise<number> {
  return Number(await engine.docker('inspect', '--format', '{{.RestartCount}}', container));
}
