import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { LocalCrowdSec } from '../../support/crowdsec.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf } from '../../support/lists.ts';

const MAIN = join(import.meta.dirname, '../../../dist/cli/main.js');
const PATIENCE = { timeout: 60_000, interval: 100 };
const fixture = new Fixture();
let crowdsec: LocalCrowdSec;
let host: TestHost;
let folder: string;
let following: ChildProcess | null = null;
let said = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-follow-'));
  [crowdsec, host] = await Promise.all([LocalCrowdSec.start(), fixture.host('nft')]);
  await writeFile(join(folder, 'key'), `${crowdsec.key}\n`);
  said = '';
});
afterEach(async () => {
  await stop();
  await crowdsec.remove();
  await rm(folder, { recursive: true });
});

function words(): string[] {
  const key = join(folder, 'key');
  return ['list', 'follow', 'crowdsec', '--url', crowdsec.url, '--key-file', key, '--host', host.id];
}

function follow(): void {
  said = '';
  following = spawn(process.execPath, [MAIN, ...words(), '--every', '0.2s'], {
    env: { PATH: process.env['PATH'], FLEETWALL_AMQP_URL: inject('brokerUrl') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [following.stdout, following.stderr])
    stream?.on('data', (part: Buffer) => (said += part.toString()));
}

async function stop(): Promise<number | null> {
  const process_ = following;
  following = null;
  if (process_ === null || process_.exitCode !== null) return process_?.exitCode ?? null;
  const ended = once(process_, 'exit');
  process_.kill('SIGTERM');
  const [status] = (await ended) as [number | null];
  return status;
}

const has = async (...entries: string[]) =>
  await vi.waitFor(
    async () => expect(await entriesOf(host.namespace, 'crowdsec'), said).toEqual(entries.toSorted()),
    PATIENCE,
  );
const says = async (text: string) => await vi.waitFor(() => expect(said).toContain(text), PATIENCE);
const decide = async (...decision: string[]) => await crowdsec.cscli('decisions', ...decision);

it('a list has what CrowdSec bans, also when that is no more, and nothing is emptied while it is away', async () => {
  await decide('add', '--ip', '203.0.113.9', '--duration', '4h');
  await decide('add', '--range', '198.51.100.0/24', '--duration', '10m');
  await decide('add', '--ip', '203.0.113.10', '--type', 'captcha');
  await decide('add', '--ip', '127.0.0.1', '--duration', '4h');
  const before = Date.now();
  follow();
  await has('198.51.100.0/24', '203.0.113.9');
  await says('left out, as it must never be in it: 127.0.0.1');
  const ends = await host.namespace.run('ipset', ['save', 'fw4.crowdsec']);
  const [, timeout = ''] = /203\.0\.113\.9 timeout (\d+)/.exec(ends) ?? [];
  const latest = 4 * 3600;
  expect(Number(timeout)).toBeLessThanOrEqual(latest);
  expect(Number(timeout)).toBeGreaterThan(latest - 120 - (Date.now() - before) / 1000);

  await decide('add', '--ip', '2001:db8::7', '--duration', '1h');
  await has('198.51.100.0/24', '2001:db8::7', '203.0.113.9');
  // Of several decisions CrowdSec tells the longest, and of their ends the last.
  await decide('add', '--ip', '203.0.113.9', '--duration', '5h');
  await decide('add', '--ip', '203.0.113.9', '--duration', '3h');
  await decide('add', '--ip', '2001:db8::7', '--type', 'captcha', '--duration', '4h');
  await decide('delete', '--ip', '2001:db8::7', '--type', 'captcha');
  await decide('delete', '--ip', '203.0.113.9');
  await has('198.51.100.0/24', '2001:db8::7');

  await crowdsec.pause();
  await says('nothing is changed until it does');
  expect(await entriesOf(host.namespace, 'crowdsec')).toEqual(['198.51.100.0/24', '2001:db8::7']);
  await crowdsec.resume();
  await says('the source answers again');
  await decide('delete', '--range', '198.51.100.0/24');
  await has('2001:db8::7');
  await decide('delete', '--ip', '127.0.0.1');
  expect(await stop()).toBe(0);

  // What was decided while nobody followed is found at the start, and what is right is left alone.
  await decide('add', '--ip', '203.0.113.77', '--duration', '1h');
  follow();
  await has('2001:db8::7', '203.0.113.77');
  await says('1 in, 0 out, 2 entries, on 1 host\n');
  const revision = Number(/revision (\d+)/.exec(said)?.[1]);
  await stop();
  const client = await fixture.client();
  const since = client.heard.length;
  follow();
  await client.event(host.id, 'fleetwall.job.completed', since);
  await decide('add', '--ip', '203.0.113.78', '--duration', '1h');
  await says('entries, on 1 host\n');
  expect(said).toBe(`crowdsec revision ${revision + 1}: 1 in, 0 out, 3 entries, on 1 host\n`);
});

it('a key that CrowdSec does not know is told, and ends it', async () => {
  await writeFile(join(folder, 'key'), 'wrong');
  const ended = await fleetwall(words(), { environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') } });
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  expect(ended.stderr).toContain('does not know this key');
});
