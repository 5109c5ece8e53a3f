import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JobCompletedEvent } from '../../../src/contract/events/event.ts';
import { makeJob, type TestClient } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { crashesOf, runKilledAt } from '../../support/killed-at-step.ts';
import { BACKENDS, IS_LONG_RUN } from '../../support/namespace.ts';

/** The worker is started anew at each of some thirty steps. */
const LONG_MS = 240_000;
const fixture = new Fixture();
/** The number of random kills, for both variants together; set it higher for a longer run. */
const RANDOM_KILLS = Number(process.env['FLEETWALL_TEST_KILLS'] ?? 8);
/** The steps are ours, whatever the variant: each is taken with one of them, and with both in a longer run. */
const MODES = IS_LONG_RUN
  ? ({ nft: ['none', 'probe'], legacy: ['none', 'probe'] } as const)
  : ({ nft: ['probe'], legacy: ['none'] } as const);
/** The odd steps with one of them, the even ones with the other. */
const FIRST_STEP = { nft: 1, legacy: IS_LONG_RUN ? 1 : 2 } as const;
const STRIDE = IS_LONG_RUN ? 1 : 2;
/** A limit that is higher than the number of steps of any job. */
const MOST_STEPS = 60;
const KEPT = new Set(['applied', 'unchanged', 'removed']);

/** Rules in two tables of each family; a part of them differs in every revision. */
function rulesetOf(revision: number) {
  const ipv4 = `*mangle
:edge-mark - [0:0]
-A PREROUTING -j edge-mark
-A edge-mark -s 10.0.${revision % 250}.0/24 -j MARK --set-mark ${revision}
COMMIT
*filter
:edge - [0:0]
-I INPUT -j edge
-A edge -s 192.0.2.1/32 -j ACCEPT
-A edge -s 10.1.${revision % 250}.0/24 -j DROP
COMMIT
`;
  const ipv6 = `*filter
:edge - [0:0]
-A FORWARD -j edge
-A edge -s 2001:db8:${revision}::/48 -j DROP
COMMIT
`;
  return { name: 'edge', revision, ipv4, ipv6 };
}

async function hostWithStranger(backend: (typeof BACKENDS)[number]): Promise<TestHost> {
  const host = await fixture.host(backend, { wait: false });
  await host.end('SIGKILL');
  await host.namespace.iptables('-A', 'INPUT', '-s', '203.0.113.9/32', '-j', 'DROP');
  return host;
}

/** What is live must be one of the two rulesets as a whole, and the same that the event and the state say. */
async function expectAgreement(
  host: TestHost,
  client: TestClient,
  { data }: JobCompletedEvent,
  before: { live: string; revision: number | null },
  revision: number,
): Promise<void> {
  const live = await host.namespace.save();
  expect(client.completions(data.jobId).map(({ id }) => id)).toHaveLength(1);
  expect(live).toContain('203.0.113.9/32');
  if (KEPT.has(data.outcome)) {
    expect(data.ruleset?.liveRevision).toBe(revision);
    expect(live).toContain(`10.1.${revision % 250}.0/24`);
    expect(live).toContain(`10.0.${revision % 250}.0/24`);
    expect(live).toContain(`2001:db8:${revision}::/48`);
  } else {
    expect(data.failure).toMatchObject({ code: 'worker_restarted' });
    expect(data.rollback.verified).toBe(true);
    expect(data.ruleset?.liveRevision).toBe(before.revision);
    expect(live).toBe(before.live);
  }
  await expectBootFiles(host, committedRevision(data));
  const { data: report } = await client.run(host.id, { action: 'report' });
  const reported = report.report?.rulesets.map((ruleset) => ({
    revision: ruleset.revision,
    inSync: ruleset.inSync,
  }));
  const committed = committedRevision(data);
  expect(reported).toEqual(committed === null ? [] : [{ revision: committed, inSync: true }]);
}

function committedRevision({ ruleset }: JobCompletedEvent['data']): number | null {
  return ruleset?.liveRevision ?? null;
}

/** What a reboot would bring back must be what is on record. */
async function expectBootFiles(host: TestHost, revision: number | null): Promise<void> {
  const [ipv4, ipv6] = await Promise.all(
    ['ipv4', 'ipv6'].map((family) =>
      readFile(join(host.stateDir, `boot/edge.chains.${family}`), 'utf8').catch(() => ''),
    ),
  );
  if (revision === null) return expect([ipv4, ipv6]).toEqual(['', '']);
  expect(ipv4).toContain(`-s 10.1.${revision % 250}.0/24`);
  expect(ipv6).toContain(`-s 2001:db8:${revision}::/48`);
}

describe.each(BACKENDS)('a worker that is killed, %s', (backend) => {
  it.each(MODES[backend])(
    'at any step of its journal, with confirm %s, leaves the host as before or as wanted, and the job has one end',
    async (mode) => {
      const host = await hostWithStranger(backend);
      const crashes = crashesOf(host);
      const client = await fixture.client();
      await host.start(crashes.environment);
      const outcomes = new Set<string>();
      let kills = 0;
      let revision = 0;
      let before = { live: await host.namespace.save(), revision: null as number | null };
      for (let step: number = FIRST_STEP[backend]; step < MOST_STEPS; step += STRIDE) {
        revision += 1;
        const job = makeJob(host.id, { ruleset: rulesetOf(revision), confirm: { mode } });
        const isKilled = await runKilledAt(step, job, { host, client, crashes });
        kills += Number(isKilled);
        const event = await client.completed(job.id);
        await expectAgreement(host, client, event, before, revision);
        outcomes.add(event.data.failure?.code ?? event.data.outcome);
        const { data } = event;
        before = { live: await host.namespace.save(), revision: data.ruleset?.liveRevision ?? null };
        if (!isKilled) break;
      }
      expect(kills).toBeGreaterThan(12 / STRIDE);
      expect(outcomes).toEqual(new Set(['applied', 'worker_restarted']));
    },
    LONG_MS,
  );

  it(`at ${RANDOM_KILLS / 2} random times under load, leaves the host as the events and the state say`, async () => {
    const host = await hostWithStranger(backend);
    const client = await fixture.client();
    await host.start();
    let revision = 0;
    for (let kill = 0; kill < RANDOM_KILLS / 2; kill += 1) {
      const jobs = Array.from({ length: 3 }, () => {
        revision += 1;
        return { revision, job: makeJob(host.id, { ruleset: rulesetOf(revision) }) };
      });
      // Most pauses are longer than the worker gathers jobs, so that some jobs are run and some superseded.
      for (const { job } of jobs) {
        await client.publish(host.id, job);
        await sleep(Math.random() * 400);
      }
      await host.end('SIGKILL');
      await host.start();
      // If the worker was killed with the newest job, it tries the next newest one.
      let committed: number | null = null;
      for (const [index, { job, revision: own }] of jobs.entries()) {
        const { data } = await client.completed(job.id);
        if (KEPT.has(data.outcome)) committed = own;
        else if (data.outcome === 'superseded') expect(index).toBeLessThan(jobs.length - 1);
        else expect(data.failure?.code).toBe('worker_restarted');
      }
      for (const { job } of jobs)
        expect(new Set(client.completions(job.id).map(({ id }) => id)).size).toBe(1);
      expect(committed).not.toBeNull();
      const live = await host.namespace.save();
      expect(live.match(/10\.1\.\d+\.0/g)).toEqual([`10.1.${(committed ?? 0) % 250}.0`]);
      expect(live).toContain('203.0.113.9/32');
    }
  });
});
