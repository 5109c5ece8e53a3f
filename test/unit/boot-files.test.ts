import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileBootFiles } from '../../src/host/state/boot-files.ts';
import { StateUnavailable } from '../../src/job/ports/stores.ts';

describe('the boot files of a change that is over', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-boot-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const RULESET = { name: 'edge', scope: 'chains' } as const;
  const OLD = { ipv4: '*filter\nCOMMIT\n', ipv6: '' };
  const NEW = { ipv4: '*nat\nCOMMIT\n', ipv6: '' };
  const open = () =>
    new FileBootFiles(folder, { ipv4: '/sbin/iptables-restore', ipv6: '/sbin/ip6tables-restore' });
  const live = (saved: Awaited<ReturnType<FileBootFiles['prepare']>>) => ({
    ...RULESET,
    live: { saved, spelledBy: 'x' },
  });
  const inPlace = async () => await readFile(join(folder, 'boot/edge.chains.ipv4'), 'utf8');
  const beside = async () =>
    (await readdir(join(folder, 'boot'))).filter((name) => /\.(old|new)$/.test(name));

  it('are alone once the right ones are in place', async () => {
    const boot = open();
    await boot.place(live(await boot.prepare(RULESET, OLD, null)));
    const after = live(await boot.prepare(RULESET, NEW, null));
    await boot.place(after);
    expect(await beside()).not.toEqual([]);
    await boot.forgetOthers(after);
    expect(await beside()).toEqual([]);
    expect(await inPlace()).toBe(NEW.ipv4);
  });

  it('are kept while those in place are not the ones on record, so that these can be put back', async () => {
    const boot = open();
    const before = live(await boot.prepare(RULESET, OLD, null));
    await boot.place(before);
    await boot.place(live(await boot.prepare(RULESET, NEW, null)));
    await open().forgetOthers(before);
    expect(await inPlace()).toBe(NEW.ipv4);
    expect(await open().mend(before)).toBe('mended');
    expect(await inPlace()).toBe(OLD.ipv4);
  });

  it('that were prepared, and are not wanted any more, are taken away', async () => {
    const boot = open();
    const before = live(await boot.prepare(RULESET, OLD, null));
    await boot.place(before);
    await boot.prepare(RULESET, NEW, null);
    await boot.forgetOthers(before);
    expect(await beside()).toEqual([]);
    await boot.prepare({ ...RULESET, name: 'other' }, NEW, null);
    await boot.forgetOthers({ ...RULESET, name: 'other', live: null });
    expect(await beside()).toEqual([]);
  });

  it('are not said to be gone where they cannot be looked at', async () => {
    await writeFile(join(folder, 'boot'), 'a file in the place of the folder');
    await expect(open().mend({ ...RULESET, live: null })).rejects.toThrow(StateUnavailable);
  });
});
