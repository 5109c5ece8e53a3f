import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileBootFiles } from '../../src/host/state/boot-files.ts';
import { FileContentStore } from '../../src/host/state/content-store.ts';
import { FileRulesetStore } from '../../src/host/state/ruleset-store.ts';
import { commitRecord } from '../../src/job/change/commit.ts';
import { type RulesetRecord, StateUnavailable } from '../../src/job/ports/stores.ts';

const record = (name: string, revision = 1): RulesetRecord => ({
  name,
  scope: 'chains',
  committed: { revision, digest: `sha256:${String(revision).padStart(64, '0')}` },
  committedBy: `job of ${name}`,
  live: null,
  earlier: [],
  end: null,
  contentRevision: revision,
  hasEnded: false,
  appended: [],
  claims: { tables: [], chains: [], hooks: [] },
});

describe('the records of the rulesets of a host', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-records-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  it('are found one by one, whatever has become of others', async () => {
    const store = new FileRulesetStore(folder);
    await store.put(record('edge'));
    await writeFile(join(folder, 'rulesets/other.json'), 'damaged');
    expect(await store.find('edge')).toEqual(record('edge'));
    expect(await store.find('unknown')).toBeUndefined();
    await expect(store.find('other')).rejects.toThrow(StateUnavailable);
    await expect(store.list()).rejects.toThrow(StateUnavailable);
  });

  it('are found as another process has left them', async () => {
    const store = new FileRulesetStore(folder);
    await store.put(record('edge'));
    expect(await store.find('edge')).toEqual(record('edge'));
    await new FileRulesetStore(folder).put(record('edge', 2));
    expect(await store.find('edge')).toEqual(record('edge', 2));
    await rm(join(folder, 'rulesets/edge.json'));
    expect(await store.find('edge')).toBeUndefined();
  });

  it('are not taken for missing where they cannot be looked at', async () => {
    await writeFile(join(folder, 'rulesets'), 'a file in the place of the folder');
    await expect(new FileRulesetStore(folder).find('edge')).rejects.toThrow(StateUnavailable);
  });

  it('are kept although their folder was taken away, but not all of the state folder', async () => {
    const state = join(folder, 'state');
    await mkdir(state);
    const store = new FileRulesetStore(state);
    await store.put(record('edge'));
    await rm(join(state, 'rulesets'), { recursive: true });
    await store.put(record('edge', 2));
    expect(await store.list()).toEqual([record('edge', 2)]);
    await rm(state, { recursive: true });
    await expect(store.put(record('edge', 3))).rejects.toThrow(StateUnavailable);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are written aside before, and put only as they are then', async () => {
    const store = new FileRulesetStore(folder);
    await store.put(record('edge'));
    await store.prepare(record('edge', 2));
    expect(await store.find('edge')).toEqual(record('edge'));
    await store.put(record('edge', 2));
    expect(await store.find('edge')).toEqual(record('edge', 2));
    expect(await readdir(join(folder, 'rulesets'))).toEqual(['edge.json']);

    await store.prepare(record('edge', 3));
    await new FileRulesetStore(folder).prepare(record('edge', 4));
    await store.put(record('edge', 3));
    expect(await store.find('edge')).toEqual(record('edge', 3));
    await store.prepare(record('edge', 5));
    await store.put(record('edge', 6));
    expect(await store.find('edge')).toEqual(record('edge', 6));
  });

  it('that were written aside are taken away if they are not put', async () => {
    const store = new FileRulesetStore(folder);
    await store.prepare(record('edge'));
    expect(await readdir(join(folder, 'rulesets'))).toEqual(['edge.json.new']);
    // As after a restart.
    await new FileRulesetStore(folder).discard('edge');
    expect(await readdir(join(folder, 'rulesets'))).toEqual([]);
  });

  it('that are committed leave the texts that others name', async () => {
    const contents = new FileContentStore(folder);
    const digests = [1, 2, 3].map((revision) => record('edge', revision).committed?.digest ?? '');
    for (const digest of digests) await contents.keep(digest, 'a text');
    await writeFile(join(folder, 'contents/cut-short.json.new'), 'a part');
    const ports = portsOf(folder);
    await ports.rulesets.put(record('other', 3));
    await commit(record('edge', 2), ports);
    const left = digests.slice(1).map((digest) => `${digest.replace('sha256:', '')}.json`);
    expect((await readdir(join(folder, 'contents'))).toSorted()).toEqual(left);
  });

  it('that can be neither written nor read leave the boot files as they are', async () => {
    const ports = portsOf(folder);
    const ruleset = { name: 'edge', scope: 'chains' } as const;
    const saved = async (ipv4: string) => await ports.boot.prepare(ruleset, { ipv4, ipv6: '' }, null);
    const before = { ...record('edge'), live: { saved: await saved('*filter\nCOMMIT\n'), spelledBy: 'x' } };
    await commit(before, ports);
    const after = { ...record('edge', 2), live: { saved: await saved('*nat\nCOMMIT\n'), spelledBy: 'x' } };
    const gone = async () => await Promise.reject(new StateUnavailable('the disk is gone'));
    const rulesets = { list: gone, find: gone, prepare: gone, put: gone, discard: gone };
    await expect(commit(after, { ...ports, rulesets })).rejects.toThrow('the disk is gone');
    expect(await ports.boot.mend(before)).toBe('whole');
    expect(await ports.boot.read(before)).toEqual({ ipv4: '*filter\nCOMMIT\n', ipv6: '' });
  });

  it('that cannot be written take the boot files of a first push with them, though they cannot be read either by then', async () => {
    const ports = portsOf(folder);
    const ruleset = { name: 'edge', scope: 'chains' } as const;
    const saved = await ports.boot.prepare(ruleset, { ipv4: '*filter\nCOMMIT\n', ipv6: '' }, null);
    const after = { ...record('edge'), live: { saved, spelledBy: 'x' } };
    const gone = async () => await Promise.reject(new StateUnavailable('the disk is gone'));
    let looks = 0;
    const find = async () => {
      looks += 1;
      return looks === 1 ? await Promise.resolve(undefined) : await gone();
    };
    const rulesets = { list: gone, find, prepare: gone, put: gone, discard: gone };
    await expect(commit(after, { ...ports, rulesets })).rejects.toThrow('the disk is gone');
    const left = await readdir(join(folder, 'boot'));
    expect(left.filter((name) => /ipv[46]$/.test(name))).toEqual([]);
  });
});

async function commit(
  after: RulesetRecord,
  ports: Parameters<typeof commitRecord>[1]['ports'],
): Promise<void> {
  const later: (() => Promise<void>)[] = [];
  await commitRecord(after, { ports, later: (work) => void later.push(work) });
  for (const work of later) await work();
}

/** With files of its own, but for the log and the facts, which are not asked for. */
function portsOf(folder: string) {
  const nobody = () => {};
  return {
    rulesets: new FileRulesetStore(folder),
    contents: new FileContentStore(folder),
    boot: new FileBootFiles(folder, { ipv4: '/sbin/iptables-restore', ipv6: '/sbin/ip6tables-restore' }),
    facts: { version: '', backend: 'nft' as const, iptables: '', kernel: '', bootId: '', machineId: null },
    log: { debug: nobody, info: nobody, warn: nobody, error: nobody },
  };
}
