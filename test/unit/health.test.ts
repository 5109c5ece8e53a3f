import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Job } from '../../src/contract/jobs/job.ts';
import { ServiceManager } from '../../src/host/service-manager.ts';
import { silentLog } from '../../src/log/logger.ts';
import { Health, longestSilenceMs } from '../../src/worker/pages/health.ts';
import { makeJob } from '../support/client.ts';

const LIMITS = { lockTimeoutSeconds: 10, applyTimeoutSeconds: 60 };
const LINK = { isConnected: true, isConsuming: true, lacking: {}, unpublished: null, unreached: null };
const LONG_AGO = Number.NEGATIVE_INFINITY;
const CHECKS = {
  lock: async () => {},
  backend: async () => {},
  state: async () => {},
  lastProgress: () => LONG_AGO,
};

function job(confirm: object): Job {
  const ruleset = { name: 'edge', revision: 1, ipv4: '*filter\nCOMMIT\n' };
  return Job.parse(makeJob('web-1', { ruleset, confirm }));
}

describe('a worker', () => {
  it('counts as stuck once there was no sign of its job for longer than its longest part may take', () => {
    const own = job({ mode: 'manual', timeoutSeconds: 1200 });
    const limitMs = longestSilenceMs(own, LIMITS);
    expect(limitMs).toBe((60 + 1200 + 60) * 1000);
    expect(longestSilenceMs(job({ mode: 'none' }), LIMITS)).toBe((60 + 60) * 1000);
    const healthOf = (ms: number, progressMs: number) => {
      const inHand = { job: own, since: performance.now() - ms };
      const lastProgress = () => performance.now() - progressMs;
      return new Health({ inHand }, LINK, { ...CHECKS, lastProgress }, LIMITS);
    };
    expect(healthOf(limitMs - 5_000, 2 * limitMs).whyStuck()).toBeNull();
    expect(healthOf(limitMs + 5_000, 2 * limitMs).whyStuck()).toMatch(
      `nothing has been seen of job ${own.id} for 1325 s, and 1320 s are the most that it may need`,
    );
    // Not stuck: programs still start and end, as in a search for many failing lines.
    expect(healthOf(10 * limitMs, limitMs - 5_000).whyStuck()).toBeNull();
    expect(new Health({ inHand: null }, LINK, CHECKS, LIMITS).whyStuck()).toBeNull();
  });

  it('sends the service manager no sign of life while it is stuck', async () => {
    const told: string[][] = [];
    let stuck: string | null = null;
    const manager = new ServiceManager({
      notifySocket: '/run/nowhere',
      watchdogMs: 30,
      whyStuck: () => stuck,
      run: async ({ args }) => {
        told.push([...args]);
        return { exitCode: 0, stdout: '', stderr: '', timedOut: false, truncated: false, startError: null };
      },
      log: silentLog(),
    });
    await manager.ready('well');
    const beats = () => told.filter(([word]) => word === 'WATCHDOG=1').length;
    await expect.poll(beats).toBeGreaterThan(1);
    stuck = 'job x';
    const before = beats();
    await sleep(200);
    expect(beats()).toBe(before);
    stuck = null;
    await expect.poll(beats).toBeGreaterThan(before);
    manager.close();
  });
});

describe('readiness', () => {
  it('says what fails, and looks at the host once however many ask', async () => {
    let looks = 0;
    const checks = {
      ...CHECKS,
      lock: async () => {
        looks += 1;
        throw new Error('held by process 7');
      },
    };
    const health = new Health(
      { inHand: null },
      { isConnected: true, isConsuming: false, lacking: {}, unpublished: null, unreached: null },
      checks,
      LIMITS,
    );
    const seen = await Promise.all(Array.from({ length: 20 }, async () => await health.readiness()));
    expect(new Set(seen.map((readiness) => JSON.stringify(readiness))).size).toBe(1);
    expect(seen[0]).toEqual({
      broker: null,
      consuming: expect.stringContaining('not consumed'),
      lock: 'held by process 7',
      backend: null,
      state: null,
    });
    expect(looks).toBe(1);
  });
});
