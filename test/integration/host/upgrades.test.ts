import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
/** The state that a worker of 23 November 2026 has left: `edge` pushed twice, `marks` a whole table, `gone` removed. */
const OLDER_STATE = join(import.meta.dirname, '../../support/older-state');
const REFUSED = '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e';

function edge(address: number): string {
  return `*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`;
}
const EDGE6 = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 2001:db8::1/128 -j DROP\nCOMMIT\n';

async function upgraded(backend: 'nft' | 'legacy'): Promise<{ host: TestHost; client: TestClient }> {
  const host = await fixture.host(backend, { wait: false });
  await host.end('SIGKILL');
  await cp(OLDER_STATE, host.stateDir, { recursive: true });
  await host.start();
  return { host, client: await fixture.client() };
}

describe.each(mostlyWith('legacy'))('a worker after one of an older version, %s', (backend) => {
  it('restores its rules, knows its revisions and results, and can roll back to an earlier push', async () => {
    const { host, client } = await upgraded(backend);
    const run = async (fields: object) => (await client.run(host.id, fields)).data;
    // The upgrade came with a reboot, so that no rules were live.
    const live = async () => await host.namespace.save();
    await expect.poll(live).toContain('-A edge -s 192.0.2.2/32 -j DROP');
    await expect.poll(live).toContain('-A PREROUTING -s 192.0.2.7/32 -j MARK --set-xmark 0x7/0xffffffff');
    expect(await run({ ruleset: { name: 'edge', revision: 2, ipv4: edge(2) } })).toMatchObject({
      outcome: 'unchanged',
    });
    expect((await run({ ruleset: { name: 'edge', revision: 1, ipv4: edge(1) } })).failure?.code).toBe(
      'revision_stale',
    );
    expect((await run({ ruleset: { name: 'gone', revision: 1, ipv4: edge(1) } })).failure?.code).toBe(
      'revision_stale',
    );
    const other = { name: 'other', revision: 1, ipv4: edge(9) };
    expect((await run({ ruleset: other })).failure?.code).toBe('chain_conflict');
    expect((await run({ action: 'rollback', ruleset: { name: 'edge', revision: 3 } })).outcome).toBe(
      'applied',
    );
    expect(await host.namespace.save()).toContain('-A edge -s 2001:db8::1/128 -j DROP');
    // A job with the same id is the same job, although the older worker has answered it.
    const again = makeJob(host.id, {
      id: REFUSED,
      ruleset: { name: 'edge', revision: 9, ipv4: edge(1), ipv6: EDGE6 },
    });
    await client.publish(host.id, again);
    const told = await client.completed(REFUSED);
    const kept = JSON.parse(await readFile(join(OLDER_STATE, `results/${REFUSED}.json`), 'utf8')) as {
      id: string;
    };
    expect(told.id).toBe(kept.id);
    expect(await host.namespace.save()).not.toContain('192.0.2.9');
  });
});

describe('state of a newer version', () => {
  it('is left alone: jobs end with that as their reason, and nothing is changed', async () => {
    const { host, client } = await upgraded('nft');
    await host.end();
    const before = await host.namespace.save();
    const record = join(host.stateDir, 'rulesets/edge.json');
    const text = (await readFile(record, 'utf8')).replace('"version":1', '"version":2,"more":{}');
    await writeFile(record, text);
    await host.start();
    const { outcome, failure } = (
      await client.run(host.id, { ruleset: { name: 'edge', revision: 9, ipv4: edge(9) } })
    ).data;
    expect(outcome).toBe('failed');
    expect(failure).toMatchObject({ code: 'state_unavailable', retryable: true });
    expect(failure?.message).toMatch(
      /edge\.json was written by a newer fleetwall \(format 2, .*install that version again/,
    );
    expect(await host.namespace.save()).toBe(before);
    expect(await readFile(record, 'utf8')).toBe(text);
  });

  it('with a change that is under way is not put aside, so that the newer version can still settle it', async () => {
    const host = await fixture.host('nft', { holdable: true });
    const client = await fixture.client();
    await host.holdNextRestore();
    await client.publish(
      host.id,
      makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: edge(1) } }),
    );
    const restore = await host.heldRestore();
    await host.end('SIGKILL');
    const journal = join(host.stateDir, 'journal/change.json');
    const text = (await readFile(journal, 'utf8')).replace('"version":1', '"version":2');
    await writeFile(journal, text);
    process.kill(restore, 'SIGCONT');
    await host.start();
    const { failure } = (
      await client.run(host.id, {
        ruleset: { name: 'other', revision: 1, ipv4: edge(2).replaceAll('edge', 'other') },
      })
    ).data;
    expect(failure).toMatchObject({ code: 'state_unavailable' });
    expect(failure?.message).toContain('newer fleetwall');
    expect(await readFile(journal, 'utf8')).toBe(text);
    await host.end();
    await writeFile(journal, text.replace('"version":2', '"version":1'));
    await host.start();
    await expect.poll(async () => await host.namespace.save()).not.toContain('edge');
  });
});

describe('workers and clients of different versions', () => {
  it('ignore unknown fields in a job, a control message and an event', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const later = {
      priority: 'high',
      ruleset: { name: 'edge', revision: 1, ipv4: edge(1), owner: { team: 'x' } },
    };
    const confirm = { mode: 'manual', timeoutSeconds: 20, quorum: 2 };
    const job = makeJob(host.id, { ...later, confirm, target: { hosts: [host.id], labels: ['a'] } });
    await client.publish(host.id, job);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    const answer = {
      ...makeJob(host.id, {}),
      kind: 'confirm',
      jobId: job.id,
      reason: 'looks well',
      action: undefined,
    };
    await client.publish(host.id, answer, {}, 'fleetwall.control');
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
    // A control message of an unknown kind does nothing.
    await client.publish(
      host.id,
      { ...answer, id: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3f', kind: 'dance' },
      {},
      'fleetwall.control',
    );
    const unknown = await client.run(host.id, {
      apiVersion: 'fleetwall/v2',
      ruleset: { name: 'edge', revision: 2, ipv4: edge(2) },
    });
    expect(unknown.data.failure?.code).toBe('job_unsupported_version');
    expect(
      (await client.run(host.id, { ruleset: { name: 'edge', revision: 2, ipv4: edge(2) } })).data.outcome,
    ).toBe('applied');
  });
});
