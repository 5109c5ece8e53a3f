import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildByHand, type Stage } from './build-by-hand.ts';
import { InstalledHost } from './installed-host.ts';

/**
 * Tests the image without a Docker engine: does the steps of the Dockerfile in folders, and runs a worker as first process of a
 * process namespace, with only the three capabilities that the Dockerfile names.
 */
const EDGE = `*filter
:edge - [0:0]
-A INPUT -j edge
-A edge -p tcp --dport 8080 -m set --match-set known src -j ACCEPT
-A edge -p tcp --dport 8080 -j DROP
COMMIT
`;
/** The paths that a container may write to: the volume, and the tmpfs for what is lost with the container. */
const WRITABLE = /^\/(var\/lib\/fleetwall|run\/(fleetwall|xtables\.lock)|root)(\/|$)/;

const [folder = ''] = process.argv.slice(2);
say('The steps of the Dockerfile, in folders');
const image = await buildByHand(folder, join(folder, 'base'));
try {
  const host = await InstalledHost.create(image.root);
  try {
    await work(image, host);
  } finally {
    await host.remove();
  }
} finally {
  await image.root.remove();
}

async function work({ root, entrypoint, command, environment, healthcheck }: Stage, host: InstalledHost) {
  say('A worker as a container has it, with three capabilities, and a signed job');
  const packageJson = JSON.parse(await readFile(join(root.path, 'usr/lib/fleetwall/package.json'), 'utf8'));
  assert.equal((await root.try([...entrypoint, ...command], { environment })).status, 2);
  const key = '/root/ops.key';
  const keys = await root.run([...entrypoint, 'keys', 'generate', key, '--kid', 'ops'], { environment });
  await writeFile(join(root.path, 'root/trusted-keys.json'), keys.slice(keys.indexOf('{')));
  await writeFile(join(root.path, 'root/edge.rules'), EDGE);
  await host.namespace.run('ipset', ['create', 'known', 'hash:ip']);
  const before = await root.paths();

  const settings = {
    FLEETWALL_HOST_ID: host.id,
    FLEETWALL_AMQP_URL: host.brokerUrl,
    FLEETWALL_TRUSTED_KEYS: '/root/trusted-keys.json',
    FLEETWALL_QUEUE_TYPE: 'classic',
  };
  const container = [...isolated(await capabilities()), ...entrypoint, ...command];
  assert.equal(await host.startWorker(container, { ...environment, ...settings }), packageJson.version);
  const push = ['push', '/root/edge.rules', '--host', host.id, '--key', key];
  const pushed = await host.try([...entrypoint, ...push], { ...environment, ...settings });
  assert.match(pushed.output, /^applied .* edge revision 1 /m);
  assert.match(await host.namespace.save(), /-A edge -p tcp -m tcp --dport 8080 -j DROP/);

  say('It says that it is well, while it is');
  assert.equal((await host.try(healthcheck)).status, 0);
  assert.equal(await host.stopContainer(), 0);
  assert.equal((await host.try(healthcheck)).status, 1);
  const written = (await root.paths()).filter((path) => !before.includes(path) && !WRITABLE.test(path));
  assert.deepEqual(written, []);
}

/** The capabilities that the Dockerfile says a container needs. */
async function capabilities(): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '../../docker/Dockerfile'), 'utf8');
  const named = [...text.matchAll(/--cap-add (\w+)/g)].map(([, name = '']) => name.toLowerCase());
  assert.equal(named.length, 3);
  return named;
}

/** A command that isolates as an engine does: a process namespace, and only the given capabilities. */
function isolated(named: readonly string[]): string[] {
  const rights = `--bounding-set=-all,${named.map((name) => `+${name}`).join(',')}`;
  // The folder is not a mount, so its propagation cannot be changed; the mount namespace of this test is private anyway.
  const mounts = ['--mount', '--propagation=unchanged', '--mount-proc'];
  const namespaces = ['unshare', '--pid', '--fork', '--kill-child', ...mounts];
  return [...namespaces, 'setpriv', '--no-new-privs', '--inh-caps=-all', rights];
}

function say(text: string): void {
  console.log(`==> ${text}`);
}
