import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { FleetClient, RequestInvalid, type SentJob } from '../../../src/index.ts';
import { Fixture } from '../../support/fixture.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const text = (last: string) => table('filter', ':edge - [0:0]', '-A INPUT -j edge', `-A edge ${last}`);
const AT_ONCE = { confirm: { mode: 'none' } } as const;
let client: FleetClient;
/** Somebody else, who knows nothing of what the first one did. */
let other: FleetClient;

beforeEach(async () => {
  const url = inject('brokerUrl');
  [client, other] = await Promise.all([FleetClient.connect({ url }), FleetClient.connect({ url })]);
});
afterEach(async () => await Promise.all([client.close(), other.close()]));

it('a job is picked up by its id alone, with the answers that were given', async () => {
  const { id } = await fixture.host('nft');
  const whom = { hosts: [id, 'never-there'] };
  const ruleset = { name: 'edge', revision: 'next', ipv4: text('-s 192.0.2.1 -j DROP') } as const;
  const pushed = await client.push(ruleset, whom, AT_ONCE);
  expect(pushed.jobId).toMatch(/^[0-9a-f-]{36}$/);

  const job = other.job(pushed.jobId ?? '');
  const { hosts, rolloutId } = await job.look();
  expect(rolloutId).toBe(null);
  // Who has no queue has said nothing.
  expect([...hosts.keys()]).toEqual([id]);
  expect(hosts.get(id)).toMatchObject({ end: 'applied', awaitingUntil: null, result: { jobId: job.id } });
  expect(hosts.get(id)?.startedAt).toBeInstanceOf(Date);

  const events: string[] = [];
  const answers = await job.wait({ hosts: [id], onEvent: ({ type }) => void events.push(type) });
  expect(answers.jobId).toBe(job.id);
  expect([...answers]).toEqual([[id, pushed.get(id)]]);
  expect(events).toEqual(['fleetwall.job.started', 'fleetwall.job.completed']);
});

it('a job that waits to be confirmed is confirmed, and one that waits again is taken back, by somebody else', async () => {
  const { id } = await fixture.host('nft');
  const manual = { confirm: { mode: 'manual', timeoutSeconds: 300 } } as const;
  const begin = async (last: string, answer: 'confirm' | 'abort') => {
    const ruleset = { name: 'edge', revision: 'next', ipv4: text(last) } as const;
    const { jobId } = await waitingJob(async (onEvent, onSending) => {
      await client.push(ruleset, { hosts: [id] }, { ...manual, onEvent, onSending });
    });
    const job = other.job(jobId);
    // It is known to be out there: nobody has to say for whom it is.
    const waiting = job.wait();
    expect((await job.look()).hosts.get(id)).toMatchObject({ end: null, awaitingUntil: expect.any(Date) });
    const answered = await job[answer]();
    return [answered.get(id)?.end, (await waiting).get(id)?.end];
  };
  expect(await begin('-s 192.0.2.1 -j DROP', 'confirm')).toEqual(['applied', 'applied']);
  expect(await begin('-s 192.0.2.2 -j DROP', 'abort')).toEqual(['rolled_back', 'rolled_back']);
});

it('a host that is away is waited for by name, and its job is cancelled before it comes back', async () => {
  const host = await fixture.host('nft');
  await host.end();
  const ruleset = { name: 'edge', revision: 1, ipv4: text('-j DROP') };
  const pushed = await client.push(ruleset, { hosts: [host.id] }, { timeoutSeconds: 1 });
  expect(pushed.get(host.id)).toEqual({ end: 'silent', result: null });
  const job = other.job(pushed.jobId ?? '');

  expect((await job.look()).hosts.size).toBe(0);
  await expect(job.wait()).rejects.toMatchObject({ code: 'request_invalid', issues: [{ path: ['hosts'] }] });
  expect((await job.wait({ hosts: [host.id], timeoutSeconds: 1 })).get(host.id)?.end).toBe('silent');
  const given = AbortSignal.abort(new Error('enough'));
  await expect(job.wait({ hosts: [host.id], signal: given })).rejects.toBe(given.reason);

  await job.cancel({ timeoutSeconds: 1 });
  const waiting = job.wait({ hosts: [host.id] });
  await host.start();
  expect((await waiting).get(host.id)?.end).toBe('cancelled');
});

it('a job of a rollout is known with the hosts that it was sent to', async () => {
  const host = await fixture.host('nft');
  const ruleset = { name: 'edge', revision: 1, ipv4: text('-j DROP') };
  const whom = { hosts: [host.id, 'never-there'] };
  let jobId = '';
  const end = await client.rollout(
    { ruleset, whom, budgets: { silent: { count: 1 } } },
    { onEvent: (_, { record }) => void (jobId = record.jobs[0]?.jobId ?? '') },
  );
  const job = other.job(jobId);
  expect((await job.look()).rolloutId).toBe(end.rolloutId);
  const answers = await job.wait();
  expect([...answers].map(([id, answer]) => [id, answer.end])).toEqual(Object.entries(end.hosts));
});

it('what is no id of a job is refused; one that nobody knows is not known', async () => {
  expect(() => other.job('edge')).toThrow(RequestInvalid);
  expect((await other.job(randomUUID()).look({ since: new Date() })).hosts.size).toBe(0);
});

type OnEvent = NonNullable<NonNullable<Parameters<FleetClient['push']>[2]>['onEvent']>;

/** Sends a job, and goes on as soon as it waits to be confirmed. */
async function waitingJob(
  send: (onEvent: OnEvent, onSending: (job: SentJob) => void) => Promise<void>,
): Promise<SentJob> {
  let job: SentJob | undefined;
  return await new Promise((resolve, reject) => {
    const onEvent: OnEvent = ({ type }) => {
      if (type === 'fleetwall.job.awaiting_confirmation' && job !== undefined) resolve(job);
    };
    send(onEvent, (sent) => void (job = sent)).catch(reject);
  });
}
