import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestNamespace } from '../support/namespace.ts';
import { BootedMachine, type Booter } from './booted-machine.ts';
import { InstalledHost } from './installed-host.ts';
import { bring, makePackages } from './packages.ts';
import { RootFolder } from './root-folder.ts';

/**
 * Tests the Debian package on a machine with systemd: what starts when, and that it works with only the rights of its units.
 * `systemd.ts FOLDER [BOOTER]`
 */
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -p tcp --dport 8080 -j DROP\nCOMMIT\n';
/** A ruleset whose packets are tried before it is live; it is right that they are dropped. */
const TESTED = `name: tested
ipv4: |
  *filter
  :tested - [0:0]
  -A INPUT -j tested
  -A tested -p tcp --dport 8081 -j DROP
  COMMIT
tests:
  - { name: nobody gets in, from: SENDER, protocol: tcp, port: 8081, expect: EXPECTED }
`;
const HOOK = /^-A INPUT -j edge$/gm;

const [folder = '', booter = 'boot'] = process.argv.slice(2) as [string?, Booter?];
const root = await RootFolder.copyOf(join(folder, 'base'), join(folder, `systemd-${booter}`));
try {
  // iproute2 is for the tests of rulesets; once booted, the machine reaches no mirror.
  say('A Debian 13 with systemd, booted');
  const files = await makePackages(folder);
  const [first, next] = [await bring(root, files[0]), await bring(root, files[1])];
  await root.run(['apt-get', 'satisfy', '--yes', '--no-install-recommends', 'systemd-sysv, dbus, iproute2']);
  await root.run(['apt-get', 'satisfy', '--yes', '--no-install-recommends', await dependencies(first)]);
  await rm(join(root.path, 'usr/sbin/policy-rc.d'));
  const host = await InstalledHost.create(root);
  try {
    await booted(host.namespace, async (machine) => await live(machine, host, first, next));
    await liveAgain();
  } finally {
    await host.remove();
  }
} finally {
  await root.remove();
}

async function live(machine: BootedMachine, host: InstalledHost, first: string, next: string): Promise<void> {
  const apt = async (...args: string[]) =>
    await machine.run(['apt-get', '--yes', '--no-install-recommends', ...args]);
  const fleetwall = async (...args: string[]) =>
    (await machine.try(['fleetwall', ...args, '--amqp-url', host.brokerUrl, '--key', '/root/ops.key']))
      .output;
  const push = async (revision: string, ...flags: string[]) =>
    await fleetwall('push', '/root/edge.rules', '--host', host.id, '--revision', revision, ...flags);
  const isActive = async (unit: string) => (await machine.try(['systemctl', 'is-active', unit])).output;

  say('Installed: it is started once it knows whose jobs to run');
  await apt('install', first);
  assert.equal(await isActive('fleetwall'), 'inactive');
  const keys = await machine.run(['fleetwall', 'keys', 'generate', '/root/ops.key', '--kid', 'ops']);
  await writeFile(join(root.path, 'etc/fleetwall/trusted-keys.json'), keys);
  await writeFile(join(root.path, 'root/edge.rules'), EDGE);
  await appendFile(
    join(root.path, 'etc/fleetwall/worker.yaml'),
    `hostId: ${host.id}\namqpUrl: ${host.brokerUrl}\ntrustedKeys: /etc/fleetwall/trusted-keys.json\nqueueType: classic\n`,
  );
  const started = await machine.try(['systemctl', 'start', 'fleetwall']);
  assert.equal(started.status, 0, await machine.run(['journalctl', '--no-pager', '--unit=fleetwall']));
  assert.match(await push('1'), /^applied .* edge revision 1 /m);
  await machine.run(['systemctl', 'reload', 'fleetwall']);

  say('A ruleset with tests: the unit lets their packets be tried');
  const pushTested = async (expected: string) => {
    // The one other machine that this one has a route to.
    const text = TESTED.replace('EXPECTED', expected).replace('SENDER', new URL(host.brokerUrl).hostname);
    await writeFile(join(root.path, 'root/tested.yaml'), text);
    return await fleetwall('push', '/root/tested.yaml', '--host', host.id);
  };
  const refused = await pushTested('accept');
  assert.match(refused, /^failed /m);
  assert.match(refused, /"nobody gets in": expected accept, got drop/);
  assert.match(await pushTested('drop'), /^applied .* tested revision \d+ /m);

  say('Upgraded while a change waits: another worker, the same state, and the change is confirmed there');
  await writeFile(join(root.path, 'root/edge.rules'), EDGE.replace('8080', '8082'));
  const waited = host.hears('fleetwall.job.awaiting_confirmation');
  const waiting = push('2', '--confirm', 'manual', '--confirm-timeout', '600');
  const job = await waited;
  const before = await machine.run(['systemctl', 'show', '--property=MainPID', 'fleetwall']);
  await apt('install', next);
  assert.equal(await isActive('fleetwall'), 'active');
  assert.notEqual(await machine.run(['systemctl', 'show', '--property=MainPID', 'fleetwall']), before);
  assert.match(await host.namespace.save(), /-A edge -p tcp -m tcp --dport 8082 -j DROP/);
  await fleetwall('confirm', job);
  assert.match(await waiting, /^applied .* edge revision 2 /m);
  assert.match(await push('2'), /^unchanged .* edge revision 2 /m);

  say('A removal that is refused leaves the worker running, and the change waiting');
  await writeFile(join(root.path, 'root/edge.rules'), EDGE.replace('DROP', 'ACCEPT'));
  const waits = host.hears('fleetwall.job.awaiting_confirmation');
  const answer = push('3', '--confirm', 'manual', '--confirm-timeout', '600');
  const last = await waits;
  assert.notEqual((await machine.try(['apt-get', 'remove', '--yes', 'fleetwall'])).status, 0);
  assert.equal(await isActive('fleetwall'), 'active');
  await fleetwall('confirm', last);
  assert.match(await answer, /^applied .* edge revision 3 /m);

  say('Removed and installed again: stopped, started, and no rule is there twice');
  await apt('remove', 'fleetwall');
  assert.equal(await isActive('fleetwall'), 'inactive');
  await apt('install', next);
  assert.equal(await isActive('fleetwall'), 'active');
  assert.equal(await isActive('fleetwall-boot'), 'inactive');
  assert.equal((await host.namespace.save()).match(HOOK)?.length, 1);
}

/** Boots with an empty network, as after a reboot, and without a broker: the rules must be live again. */
async function liveAgain(): Promise<void> {
  say('Booted again, without a broker: the committed rules are there, once');
  const namespace = await TestNamespace.create('nft');
  await booted(namespace, async (machine) => {
    assert.equal(await machine.run(['systemctl', 'is-active', 'fleetwall-boot']), 'active');
    assert.equal((await namespace.save()).match(HOOK)?.length, 1);
  });
  await namespace.remove();
}

async function booted(
  namespace: TestNamespace,
  use: (machine: BootedMachine) => Promise<void>,
): Promise<void> {
  const machine = await BootedMachine.boot(root, namespace.name, booter);
  try {
    await use(machine);
    await machine.powerOff();
  } finally {
    await machine.pullPlug();
  }
}

async function dependencies(file: string): Promise<string> {
  return await root.run(['dpkg-deb', '--field', file, 'Depends']);
}

function say(text: string): void {
  console.log(`==> ${text}`);
}
