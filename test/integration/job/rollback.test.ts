import { describe, expect, it } from 'vitest';
import type { TestClient } from '../../support/client.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();

/** A content that can be recognised by its number. */
function content(number: number): { ipv4: string } {
  return {
    ipv4: `*filter\n:edge - [0:0]\n-I INPUT -j edge\n-A edge -s 192.0.2.${number}/32 -j DROP\nCOMMIT\n`,
  };
}

async function push(client: TestClient, host: TestHost, revision: number, number: number) {
  return (await client.run(host.id, { ruleset: { name: 'edge', revision, ...content(number) } })).data;
}

async function goBack(client: TestClient, host: TestHost, revision: number) {
  return (await client.run(host.id, { action: 'rollback', ruleset: { name: 'edge', revision } })).data;
}

async function liveNumber(host: TestHost): Promise<number | null> {
  const [, number] = /-A edge -s 192\.0\.2\.(\d+)\//.exec(await host.namespace.save()) ?? [];
  return number === undefined ? null : Number(number);
}

describe.each(mostlyWith('legacy'))('a rollback, %s', (backend) => {
  it('goes back by one push each time, under a revision of its own, until no earlier push is left', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const first = await push(client, host, 1, 1);
    await push(client, host, 2, 2);
    await push(client, host, 5, 3);
    const back = await goBack(client, host, 6);
    expect(back).toMatchObject({
      outcome: 'applied',
      changed: true,
      ruleset: { revision: 6, liveRevision: 6 },
      diff: { added: 1, removed: 1 },
    });
    expect(await liveNumber(host)).toBe(2);
    expect(await goBack(client, host, 7)).toMatchObject({
      outcome: 'applied',
      ruleset: { liveRevision: 7, liveDigest: first.ruleset?.digest },
    });
    expect(await liveNumber(host)).toBe(1);
    expect(await goBack(client, host, 8)).toMatchObject({
      outcome: 'rejected',
      failure: { code: 'no_previous_revision', stage: 'admit' },
      ruleset: { liveRevision: 7 },
    });
    expect(await liveNumber(host)).toBe(1);
  });

  it('leaves out what was rolled back before, once something else was pushed', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(client, host, 1, 1);
    await push(client, host, 2, 2);
    await goBack(client, host, 3);
    await push(client, host, 4, 4);
    await goBack(client, host, 5);
    expect(await liveNumber(host)).toBe(1);
    expect((await goBack(client, host, 6)).failure?.code).toBe('no_previous_revision');
  });

  it('brings back what was removed', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(client, host, 1, 1);
    const { data } = await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 2 } });
    expect(data.outcome).toBe('removed');
    expect(await liveNumber(host)).toBeNull();
    expect((await goBack(client, host, 3)).outcome).toBe('applied');
    expect(await liveNumber(host)).toBe(1);
  });

  it('is refused for a wrong revision, as any other job', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    expect((await goBack(client, host, 1)).failure?.code).toBe('no_previous_revision');
    await push(client, host, 1, 1);
    await push(client, host, 2, 2);
    expect((await goBack(client, host, 1)).failure?.code).toBe('revision_stale');
    expect((await goBack(client, host, 2)).failure?.code).toBe('revision_conflict');
    const wrong = { name: 'edge', revision: 3, ifRevision: 1 };
    expect((await client.run(host.id, { action: 'rollback', ruleset: wrong })).data.failure?.code).toBe(
      'revision_conflict',
    );
    expect(await liveNumber(host)).toBe(2);
  });

  it('takes back only a revision that brought another content, where it is asked to', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(client, host, 1, 1);
    await push(client, host, 2, 2);
    await host.namespace.iptables('-F', 'edge');
    expect((await push(client, host, 3, 2)).outcome).toBe('applied');
    for (const action of ['rollback', 'remove']) {
      const ruleset = { name: 'edge', revision: 4, ifRevision: 3, ifContentRevision: 3 };
      const { data } = await client.run(host.id, { action, ruleset });
      expect(data).toMatchObject({ outcome: 'rejected', failure: { code: 'revision_conflict' } });
      expect(data.failure?.message).toContain('its content is here since revision 2');
    }
    expect(await liveNumber(host)).toBe(2);
    await push(client, host, 4, 4);
    const ruleset = { name: 'edge', revision: 5, ifRevision: 4, ifContentRevision: 4 };
    const { data } = await client.run(host.id, { action: 'rollback', ruleset });
    expect(data.outcome).toBe('applied');
    expect(await liveNumber(host)).toBe(2);
  });

  it('is taken back when it is aborted', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await push(client, host, 1, 1);
    await push(client, host, 2, 2);
    const confirm = { mode: 'manual', timeoutSeconds: 1 };
    const job = makeJob(host.id, { action: 'rollback', ruleset: { name: 'edge', revision: 3 }, confirm });
    await client.publish(host.id, job);
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'rolled_back',
      failure: { code: 'confirm_timeout' },
      ruleset: { liveRevision: 2 },
    });
    expect(await liveNumber(host)).toBe(2);
    // The aborted rollback has used up neither its revision nor the push that it went back to.
    expect((await goBack(client, host, 3)).outcome).toBe('applied');
    expect(await liveNumber(host)).toBe(1);
  });
});
