import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { InstalledHost } from './installed-host.ts';
import { bring, makePackages } from './packages.ts';
import { RootFolder } from './root-folder.ts';

/**
 * The Debian package on a bare Debian 12: its own Node is too old, which is said; with a newer one, as NodeSource has it, and the
 * older iptables it works.
 */
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -p tcp --dport 8080 -j DROP\nCOMMIT\n';

const [folder = ''] = process.argv.slice(2);
const root = await RootFolder.copyOf(join(folder, 'base-12'), join(folder, 'debian-12'));
try {
  const files = await makePackages(folder);
  const first = await bring(root, files[0]);
  say('Debian 12: its Node is too old, and apt says so');
  const refused = await root.try(apt('install', first));
  assert.notEqual(refused.status, 0);
  assert.match(refused.output, /Depends: nodejs \(>= 20\.19\) but it is not/);

  say(`With Node ${process.versions.node} as package nodejs: installed, and a job done by iptables 1.8.9`);
  await root.run(apt('install', await makeNode()));
  await root.run(apt('install', first));
  const host = await InstalledHost.create(root);
  try {
    await work(host);
  } finally {
    await host.remove();
  }

  say('Purged');
  await root.run(apt('purge', 'fleetwall'));
  assert.equal((await root.try(['test', '-e', '/var/lib/fleetwall'])).status, 1);
} finally {
  await root.remove();
}

async function work(host: InstalledHost): Promise<void> {
  const keys = await root.run(['fleetwall', 'keys', 'generate', '/root/ops.key', '--kid', 'ops']);
  await writeFile(join(root.path, 'etc/fleetwall/trusted-keys.json'), keys);
  await writeFile(join(root.path, 'root/edge.rules'), EDGE);
  const settings = `hostId: ${host.id}\namqpUrl: ${host.brokerUrl}\ntrustedKeys: /etc/fleetwall/trusted-keys.json\nqueueType: classic\n`;
  await appendFile(join(root.path, 'etc/fleetwall/worker.yaml'), settings);
  await host.startWorker(['/usr/bin/fleetwall', 'worker']);
  const target = ['--host', host.id, '--amqp-url', host.brokerUrl, '--key', '/root/ops.key'];
  const { output } = await host.try(['fleetwall', 'push', '/root/edge.rules', ...target]);
  assert.match(output, /^applied .* edge revision 1 /m);
  assert.match(await host.namespace.save(), /-A edge -p tcp -m tcp --dport 8080 -j DROP/);
  assert.equal(await host.stopWorker(), 0);
}

/** A package of this machine's Node, in place of another source of Debian packages, which cannot be reached here. @returns its path */
async function makeNode(): Promise<string> {
  const home = join(folder, 'nodejs');
  await mkdir(join(home, 'DEBIAN'), { recursive: true });
  await mkdir(join(home, 'usr/bin'), { recursive: true });
  await cp(process.execPath, join(home, 'usr/bin/node'));
  const { stdout: architecture } = await execa('dpkg', ['--print-architecture']);
  const control = [
    'Package: nodejs',
    `Version: ${process.versions.node}-1`,
    `Architecture: ${architecture}`,
    'Maintainer: nobody <nobody@localhost>',
    'Depends: libc6, libstdc++6',
    'Description: Node of this machine',
  ];
  await writeFile(join(home, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const file = join(folder, 'nodejs.deb');
  await execa('dpkg-deb', ['--root-owner-group', '-Znone', '--build', home, file]);
  return await bring(root, file);
}

function apt(...args: string[]): string[] {
  return ['apt-get', '--yes', '--no-install-recommends', ...args];
}

function say(text: string): void {
  console.log(`==> ${text}`);
}
