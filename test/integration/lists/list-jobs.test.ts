import { describe, expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { listDigest } from '../../../src/list/digest.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { entriesOf, runList, setsOf } from '../../support/lists.ts';

const fixture = new Fixture();
const digestOf = (...texts: string[]) => listDigest(new Map(texts.map((text) => [text, null])), 0);

describe('jobs of lists', () => {
  it('make a list, change it, replace it and remove it, each with one end that says what there is', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const made = await runList(client, host, 'change', {
      revision: 1,
      add: [
        '203.0.113.9',
        { entry: '2001:db8:7::/48', until: new Date(Date.now() + 3_600_000).toISOString() },
      ],
    });
    expect(made).toMatchObject({
      outcome: 'applied',
      changed: true,
      ruleset: null,
      counts: { added: 2, removed: 0, entries: 2 },
      list: { name: 'blocked', revision: 1, liveRevision: 1, entries: 2 },
    });
    expect(made.list?.liveDigest).toBe(digestOf('203.0.113.9', '2001:db8:7::/48'));
    expect(await entriesOf(host.namespace)).toEqual(['2001:db8:7::/48', '203.0.113.9']);

    const changed = await runList(client, host, 'change', {
      revision: 2,
      add: ['198.51.100.0/24'],
      remove: ['203.0.113.9', '203.0.113.77'],
    });
    expect(changed).toMatchObject({ outcome: 'applied', counts: { added: 1, removed: 1, entries: 2 } });
    expect(await entriesOf(host.namespace)).toEqual(['198.51.100.0/24', '2001:db8:7::/48']);

    const same = await runList(client, host, 'change', { revision: 3, remove: ['203.0.113.9'] });
    expect(same).toMatchObject({ outcome: 'unchanged', changed: false, list: { liveRevision: 3 } });

    const entries = Array.from(
      { length: 500 },
      (_, index) => `10.${index % 250}.${Math.floor(index / 250)}.0/24`,
    );
    const replaced = await runList(client, host, 'replace', { revision: 9, entries, maxEntries: 1_000 });
    expect(replaced).toMatchObject({
      outcome: 'applied',
      counts: { added: 500, removed: 2, entries: 500 },
      list: { liveRevision: 9, digest: digestOf(...entries), liveDigest: digestOf(...entries) },
    });
    expect(await entriesOf(host.namespace)).toEqual(entries.toSorted());
    expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);

    const report = (await client.run(host.id, { action: 'report', list: { name: 'blocked' } })).data.report
      ?.lists;
    expect(report?.[0]).toMatchObject({ name: 'blocked', revision: 9, kind: 'deny' });
    expect(report?.[0]?.entries).toHaveLength(500);

    const removed = await runList(client, host, 'remove', { revision: 10 });
    expect(removed).toMatchObject({ outcome: 'applied', list: { liveRevision: null, entries: 0 } });
    expect(await setsOf(host.namespace)).toEqual([]);
    expect(await runList(client, host, 'remove', { revision: 11 })).toMatchObject({ outcome: 'unchanged' });
    expect(await runList(client, host, 'change', { revision: 12, add: ['192.0.2.1'] })).toMatchObject({
      outcome: 'applied',
    });
  });

  it('are refused where they do not follow what is committed, or cannot be taken, with nothing touched', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const codeOf = async (...asked: [action: 'replace' | 'change' | 'remove', list: object, more?: object]) =>
      (await runList(client, host, ...asked)).failure?.code ?? null;
    expect(await codeOf('replace', { revision: 5, entries: ['192.0.2.1'], maxEntries: 2 })).toBeNull();
    const before = await entriesOf(host.namespace);
    expect(await codeOf('replace', { revision: 4, entries: [] })).toBe('revision_stale');
    expect(await codeOf('replace', { revision: 5, entries: ['192.0.2.2'], maxEntries: 2 })).toBe(
      'revision_conflict',
    );
    expect(
      await runList(client, host, 'replace', { revision: 5, entries: ['192.0.2.1/32'], maxEntries: 2 }),
    ).toMatchObject({
      outcome: 'unchanged',
    });
    expect(await codeOf('change', { revision: 7, add: ['192.0.2.2'] })).toBe('revision_gap');
    expect(await codeOf('change', { revision: 6, add: ['192.0.2.2', '192.0.2.3'] })).toBe('list_full');
    expect(await codeOf('replace', { revision: 6, entries: [], kind: 'allow' })).toBe('list_invalid');
    const invalid = await runList(client, host, 'change', {
      revision: 6,
      add: ['192.0.2.2', '10.0.0.1/8', '010.0.0.1'],
    });
    expect(invalid).toMatchObject({ outcome: 'rejected', failure: { code: 'list_invalid', stage: 'lint' } });
    expect(invalid.failure?.message).toContain(
      'add[1] "10.0.0.1/8" has bits set behind its /8: the network is 10.0.0.0/8',
    );
    expect(invalid.failure?.message).toContain('add[2] "010.0.0.1"');
    expect(await codeOf('change', { revision: 6, add: ['127.0.0.0/8'] })).toBe('policy_denied');
    const skipped = await runList(client, host, 'change', {
      revision: 6,
      add: ['127.0.0.5', '192.0.2.2'],
      onNever: 'skip',
    });
    expect(skipped).toMatchObject({ outcome: 'applied', skipped: ['127.0.0.5'], counts: { added: 1 } });
    expect(before).toEqual(['192.0.2.1']);
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('that wait together are run in the order of their revisions, and a whole list supersedes what came before it', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.end();
    const job = (action: string, list: object) =>
      makeJob(host.id, { action, list: { name: 'blocked', ...list } });
    const changes = [3, 1, 2].map((revision) =>
      job('list.change', { revision, add: [`192.0.2.${revision}`] }),
    );
    for (const change of changes) await client.publish(host.id, change);
    await host.start();
    const ends = await Promise.all(changes.map(async ({ id }) => (await client.completed(id)).data));
    expect(ends.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
    expect(ends.map(({ counts }) => counts?.entries)).toEqual([3, 1, 2]);
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    await host.end();
    const waiting = [
      job('list.change', { revision: 4, add: ['192.0.2.4'] }),
      job('list.replace', { revision: 5, entries: ['192.0.2.5'] }),
      job('list.replace', { revision: 6, entries: ['192.0.2.6'] }),
      job('list.change', { revision: 7, add: ['192.0.2.7'] }),
    ];
    for (const one of waiting) await client.publish(host.id, one);
    await host.start();
    const outcomes = await Promise.all(
      waiting.map(async ({ id }) => (await client.completed(id)).data.outcome),
    );
    expect(outcomes).toEqual(['superseded', 'superseded', 'applied', 'applied']);
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.6', '192.0.2.7']);
  });

  it('that are to be confirmed are taken back where nobody does, and the list is as it was', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1'] });
    const confirm = { mode: 'manual', timeoutSeconds: 1 };
    const job = makeJob(host.id, {
      action: 'list.replace',
      list: { name: 'blocked', revision: 2, entries: ['192.0.2.2'] },
      confirm,
    });
    await client.publish(host.id, job);
    const { event } = await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    expect(event.data).toMatchObject({
      ruleset: null,
      list: { name: 'blocked', revision: 2 },
      diff: { added: 1, removed: 1 },
    });
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.2']);
    const { data } = await client.completed(job.id);
    expect(data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
      rollback: { performed: true, verified: true },
      list: { liveRevision: 1 },
    });
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
    expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
    const removed = await runList(client, host, 'remove', { revision: 3 }, { confirm });
    expect(removed.failure?.code).toBe('confirm_timeout');
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
  });

  it('that wait to be confirmed are heard by the next worker', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const job = makeJob(host.id, {
      action: 'list.change',
      list: { name: 'blocked', revision: 1, add: ['192.0.2.1'] },
      confirm: { mode: 'manual', timeoutSeconds: 600 },
    });
    await client.publish(host.id, job);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await host.end('SIGKILL');
    const since = client.heard.length;
    await host.start();
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation', since);
    await client.publish(host.id, makeJob(host.id, { kind: 'confirm', jobId: job.id }), {}, CONTROL_EXCHANGE);
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'applied',
      list: { liveRevision: 1 },
    });
    expect(await entriesOf(host.namespace)).toEqual(['192.0.2.1']);
  });

  it('do not wait for a ruleset that waits to be confirmed', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const ipv4 = '*filter\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n';
    const apply = makeJob(host.id, {
      ruleset: { name: 'edge', revision: 1, ipv4 },
      confirm: { mode: 'manual', timeoutSeconds: 600 },
    });
    await client.publish(host.id, apply);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    expect(await runList(client, host, 'change', { revision: 1, add: ['192.0.2.1'] })).toMatchObject({
      outcome: 'applied',
    });
    expect(client.completions(apply.id)).toEqual([]);
    // Nor does that wait which comes to a worker that was started meanwhile.
    await host.end('SIGKILL');
    await host.start();
    expect(await runList(client, host, 'change', { revision: 2, add: ['192.0.2.2'] })).toMatchObject({
      outcome: 'applied',
    });
    expect(client.completions(apply.id)).toEqual([]);
  });
});
