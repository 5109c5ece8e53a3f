import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { LocalCrowdSec } from '../../support/crowdsec.ts';
import { LocalFail2ban } from '../../support/fail2ban.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf } from '../../support/lists.ts';

const fixture = new Fixture();
const ROOT = join(import.meta.dirname, '../../..');
const PATIENCE = { timeout: 60_000, interval: 200 };
const environment = { FLEETWALL_AMQP_URL: inject('brokerUrl') };

/** The blocks of code of that part of the document. */
async function blocks(): Promise<string[]> {
  const [, part = ''] = (await readFile(join(ROOT, 'src/cli/README.md'), 'utf8')).split(
    '\n## Block addresses\n',
  );
  const [own = ''] = part.split('\n## ');
  return [...own.matchAll(/^```\w*\n([^]*?)^```$/gm)].map(([, block = '']) => block);
}

/** What follows `$ fleetwall` in a line of a block, for this host alone: others share the broker. */
function wordsAfter(start: string, block: string, host: TestHost): string[] {
  const [, line = ''] = block.split(`$ fleetwall ${start} `);
  const [words = ''] = line.split('\n');
  return [...start.split(' '), ...words.replace('--all --yes', `--host ${host.id}`).split(' ')];
}

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-block-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  return folder;
}

const has = async (host: TestHost, list: string, entries: string[]) =>
  await vi.waitFor(async () => expect(await entriesOf(host.namespace, list)).toEqual(entries), PATIENCE);

it('by hand: rules match a list, and an address is in it with one command', async () => {
  const host = await fixture.host('nft');
  const folder = await folderOfTest();
  const [block = ''] = await blocks();
  const [, ruleset = ''] = /^\$ cat block\.yaml\n([^]*?)^\$ /m.exec(block) ?? [];
  const file = join(folder, 'block.yaml');
  await writeFile(file, ruleset);
  const push = wordsAfter('push', block, host).map((word) => (word === 'block.yaml' ? file : word));
  expect(await fleetwall(push, { environment })).toMatchObject({ status: 0 });
  const added = await fleetwall(wordsAfter('list add', block, host), { environment });
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(block).toContain(`\n${added.stdout.replace('1 host', '3 hosts')}\n`);
  expect(await entriesOf(host.namespace)).toEqual(['203.0.113.9']);
  expect(await host.namespace.save()).toContain('-A block-in -m set --match-set fw4.blocked src -j DROP');
});

it('by CrowdSec: what it bans is in the list', async () => {
  const [host, crowdsec] = await Promise.all([fixture.host('nft'), LocalCrowdSec.start()]);
  onTestFinished(async () => await crowdsec.remove());
  const [, block = ''] = await blocks();
  const words = wordsAfter('list follow', block, host);
  const [, made = '', file = ''] = /^\$ cscli (bouncers .*) > (\S+)$/m.exec(block) ?? [];
  const keyFile = join(await folderOfTest(), 'key');
  await writeFile(keyFile, await crowdsec.cscli(...made.replace('fleetwall', 'another').split(' ')));
  words[words.indexOf('--url') + 1] = crowdsec.url;
  expect(words[words.indexOf('--key-file') + 1]).toBe(file);
  words[words.indexOf('--key-file') + 1] = keyFile;
  await crowdsec.cscli('decisions', 'add', '--ip', '203.0.113.9');
  const following = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...words], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    const ended = once(following, 'exit');
    following.kill('SIGTERM');
    await ended;
  });
  await has(host, 'crowdsec', ['203.0.113.9']);
});

it('by fail2ban: who fails to log in on one host is in the list of all, until fail2ban lets go', async () => {
  const host = await fixture.host('nft');
  const [, , jail = ''] = await blocks();
  const own = jail.replace('--all', `--host ${host.id}`);
  const fail2ban = await LocalFail2ban.start(own, environment);
  onTestFinished(async () => await fail2ban.remove());
  for (let attempt = 0; attempt < 2; attempt += 1) await fail2ban.fail('203.0.113.9');
  await has(host, 'blocked', ['203.0.113.9']).catch(async () => {
    throw new Error(await fail2ban.log());
  });
  expect(await host.namespace.run('ipset', ['save', 'fw4.blocked'])).toMatch(/203\.0\.113\.9 timeout [1-9]/);
  await fail2ban.client('set', 'sshd', 'unbanip', '203.0.113.9');
  await has(host, 'blocked', []).catch(async () => {
    throw new Error(await fail2ban.log());
  });
  // A ban for good.
  await fail2ban.client('set', 'sshd', 'bantime', '-1');
  for (let attempt = 0; attempt < 2; attempt += 1) await fail2ban.fail('203.0.113.10');
  await has(host, 'blocked', ['203.0.113.10']).catch(async () => {
    throw new Error(await fail2ban.log());
  });
  expect(await host.namespace.run('ipset', ['save', 'fw4.blocked'])).toMatch(/203\.0\.113\.10 timeout 0/);
  // It lets nobody in by being stopped.
  await fail2ban.stop();
  expect(await entriesOf(host.namespace)).toEqual(['203.0.113.10']);
});
