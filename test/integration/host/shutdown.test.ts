import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { mostlyWith } from '../../support/namespace.ts';
import { bigRuleset } from '../../support/rulesets.ts';

const fixture = new Fixture();
const COUNT = 100;

it('a worker that is told to stop while it waits for the lock at its start takes no jobs', async () => {
  const host = await fixture.host('nft');
  await host.end();
  const lock = (await readdir(host.runDir)).find((name) => /^netns-\d+\.lock$/.test(name)) ?? '';
  const holder = spawn('flock', [join(host.runDir, lock), 'sleep', '60'], { detached: true });
  try {
    await writeFile(host.logFile, '');
    host.spawn({ FLEETWALL_LOCK_TIMEOUT_SECONDS: '1' });
    await host.logged('Connected to the broker');
    expect(await host.end()).toBe(0);
    expect(await host.log()).not.toContain(`"queue":"fleetwall.host.${host.id}","msg":"Consuming"`);
  } finally {
    process.kill(-(holder.pid ?? 0));
    await once(holder, 'exit');
  }
});

describe.each(mostlyWith('nft'))('a worker in the middle of an apply, %s', (backend) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('finishes it on %s, even twice, and then ends', async (signal) => {
    const host = await fixture.host(backend, { holdable: true });
    await host.holdNextRestore();
    const client = await fixture.client();
    const ipv4 = bigRuleset(COUNT);
    const job = makeJob(host.id, {
      ruleset: { name: 'big', revision: 1, ipv4, ipv6: bigRuleset(1).replace(/10\.\S+/, '::1/128') },
    });
    const waiting = makeJob(host.id, { ruleset: { name: 'big', revision: 2, ipv4: bigRuleset(1) } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await client.publish(host.id, waiting);
    const since = client.heard.length;
    process.kill(host.pid, signal);
    await host.logged('Worker stops');
    process.kill(host.pid, signal);
    await host.logged('Still finishing the job in hand');
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(job.id)).data).toMatchObject({ outcome: 'applied', changed: true });
    expect(await host.ended()).toBe(0);
    await client.event(host.id, 'fleetwall.worker.offline', since);
    const live = await host.namespace.save();
    expect(live.match(/^-A big /gm)).toHaveLength(COUNT + 1);
    // The next worker runs the job that waited, once.
    await host.start();
    expect((await client.completed(waiting.id)).data.outcome).toBe('applied');
    expect(client.completions(job.id)).toHaveLength(1);
  });

  it('finishes it after a Ctrl-C at the terminal, which does not reach its restore', async () => {
    const host = await fixture.host(backend, { ownGroup: true, holdable: true });
    await host.holdNextRestore();
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset: { name: 'big', revision: 1, ipv4: bigRuleset(COUNT) } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    // A terminal sends the signal to the whole process group.
    process.kill(-host.pid, 'SIGINT');
    await host.logged('Worker stops');
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
    expect((await host.namespace.save()).match(/^-A big /gm)).toHaveLength(COUNT);
    expect(await host.ended()).toBe(0);
  });
});
