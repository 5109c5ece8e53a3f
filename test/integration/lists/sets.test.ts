import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/host/run-command.ts';
import { FileBootFiles } from '../../../src/host/state/boot-files.ts';
import { FileListStore } from '../../../src/host/state/list-store.ts';
import type { ListRecord } from '../../../src/job/ports/lists.ts';
import type { ListContent } from '../../../src/list/content.ts';
import { listDigest } from '../../../src/list/digest.ts';
import { parseNetwork } from '../../../src/list/network.ts';
import { planDelta } from '../../../src/list/plan-delta.ts';
import {
  changeLines,
  createLine,
  fillLines,
  setName,
  spareName,
  swapLines,
} from '../../../src/list/set-lines.ts';
import { Ipset } from '../../../src/netfilter/sets/ipset.ts';
import { finish } from '../../../src/steps.ts';
import { TestNamespace } from '../../support/namespace.ts';

const DAY_MS = 86_400_000;
let namespace: TestNamespace;
let folder: string;
let sets: Ipset;
const fence = { descriptor: 1, assertHeld: () => {} };

beforeEach(async () => {
  namespace = await TestNamespace.create('nft');
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-lists-'));
  const prefix = ['/usr/bin/nsenter', `--net=/run/netns/${namespace.name}`, '--'];
  sets = new Ipset({ ipset: '/usr/sbin/ipset', namespace: { prefix }, timeoutMs: 30_000, run: runCommand });
});
afterEach(async () => {
  await namespace.remove();
  await rm(folder, { recursive: true });
});

function recordOf(content: ListContent, revision: number): ListRecord {
  const atMs = Date.now();
  const entries = { ipv4: content.size, ipv6: 0 };
  return {
    name: 'blocked',
    kind: 'deny',
    maxEntries: 1000,
    revision,
    asked: null,
    committedBy: `job ${revision}`,
    isRemoved: false,
    entries,
    digest: listDigest(content, atMs),
    atMs,
    nextEndMs: null,
  };
}

/** What a set has: whether each entry ends, in the spelling of ours. */
async function liveOf(set: string): Promise<Map<string, boolean>> {
  const live = new Map<string, boolean>();
  await sets.read(fence, set, (text, timeout) => {
    const network = parseNetwork(text);
    live.set(typeof network === 'string' ? text : network.text, timeout > 0);
  });
  return live;
}

async function create(max = 1000): Promise<void> {
  const lines = (['ipv4', 'ipv6'] as const).map((family) =>
    createLine(setName('blocked', family), family, max, 0),
  );
  await sets.write(fence, `${lines.join('\n')}\n`);
}

describe('ipset', () => {
  it('swaps sets that somebody is just reading as soon as they are read, and each pair once', async () => {
    await create(100_000);
    const spares = (['ipv4', 'ipv6'] as const).map((family) =>
      createLine(spareName('blocked', family), family, 100_000, 0),
    );
    const many = Array.from(
      { length: 60_000 },
      (_, index) => `add fw6.blocked 2001:db8::${index.toString(16)}`,
    );
    const lines = [...spares, ...many, 'add fw4.blocked.2 192.0.2.1', 'add fw6.blocked.2 2001:db8:1::'];
    await sets.write(fence, `${lines.join('\n')}\n`);
    // It has the set for as long as nobody takes what it prints.
    const reader = spawn('nsenter', [
      `--net=/run/netns/${namespace.name}`,
      '--',
      'ipset',
      'save',
      'fw6.blocked',
    ]);
    await once(reader.stdout, 'readable');
    const swapped = sets.write(fence, swapLines('blocked'));
    await expect.poll(async () => [...(await liveOf('fw4.blocked')).keys()]).toEqual(['192.0.2.1']);
    expect((await namespace.try('ipset', ['test', 'fw6.blocked', '2001:db8:1::'])).exitCode).toBe(1);
    reader.kill();
    await swapped;
    expect([...(await liveOf('fw6.blocked')).keys()]).toEqual(['2001:db8:1::']);
    expect([...(await liveOf('fw4.blocked')).keys()]).toEqual(['192.0.2.1']);
  });

  it('has what it was told, entry by entry, whatever the network', async () => {
    const byte = fc.nat(255);
    const entries = fc.sample(
      fc.oneof(
        fc
          .tuple(byte, byte, byte, byte, fc.integer({ min: 1, max: 32 }))
          .map(([a, b, c, d, bits]) => `${a}.${b}.${c}.${d}/${bits}`),
        fc
          .tuple(
            fc.array(fc.constantFrom('0', '0', '1', 'ab', 'ffff'), { minLength: 8, maxLength: 8 }),
            fc.integer({ min: 1, max: 128 }),
          )
          .map(([groups, bits]) => `${groups.join(':')}/${bits}`),
      ),
      400,
    );
    const content: ListContent = new Map(
      entries.flatMap((entry, index) => {
        const network = parseNetwork(entry);
        const text = typeof network === 'string' ? / is ([^ ]+)$/.exec(network)?.[1] : network.text;
        return text === undefined || text.includes('addresses')
          ? []
          : [[text, index % 3 === 0 ? Date.now() + DAY_MS : null] as const];
      }),
    );
    expect(content.size).toBeGreaterThan(200);
    await create();
    await sets.write(
      fence,
      finish(fillLines(content, 'deny', (family) => setName('blocked', family), Date.now())),
    );
    const live = new Map([...(await liveOf('fw4.blocked')), ...(await liveOf('fw6.blocked'))]);
    expect(live).toEqual(new Map([...content].map(([text, until]) => [text, until !== null])));
    const headers = await sets.headers(fence);
    const [ipv4, ipv6] = [headers.get('fw4.blocked'), headers.get('fw6.blocked')];
    expect([ipv4?.family, ipv6?.family, ipv4?.maxEntries]).toEqual(['ipv4', 'ipv6', 1000]);
    expect((ipv4?.entries ?? 0) + (ipv6?.entries ?? 0)).toBe(content.size);
  });

  it('takes an end from an entry, gives one, and takes what is twice', async () => {
    await create();
    const until = Date.now() + DAY_MS;
    const step = async (text: string, after: number | null | undefined) =>
      await sets.write(
        fence,
        changeLines('blocked', [{ text, before: undefined, after }], 'deny', Date.now()),
      );
    await step('192.0.2.1', until);
    await step('192.0.2.1', null);
    expect(await liveOf('fw4.blocked')).toEqual(new Map([['192.0.2.1', false]]));
    await step('192.0.2.1', until);
    expect(await liveOf('fw4.blocked')).toEqual(new Map([['192.0.2.1', true]]));
    await step('192.0.2.1', undefined);
    await step('192.0.2.1', undefined);
    expect((await liveOf('fw4.blocked')).size).toBe(0);
  });

  it('says what went wrong', async () => {
    await create(1);
    await expect(
      sets.write(fence, 'add fw4.blocked 192.0.2.1\nadd fw4.blocked 192.0.2.2\n'),
    ).rejects.toMatchObject({ kind: 'full' });
    await expect(sets.write(fence, 'add fw4.other 192.0.2.1\n')).rejects.toMatchObject({ kind: 'no-set' });
    await sets.destroy(fence, ['fw4.other']);
    const none = new Ipset({ ipset: null, namespace: { prefix: [] }, timeoutMs: 1000, run: runCommand });
    expect(none.missing).toContain('install the package ipset');
    await expect(none.headers(fence)).rejects.toMatchObject({ kind: 'not-started' });
  });
});

describe('a list on disk', () => {
  const first: ListContent = new Map([
    ['192.0.2.1', null],
    ['192.0.2.2', Date.now() + 90_000],
    ['192.0.2.3', Date.now() + 50 * DAY_MS],
  ]);

  async function stored(): Promise<FileListStore> {
    const store = new FileListStore(folder);
    await store.prepare({ record: recordOf(first, 1), content: new Map(first) });
    await store.place(recordOf(first, 1));
    return store;
  }

  async function change(
    store: FileListStore,
    add: ListContent,
    remove: string[],
    revision: number,
  ): Promise<void> {
    const before = await store.read('blocked');
    if (before === null) throw new Error('there is no list');
    const { changes } = finish(planDelta(before.content, add, remove, Date.now()));
    await store.change(before, recordOf(before.content, revision), changes);
  }

  it('is read again with all its changes, and without what was cut short', async () => {
    const store = await stored();
    await change(store, new Map([['2001:db8::/48', null]]), ['192.0.2.1'], 2);
    const path = join(folder, 'lists/blocked.list');
    await appendFile(path, 'add fw4.blocked 203.0.113.1\n');
    const again = new FileListStore(folder);
    const read = await again.read('blocked');
    expect(read?.record).toMatchObject({ revision: 2, committedBy: 'job 2' });
    expect([...(read?.content.keys() ?? [])]).toEqual(['192.0.2.2', '192.0.2.3', '2001:db8::/48']);
    await change(again, new Map([['203.0.113.2', null]]), [], 3);
    const third = await new FileListStore(folder).read('blocked');
    expect([...(third?.content.keys() ?? [])]).toContain('203.0.113.2');
    expect([...(third?.content.keys() ?? [])]).not.toContain('203.0.113.1');
    // The same store knows without reading.
    expect((await again.read('blocked'))?.content).toEqual(third?.content);
  });

  it('that is damaged in the middle is not taken for a shorter one', async () => {
    const store = await stored();
    await change(store, new Map([['2001:db8::/48', null]]), [], 2);
    const path = join(folder, 'lists/blocked.list');
    await writeFile(path, (await readFile(path, 'utf8')).replace('192.0.2.1', '192.0.2.9'));
    await expect(new FileListStore(folder).read('blocked')).rejects.toThrow('is damaged');
  });

  it('is written anew once its changes have become longer than it is', async () => {
    const store = await stored();
    for (let round = 0; round < 12; round += 1) {
      const many = Array.from(
        { length: 400 },
        (_, index) => [`198.51.${round % 2}.${index % 250}`, Date.now() + DAY_MS + round] as const,
      );
      await change(store, new Map(many), [], round + 2);
    }
    const text = await readFile(join(folder, 'lists/blocked.list'), 'utf8');
    expect(text.match(/^commit /gm)?.length).toBeLessThan(10);
    expect((await new FileListStore(folder).read('blocked'))?.content).toEqual(
      (await store.read('blocked'))?.content,
    );
  });

  it('is loaded at boot without the last change, if what commits that was cut short', async () => {
    const store = await stored();
    const file = join(folder, 'lists/blocked.list');
    await change(store, new Map([['198.51.100.9', null]]), [], 2);
    const whole = await readFile(file, 'latin1');
    const lastLine = whole.length - whole.lastIndexOf('\ncommit ') - 1;
    const restore = { ipv4: '/usr/sbin/iptables-restore', ipv6: '/usr/sbin/ip6tables-restore' };
    await new FileBootFiles(folder, restore, '/usr/sbin/ipset').writeLoader();
    for (const cut of [0, 1, 2, 3, 20, 68, 100, lastLine - 8, lastLine]) {
      const text = whole.slice(0, whole.length - cut);
      await writeFile(file, text, 'latin1');
      await namespace.run('sh', [join(folder, 'boot/load')]);
      expect([cut, (await liveOf('fw4.blocked')).has('198.51.100.9')]).toEqual([cut, cut === 0]);
      // A worker finds the same.
      expect((await new FileListStore(folder).read('blocked'))?.content.has('198.51.100.9')).toBe(cut === 0);
      await namespace.run('ipset', ['destroy']);
    }
  });

  it('is loaded at boot by a shell, with the timeouts of that moment', async () => {
    const store = await stored();
    await change(
      store,
      new Map([
        ['2001:db8::/48', null],
        ['203.0.113.1', Date.now() + 30],
      ]),
      ['192.0.2.1'],
      2,
    );
    await appendFile(join(folder, 'lists/blocked.list'), 'add fw4.blocked 198.51.100.1\n');
    const restore = { ipv4: '/usr/sbin/iptables-restore', ipv6: '/usr/sbin/ip6tables-restore' };
    await new FileBootFiles(folder, restore, '/usr/sbin/ipset').writeLoader();
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    // Twice: what is there already does no harm.
    for (let time = 0; time < 2; time += 1) await namespace.run('sh', [join(folder, 'boot/load')]);
    expect(await liveOf('fw4.blocked')).toEqual(
      new Map([
        ['192.0.2.2', true],
        ['192.0.2.3', false],
      ]),
    );
    expect(await liveOf('fw6.blocked')).toEqual(new Map([['2001:db8::/48', false]]));
    const saved = await namespace.run('ipset', ['save', 'fw4.blocked']);
    const left = Number(/192\.0\.2\.2 timeout (\d+)/.exec(saved)?.[1]);
    expect(left).toBeGreaterThan(30);
    expect(left).toBeLessThanOrEqual(90);
  });
});
