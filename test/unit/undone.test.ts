import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RolloutState } from '../../src/central/rollout/rollout-state.ts';
import { UNDONE_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { FileJournal } from '../../src/host/state/journal.ts';
import { FileUndoneStore } from '../../src/host/state/undone-store.ts';
import type { PendingChange } from '../../src/job/ports/pending.ts';
import { BackOff } from '../../src/job/time/back-off.ts';

const CHANGE: PendingChange = {
  job: { id: UNDONE_EXAMPLE.subject, action: 'apply', issuedAt: UNDONE_EXAMPLE.time, rolloutId: undefined },
  origin: {
    attempt: 1,
    redelivered: false,
    authenticated: true,
    deliveredAt: UNDONE_EXAMPLE.time,
    headers: { traceparent: '00-a-b-01' },
  },
  ruleset: { name: 'edge', revision: 7, digest: null, scope: 'chains' },
  outcome: 'applied',
  diff: { added: 1, removed: 0, unchanged: 0, tables: [] },
  place: 'here',
  claims: { tables: [], chains: [], hooks: [] },
  tables: [{ family: 'ipv4', table: 'filter' }],
  window: null,
  owed: { since: UNDONE_EXAMPLE.time },
  ending: null,
};

describe('the state folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-undone-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('keeps an owed undo for the next process; the journal of an older worker has none', async () => {
    await new FileJournal(folder).open(CHANGE, { ipv4: '', ipv6: '' });
    expect((await new FileJournal(folder).read())?.owed).toEqual(CHANGE.owed);
    const path = join(folder, 'journal/change.json');
    const stored = JSON.parse(await readFile(path, 'utf8')) as { change: { owed?: unknown } };
    delete stored.change.owed;
    await writeFile(path, JSON.stringify(stored));
    expect((await new FileJournal(folder).read())?.owed).toBeNull();
  });

  it('keeps an undone event with its headers until it is removed, and passes over a damaged file', async () => {
    const store = new FileUndoneStore(folder);
    expect(await store.list()).toEqual([]);
    const kept = { event: UNDONE_EXAMPLE, headers: CHANGE.origin.headers };
    await store.put(kept);
    await writeFile(join(folder, 'undone/other.json'), '{');
    expect(await new FileUndoneStore(folder).list()).toEqual([kept]);
    await store.remove(UNDONE_EXAMPLE);
    expect(await store.list()).toEqual([]);
  });
});

it('the pause between attempts grows to half a minute at most, and is short again after a reset', () => {
  const pause = new BackOff();
  const pauses = Array.from({ length: 12 }, () => pause.next());
  expect(pauses[0]).toBeLessThan(1_000);
  expect(pauses[3]).toBeGreaterThan(pauses[0] ?? 0);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(pauses.at(-1)).toBeGreaterThan(20_000);
  pause.reset();
  expect(pause.next()).toBeLessThan(1_000);
});

it('a rollout takes an undone event neither for the beginning nor for the end of a job', () => {
  const rollout = new RolloutState({
    rolloutId: '2026-11-22-edge',
    ruleset: { name: 'edge', revision: 1 },
    hosts: ['web-1'],
    steps: [1],
    jobs: [{ jobId: UNDONE_EXAMPLE.subject }],
    takeBack: null,
  } as unknown as ConstructorParameters<typeof RolloutState>[0]);
  const before = structuredClone(rollout.hosts.get('web-1'));
  rollout.take(UNDONE_EXAMPLE, Date.now());
  // That it was heard of is noted, as of each event.
  expect(rollout.hosts.get('web-1')).toEqual({ ...before, heardAt: expect.any(Number) });
});
