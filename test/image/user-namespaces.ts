import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TestNamespace } from '../support/namespace.ts';
import { Engine } from './engine.ts';
import { Project, ruleset, until } from './project.ts';
import { say } from './say.ts';
import { WholeHost } from './whole-host.ts';

const DATA = 'docker-remapped';
const FILE = '/tmp/images.tar';
const IMAGES = ['fleetwall', 'fleetwall:local', 'rabbitmq:4.2-management'];

/** An engine whose containers have other users than the host (`userns-remap`). It has images of its own. */
export async function testUserNamespaces(engine: Engine): Promise<void> {
  const { folder } = engine;
  // Below /tmp of both, which have the same root.
  await engine.docker('save', '--output', FILE, ...IMAGES);
  const data = join(folder, DATA);
  const remove = async () => await rm(data, { recursive: true, force: true });
  await remove();
  const namespace = await TestNamespace.create('nft');
  const flags = ['--userns-remap=default'];
  const remapped = await Engine.start({ folder, namespace: namespace.name, data: DATA, flags });
  try {
    await remapped.run(['docker', 'load', '--input', FILE]);
    await haveFirewalls(new Project(remapped));
    await manageHost(new Project(remapped));
  } finally {
    await remapped.stop();
    await namespace.remove();
    await remove();
    await engine.run(['rm', FILE]);
  }
}

async function haveFirewalls(fleet: Project): Promise<void> {
  say('Users that are mapped: containers with a firewall of their own take rulesets');
  await fleet.compose('run', '--rm', 'keys');
  await fleet.compose('up', '--detach', '--wait');
  const users = await fleet.compose('exec', '-T', 'web-1', 'cat', '/proc/self/uid_map');
  assert.match(users, /^ +0 +[1-9]\d+ /);
  const push = ['push', '-', '--name', 'edge', '--all', '--yes'];
  const { output } = await fleet.client(push, ruleset('edge', '-p tcp --dport 80 -j DROP'));
  assert.match(output, /^applied .* db-1, web-1, web-2$/m);
  await fleet.compose('down', '--volumes');
}

async function manageHost(fleet: Project): Promise<void> {
  say(
    'The firewall of the host: the engine refuses it, and with --userns host the worker does, and says why',
  );
  const host = await WholeHost.create(fleet);
  await assert.rejects(
    host.start(),
    /cannot share the host(?:'s network namespace| PID namespace) when user namespaces are enabled/,
  );
  await host.start({ flags: ['--userns', 'host', '--restart', 'no'] });
  // The files of the image belong to whom root is mapped to, another user of the host.
  await until('it says so', async () => /\/run belongs to user [1-9]\d+, who could/.test(await host.log()));
  await until('it has ended', async () => (await host.says('{{.State.Status}}')) === 'exited');
  assert.equal(await host.says('{{.State.ExitCode}}'), '2');
  await host.remove();
  await fleet.compose('--profile', '*', 'down', '--volumes');
}
