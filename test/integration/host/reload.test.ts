import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();
const EDGE = '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.1/32 -j DROP\nCOMMIT\n';

describe('a worker that gets a SIGHUP', () => {
  async function hostWithFile(settings: string) {
    const host = await fixture.host('nft', { wait: false, holdable: true });
    await host.end('SIGKILL');
    const file = join(host.folder, 'worker.yaml');
    await writeFile(file, settings);
    await host.start({ FLEETWALL_CONFIG_FILE: file });
    return { host, file, client: await fixture.client() };
  }

  it('finishes the job in hand, and then uses the new settings', async () => {
    const { host, file, client } = await hostWithFile('groups: [edge]\n');
    await host.holdNextRestore();
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await writeFile(file, 'groups: [core]\n');
    const since = client.heard.length;
    process.kill(host.pid, 'SIGHUP');
    await host.logged('Settings were read again');
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
    const { event } = await client.event(host.id, 'fleetwall.worker.online', since);
    expect(event.data).toMatchObject({ groups: ['core'] });
    const { pid } = host;
    const inGroup = await client.run(host.id, { action: 'report', target: { groups: ['core'] } });
    expect(inGroup.data.outcome).toBe('reported');
    const notInGroup = await client.run(host.id, { action: 'report', target: { groups: ['edge'] } });
    expect(notInGroup.data.failure?.code).toBe('not_addressed');
    expect(host.pid).toBe(pid);
    expect(await host.end()).toBe(0);
  });

  it('keeps its settings, and stays online, if the new ones are wrong or the same', async () => {
    const { host, file, client } = await hostWithFile('groups: [edge]\n');
    const since = client.heard.length;
    await writeFile(file, 'groups: [Edge!]\n');
    process.kill(host.pid, 'SIGHUP');
    await host.logged('Settings were read again, and are wrong');
    await writeFile(file, 'groups: [edge] # as before\n');
    process.kill(host.pid, 'SIGHUP');
    await host.logged('Settings were read again"');
    const { data } = await client.run(host.id, { action: 'report', target: { groups: ['edge'] } });
    expect(data.outcome).toBe('reported');
    const types = client.heard.slice(since).filter(({ event }) => event.data.hostId === host.id);
    expect(types.map(({ event }) => event.type)).not.toContain('fleetwall.worker.offline');
  });

  it('goes on waiting for an answer, and opens its log file again', async () => {
    const { host, file, client } = await hostWithFile('groups: []\n');
    await host.end();
    const log = join(host.folder, 'own.log');
    await writeFile(file, `logFile: ${log}\n`);
    await host.start({ FLEETWALL_CONFIG_FILE: file });
    const confirm = { mode: 'manual', timeoutSeconds: 120 };
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE }, confirm });
    await client.publish(host.id, job);
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await rename(log, `${log}.1`);
    await writeFile(file, `logFile: ${log}\nheartbeatSeconds: 7\n`);
    const since = client.heard.length;
    process.kill(host.pid, 'SIGHUP');
    const { event } = await client.event(host.id, 'fleetwall.worker.online', since);
    expect(event.data).toMatchObject({ pending: job.id });
    const { id, apiVersion, issuedAt, target } = makeJob(host.id, {}) as Record<string, unknown>;
    const message = { id, apiVersion, issuedAt, target, kind: 'abort', jobId: job.id };
    await client.publish(host.id, message, {}, 'fleetwall.control');
    expect((await client.completed(job.id)).data.failure?.code).toBe('aborted');
    expect(client.completions(job.id)).toHaveLength(1);
    await expect.poll(async () => await host.logOf(log)).toContain('Settled');
  });
});
