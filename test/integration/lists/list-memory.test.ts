import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { runList } from '../../support/lists.ts';

const fixture = new Fixture();
const ENTRIES = 200_000;
const JOBS = 12;
/** More than a worker needs that has one long list, and far less than one that reads it. */
const KEPT_MIB = 130;

it('long lists that wait for their turn do not fill the memory of the worker', async () => {
  const host = await fixture.host('nft', { environment: { NODE_OPTIONS: '--max-old-space-size=200' } });
  const client = await fixture.client();
  const idleMiB = await residentMiB(host.pid);
  const first = makeJob(host.id, {
    action: 'list.replace',
    list: { name: 'blocked', revision: 1, entries: ['192.0.2.1'] },
    confirm: { mode: 'manual', timeoutSeconds: 600 },
  });
  await client.publish(host.id, first);
  await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
  const until = '2099-01-01T00:00:00Z';
  const entries = Array.from({ length: ENTRIES }, (_, index) => ({
    entry: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    until,
  }));
  const jobs = Array.from({ length: JOBS }, (_, index) =>
    makeJob(host.id, {
      action: 'list.replace',
      list: { name: 'blocked', revision: index + 2, entries, maxEntries: ENTRIES + 1 },
    }),
  );
  for (const job of jobs) {
    const body = gzipSync(JSON.stringify(job), { level: 1 });
    await client.publish(host.id, body, { contentEncoding: 'gzip', messageId: job.id });
  }
  // A worker that dies is not waited for.
  const died = host.ended().then((how) => {
    throw new Error(`the worker ended: ${how}`);
  });
  died.catch(() => {});
  // All have come to the worker before the first of them is begun.
  const report = makeJob(host.id, { action: 'report' });
  await client.publish(host.id, report);
  const isThere = expect.poll(() => client.completions(report.id).length, { timeout: 120_000 }).toBe(1);
  await Promise.race([isThere, died]);
  await client.publish(host.id, makeJob(host.id, { kind: 'confirm', jobId: first.id }), {}, CONTROL_EXCHANGE);
  const last = jobs.at(-1)?.id ?? '';
  await expect.poll(() => client.completions(last).length, { timeout: 120_000 }).toBe(1);
  expect((await client.completed(last)).data).toMatchObject({
    outcome: 'applied',
    counts: { added: ENTRIES, entries: ENTRIES },
  });
  for (const { id } of jobs.slice(0, -1))
    expect((await client.completed(id)).data.outcome).toBe('superseded');
  expect(await runList(client, host, 'change', { revision: JOBS + 2, add: ['192.0.2.7'] })).toMatchObject({
    outcome: 'applied',
    counts: { entries: ENTRIES + 1 },
  });
  await expect.poll(async () => await residentMiB(host.pid)).toBeLessThan(idleMiB + KEPT_MIB);
}, 300_000);

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
