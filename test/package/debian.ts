import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { TestNamespace } from '../support/namespace.ts';
import { InstalledHost } from './installed-host.ts';
import { BUILD, bring, makePackages, NEXT_VERSION } from './packages.ts';
import { RootFolder } from './root-folder.ts';

/**
 * The life of the Debian package on a bare Debian 13: it is installed, works, is upgraded, removed and purged, first without
 * systemd, then with it.
 */
const WORKER = ['/usr/bin/fleetwall', 'worker'];
const EDGE = `*filter
:edge - [0:0]
-A INPUT -j edge
-A edge -p tcp --dport 8080 -j DROP
COMMIT
`;

const [folder = ''] = process.argv.slice(2);
const root = await RootFolder.copyOf(join(folder, 'base'), join(folder, 'debian'));
try {
  say('The Debian package, and one of a later version');
  const files = await makePackages(folder);
  await execa('lintian', ['--fail-on', 'error,warning', '--allow-root', ...files]);
  await hasPages(files[0]);
  say('Made again: the same bytes');
  const again = join(folder, 'packages-again');
  await execa(BUILD, [again]);
  await execa('cmp', [files[0], join(again, basename(files[0]))]);
  const [first, next] = [await bring(root, files[0]), await bring(root, files[1])];
  await withoutSystemd(first, next);
  await withSystemd(first);
} finally {
  await root.remove();
}

/** A page of the manual for each that package.json names, completion for three shells, and what the console serves. */
async function hasPages(file: string): Promise<void> {
  const { man } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    man: string[];
  };
  const { stdout } = await execa('dpkg-deb', ['--contents', file]);
  const paths = new Set(stdout.split('\n').map((line) => line.split(' ./').at(-1)));
  const shells = [
    'bash-completion/completions/fleetwall',
    'zsh/vendor-completions/_fleetwall',
    'fish/vendor_completions.d/fleetwall.fish',
  ];
  const pages = man.map((path) => `man/man1/${basename(path)}.gz`);
  for (const path of [...pages, ...shells]) assert.ok(paths.has(`usr/share/${path}`), path);
  for (const name of ['index.html', 'console.js', 'console.css', 'icon.svg'])
    assert.ok(paths.has(`usr/lib/fleetwall/dist/console/${name}`), name);
}

async function withoutSystemd(first: string, next: string): Promise<void> {
  say('What it depends on');
  const depends = await root.run(['dpkg-deb', '--field', first, 'Depends']);
  await apt('satisfy', depends);
  const before = await root.paths();

  say('Installed, and it says what it needs to know');
  assert.match(await apt('install', first), /the worker is not started.* Set amqpUrl and trustedKeys in/s);
  assert.match(await root.run(['fleetwall', '--help']), /^Usage: fleetwall /m);
  const unset = await root.try(WORKER);
  assert.equal(unset.status, 2);
  assert.match(unset.output, /FLEETWALL_TRUSTED_KEYS/);

  const host = await InstalledHost.create(root);
  try {
    await work(host, first, next);
    await goAway(host, before);
  } finally {
    await host.remove();
  }
}

async function work(host: InstalledHost, first: string, next: string): Promise<void> {
  say('A worker that trusts a key, and a job that is signed with it');
  const keys = await root.run(['fleetwall', 'keys', 'generate', '/root/ops.key', '--kid', 'ops']);
  await writeFile(join(root.path, 'etc/fleetwall/trusted-keys.json'), keys);
  await writeFile(join(root.path, 'root/edge.rules'), EDGE);
  const settings = `hostId: ${host.id}
amqpUrl: ${host.brokerUrl}
trustedKeys: /etc/fleetwall/trusted-keys.json
queueType: classic
`;
  await appendFile(settingsFile(), settings);
  assert.match((await host.try(['fleetwall', 'check', '/root/edge.rules'])).output, /edge can be applied/);
  const version = await host.startWorker(WORKER);
  assert.equal(first, `/opt/fleetwall_${version}-1_all.deb`);
  assert.match(await push(host, '1'), /^applied .* edge revision 1 /m);
  assert.match(await host.namespace.save(), /-A edge -p tcp -m tcp --dport 8080 -j DROP/);

  say('Upgraded: settings and state are kept');
  await apt('install', next);
  assert.equal(await host.stopWorker(), 0);
  assert.equal(await host.startWorker(WORKER), NEXT_VERSION);
  assert.ok((await readFile(settingsFile(), 'utf8')).endsWith(settings));
  assert.match(await push(host, '1'), /^unchanged .* edge revision 1 /m);

  say('Not removed while a change waits, which nothing else could take back');
  await writeFile(join(root.path, 'root/edge.rules'), EDGE.replace('DROP', 'ACCEPT'));
  const waits = host.hears('fleetwall.job.awaiting_confirmation');
  const answer = push(host, '2', '--confirm', 'manual', '--confirm-timeout', '600');
  const job = await waits;
  const refused = await root.try(['apt-get', 'remove', '--yes', 'fleetwall']);
  assert.notEqual(refused.status, 0);
  assert.match(refused.output, /not removed: a change of the rules or of a list is not ended yet/);
  assert.equal(await status('fleetwall'), 'installed');
  assert.equal((await host.try(command(host, 'confirm', job))).status, 0);
  assert.match(await answer, /^applied .* edge revision 2 /m);
}

async function goAway(host: InstalledHost, before: string[]): Promise<void> {
  assert.equal(await host.stopWorker(), 0);
  const live = await host.namespace.save();
  assert.notEqual(live, '');

  say('Removed: live rules, state and the rules for the boot stay');
  assert.match(await apt('remove', 'fleetwall'), /sh \/var\/lib\/fleetwall\/boot\/load/);
  assert.equal(await host.namespace.save(), live);
  const afresh = await TestNamespace.create('nft');
  await root.run(['sh', '/var/lib/fleetwall/boot/load'], { namespace: afresh.name });
  assert.equal(await afresh.save(), live);
  await afresh.remove();

  say('Purged: nothing of it is left, and nothing else has changed');
  await root.run(['rm', '-r', '/root/ops.key', '/root/edge.rules', '/etc/fleetwall/trusted-keys.json']);
  await apt('purge', 'fleetwall');
  assert.deepEqual(await root.paths(), before);
  assert.equal(await host.namespace.save(), live);
  assert.equal(await root.run(['dpkg', '--audit']), '');
}

async function withSystemd(first: string): Promise<void> {
  say('Where there is systemd: units, group and folders');
  await apt('install', 'systemd');
  const before = await root.paths();
  await apt('install', first);
  for (const unit of ['fleetwall.service', 'fleetwall-boot.service']) {
    assert.equal((await root.run(['systemctl', 'is-enabled', unit])).trim(), 'enabled');
    assert.equal(await root.run(['systemd-analyze', 'verify', '--man=no', unit]), '');
  }
  const unit = await root.run(['cat', '/usr/lib/systemd/system/fleetwall.service']);
  assert.match(unit, /^ExecStart=\/usr\/bin\/fleetwall worker$/m);
  const folders = ['/var/lib/fleetwall', '/var/log/fleetwall', '/etc/fleetwall/worker.yaml'];
  assert.equal(
    await root.run(['stat', '-c', '%a %U %G', ...folders]),
    '700 root root\n750 root fleetwall\n600 root root',
  );

  say('What an administrator has disabled stays so');
  await root.run(['systemctl', 'disable', 'fleetwall.service']);
  await apt('install', '--reinstall', first);
  assert.equal((await root.try(['systemctl', 'is-enabled', 'fleetwall.service'])).output, 'disabled');

  await apt('purge', 'fleetwall');
  // The lock file of legacy iptables stays: systemd-tmpfiles has made it, but all programs use it.
  const left = (await root.paths()).filter((path) => !before.includes(path));
  assert.deepEqual(left, ['/run/xtables.lock']);
}

async function apt(...args: string[]): Promise<string> {
  return await root.run(['apt-get', '--yes', '--no-install-recommends', ...args]);
}

async function status(name: string): Promise<string> {
  return await root.run(['dpkg-query', '--show', '--showformat=${db:Status-Status}', name]);
}

async function push(host: InstalledHost, revision: string, ...flags: string[]): Promise<string> {
  const { output } = await host.try(
    command(host, 'push', '/root/edge.rules', '--host', host.id, '--revision', revision, ...flags),
  );
  return output;
}

function command(host: InstalledHost, ...args: string[]): string[] {
  return ['fleetwall', ...args, '--amqp-url', host.brokerUrl, '--key', '/root/ops.key'];
}

function settingsFile(): string {
  return join(root.path, 'etc/fleetwall/worker.yaml');
}

function say(text: string): void {
  console.log(`==> ${text}`);
}
