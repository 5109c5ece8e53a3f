import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsIn, documentedBlock, fileShownIn } from '../../support/document-blocks.ts';
import { ROOT, repositoryFiles } from '../../support/documents.ts';
import { Machine } from '../../support/machine.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const PAGE = 'README.md';
/** npm ci, the build, and the installation: the first step is the longest. */
const STEPS_MS = 600_000;

/** How this machine reaches the registry of npm, and where what it has read of it is kept. */
function forTheRegistry(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => /^HOME$|proxy|cert|_ca_bundle$/i.test(name));
  return {
    ...Object.fromEntries(own.map(([name, value]) => [name, value ?? ''])),
    npm_config_prefer_offline: 'true',
  };
}

let broker: Rabbitmq;
let machine: Machine;
let namespace: TestNamespace;

beforeAll(async () => {
  namespace = await TestNamespace.create('nft');
  broker = await Rabbitmq.start({ netns: namespace.name });
  machine = await Machine.start({ own: ['/etc', '/var/lib', '/run'], hostname: 'web-1' });
  for (const path of await repositoryFiles()) {
    await mkdir(dirname(join(machine.folder, path)), { recursive: true });
    await cp(join(ROOT, path), join(machine.folder, path));
  }
}, 180_000);
afterAll(async () => {
  await machine.remove();
  await broker.stop();
  await namespace.remove();
});

describe('README.md, "Five minutes to a first worker", from a checkout', () => {
  it(
    'works as it stands, from npm ci to a ruleset that is gone again',
    async () => {
      const first = await documentedBlock(
        PAGE,
        'npm ci && npm pack && npm install --global ./fleetwall-*.tgz',
      );
      const [install = '', doctor = '', worker = ''] = commandsIn(first).trim().split('\n');
      await machine.do(install, forTheRegistry());
      expect(await machine.do('command -v fleetwall')).toContain('/npm/bin/fleetwall');
      // The broker of this machine, by all defaults, and a firewall that is nobody else's.
      machine.unplug(namespace);
      expect(await machine.do(doctor)).toContain('127.0.0.1:5672: logged in');
      machine.startWorker(worker);

      const ruleset = await documentedBlock(PAGE, '$ cat hello.yaml');
      const hello = fileShownIn(ruleset, 'hello.yaml');
      const write = async (text: string) => await writeFile(join(machine.folder, 'hello.yaml'), text);
      await write(hello);
      await expect
        .poll(async () => (await machine.run('fleetwall status')).printed, { timeout: 30_000 })
        .toMatch(/^web-1 +online/m);
      const pushes = await documentedBlock(PAGE, '$ fleetwall status');
      const printed = await machine.do(commandsIn(pushes));
      const shown = pushes.split('\n').filter((line) => line !== '' && !line.startsWith('$ '));
      expect(printed.split('\n').slice(-shown.length)).toEqual(shown);
      expect(await namespace.save()).toContain('-A hello-in -s 192.0.2.1/32 -j DROP');

      // "4.": change a line, break a line, and back.
      const push = commandsIn(pushes).trim().split('\n').at(-1) ?? '';
      await write(hello.replace('192.0.2.1', '192.0.2.2'));
      expect(await machine.do(push)).toContain('1 rule in, 1 out');
      await write(hello.replace('192.0.2.1', '192.0.2.999'));
      const broken = await machine.run(push);
      expect(broken.status).toBe(1);
      expect(broken.printed).toMatch(/-:6: .*192\.0\.2\.999/);
      await machine.do('fleetwall rollback hello --all --yes');
      expect(await namespace.save()).toContain('192.0.2.1/32');
      await machine.do('fleetwall remove hello --all --yes');
      expect(await namespace.save()).not.toContain('hello');
    },
    STEPS_MS,
  );
});

it('README.md shows what a check prints', async () => {
  const block = await documentedBlock(PAGE, '$ fleetwall check web.rules');
  const lines = new Map(
    [...block.matchAll(/^>? +(\d+) \| (.*)$/gm)].map(([, number = '', text = '']) => [Number(number), text]),
  );
  // The file has more lines than are shown: what is a rule stands where the page says.
  const rules = [
    '*filter',
    ':web-in - [0:0]',
    '-A INPUT -j web-in',
    '# one line more',
    ...[5, 6, 7, 8].map((number) => lines.get(number)),
    'COMMIT',
  ];
  await writeFile(join(machine.folder, 'web.rules'), `${rules.join('\n')}\n`);
  machine.unplug(namespace);
  const { status, printed } = await machine.run(commandsIn(block));
  expect(status).toBe(1);
  expect(`$ fleetwall check web.rules\n${printed}\n`).toBe(block);
});
