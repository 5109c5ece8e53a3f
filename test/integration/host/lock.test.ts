import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { runList } from '../../support/lists.ts';
import { BACKENDS } from '../../support/namespace.ts';
import { childOf, isRunning } from '../../support/processes.ts';
import { bigRuleset, table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const small = (name: string) =>
  table('filter', `:${name} - [0:0]`, `-A INPUT -j ${name}`, `-A ${name} -j RETURN`);

describe.each(BACKENDS)('the lock of a network namespace, %s', (backend) => {
  it('outlives a worker that is killed, until its restore of 20,000 rules has ended', async () => {
    const first = await fixture.host(backend, { holdable: true });
    await first.holdNextRestore();
    const second = await fixture.host(backend, { shareWith: first });
    const client = await fixture.client();
    const text = bigRuleset(20_000);
    const big = makeJob(first.id, { ruleset: { name: 'big', revision: 1, ipv4: text } });
    await client.publish(first.id, big);
    const pid = await first.heldRestore();
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    expect(await isRunning(pid)).toBe(true);

    const next = makeJob(second.id, { ruleset: { name: 'small', revision: 1, ipv4: small('small') } });
    await client.publish(second.id, next);
    await childOf(second.pid, 'flock');
    expect(client.heard.some(({ event }) => 'subject' in event && event.subject === next.id)).toBe(false);
    expect(await second.namespace.save()).not.toContain('small');

    process.kill(pid, 'SIGCONT');
    const end = await client.completed(next.id);
    expect(end.data).toMatchObject({ outcome: 'applied' });
    expect(await isRunning(pid)).toBe(false);
    const live = await second.namespace.save();
    expect(live.match(/^-A big /gm)).toHaveLength(20_000);
    expect(live).toContain('-A small -j RETURN');

    // The next start takes back the change of the killed job, and nothing of the other. The killed job has one end.
    await first.start();
    const late = await client.completed(big.id);
    expect(late.data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'worker_restarted', stage: 'apply' },
      rollback: { performed: true, verified: true },
      ruleset: { liveRevision: null },
    });
    expect(client.completions(big.id)).toHaveLength(1);
    expect(await second.namespace.save()).toBe(live.replaceAll(/^.*\bbig\b.*\n/gm, ''));
  });

  it('makes two workers take turns', async () => {
    const first = await fixture.host(backend);
    const second = await fixture.host(backend, { shareWith: first });
    const client = await fixture.client();
    const jobs = Array.from({ length: 8 }, (_, index) => {
      const host = index % 2 === 0 ? first : second;
      const name = `set-${index}`;
      const ipv4 = small(name).replace('RETURN', `LOG --log-prefix n${index}`);
      return { host, job: makeJob(host.id, { ruleset: { name, revision: 1, ipv4, ipv6: ipv4 } }) };
    });
    await Promise.all(jobs.map(({ host, job }) => client.publish(host.id, job)));
    for (const { job } of jobs) expect((await client.completed(job.id)).data.outcome).toBe('applied');
    const live = await first.namespace.save();
    const marks = jobs.map((_, index) => `n${index}`);
    expect(live.match(/n\d/g)?.toSorted()).toEqual([...marks, ...marks].toSorted());
    expect(live.match(/-A INPUT/g)).toHaveLength(2 * jobs.length);
  });
});

describe('the lock', () => {
  it('that is held for too long ends a job that waits, and its event says who holds it', async () => {
    const first = await fixture.host('nft', { holdable: true });
    await first.holdNextRestore();
    const second = await fixture.host('nft', {
      shareWith: first,
      environment: { FLEETWALL_LOCK_TIMEOUT_SECONDS: '1' },
    });
    const client = await fixture.client();
    const text = bigRuleset(5_000);
    const big = makeJob(first.id, { ruleset: { name: 'big', revision: 1, ipv4: text } });
    await client.publish(first.id, big);
    const pid = await first.heldRestore();
    const { data } = await client.run(second.id, {
      ruleset: { name: 'small', revision: 1, ipv4: small('small') },
    });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'lock_timeout', stage: 'host', retryable: true },
    });
    expect(data.failure?.message).toContain(`by process ${first.pid} (host ${first.id}, job ${big.id}`);
    process.kill(pid, 'SIGCONT');
    expect((await client.completed(big.id)).data.outcome).toBe('applied');
  });

  it('that is taken away stops the job before its next change', async () => {
    const host = await fixture.host('nft', { holdable: true });
    await host.holdNextRestore();
    const client = await fixture.client();
    const text = bigRuleset(5_000);
    const job = makeJob(host.id, { ruleset: { name: 'big', revision: 1, ipv4: text, ipv6: small('big') } });
    await client.publish(host.id, job);
    const pid = await host.heldRestore();
    const file = (await readdir(host.runDir)).find((name) => name.endsWith('.lock.lock')) ?? '';
    await rm(join(host.runDir, file), { recursive: true });
    await host.logged('The lock of the rules was taken away');
    process.kill(pid, 'SIGCONT');
    const { data } = await client.completed(job.id);
    // The first table was written, the second was not. The lock is taken again, and the first table is put back.
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'lock_timeout', stage: 'host' },
      rollback: { performed: true, reason: 'lock_timeout', verified: true },
    });
    expect(await host.namespace.save()).not.toContain('big');
    // The next job succeeds.
    const again = await client.run(host.id, { ruleset: { name: 'big', revision: 2, ipv4: small('big') } });
    expect(again.data.outcome).toBe('applied');
  });

  it('leaves nothing in its file when a job has ended', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'small', revision: 1, ipv4: small('small') } });
    await runList(client, host, 'change', { revision: 1, add: ['192.0.2.7'] });
    const left = async () => {
      const names = await readdir(host.runDir);
      return await Promise.all(
        names.map(async (name) => await readFile(join(host.runDir, name), 'utf8').catch(() => name)),
      );
    };
    // The file of the rules, and that of the list; after a job, a look for drift has the lock for a moment.
    await expect.poll(left, { timeout: 20_000 }).toEqual(['', '']);
  });
});
