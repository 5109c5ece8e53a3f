import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/contract/events/event.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import { WaitingJobs } from '../../src/job/intake/waiting-jobs.ts';
import { type Disposition, NotBegun, NotTold } from '../../src/job/ports/delivery.ts';
import { makeJob } from '../support/client.ts';

/** A queue of jobs, and a log of what happened to each, in order. */
function line() {
  const jobs = new WaitingJobs();
  const log: string[] = [];
  const push = (revision: number, outcome: Outcome, { told = true, gone = false } = {}) => {
    const job = Job.parse(
      makeJob('web-1', { ruleset: { name: 'edge', revision, ipv4: '*filter\nCOMMIT\n' } }),
    );
    // The broker may confirm the event of the end much later, or never.
    const disposition: Promise<Disposition> = told ? Promise.resolve('acknowledge') : new Promise(() => {});
    return jobs.take({
      job,
      run: async () => {
        log.push(`${outcome} ${revision}`);
        return { outcome, disposition };
      },
      supersede: async () => {
        log.push(`superseded ${revision}`);
        return { outcome: 'superseded', disposition: Promise.resolve('acknowledge') };
      },
      cancel: async () => null,
      isGone: () => gone,
    });
  };
  return { jobs, log, push };
}

describe('jobs that wait together', () => {
  it('are superseded by the newest, even if the broker does not confirm the event of its end', async () => {
    const { jobs, log, push } = line();
    const first = push(1, 'applied');
    const newest = push(3, 'applied', { told: false });
    await Promise.all([first, push(2, 'applied')]);
    expect(log).toEqual(['applied 3', 'superseded 1', 'superseded 2']);
    // Its message is neither acknowledged nor given back before the worker stops.
    jobs.stop();
    await expect(newest).rejects.toBeInstanceOf(NotTold);
  });

  it('are not begun once the broker has taken them back, nor once the worker stops', async () => {
    const { jobs, log, push } = line();
    const results = Promise.allSettled([
      push(1, 'applied', { gone: true }),
      push(2, 'failed'),
      push(3, 'failed'),
    ]);
    await results;
    jobs.stop();
    await expect(push(4, 'applied')).rejects.toBeInstanceOf(NotBegun);
    expect(log).toEqual(['failed 3', 'failed 2']);
  });
});

describe('a job', () => {
  it('that is run is in hand under its id, in upper and lower case, and no longer once it has ended', async () => {
    const { jobs, log } = line();
    const job = Job.parse(makeJob('web-1', { action: 'report' }));
    const end = async () => ({
      outcome: 'reported' as const,
      disposition: Promise.resolve('acknowledge' as const),
    });
    const run = async () => {
      for (const id of [job.id, job.id.toUpperCase()]) log.push(String(jobs.isInHand(id)));
      return await end();
    };
    await jobs.take({ job, run, supersede: end, cancel: async () => null, isGone: () => false });
    expect(log).toEqual(['true', 'true']);
    expect(jobs.isInHand(job.id)).toBe(false);
  });
});

describe('work between jobs', () => {
  it('is done only while no job waits, and jobs wait until it ends, even with an error', async () => {
    const { jobs, log, push } = line();
    let letGo: () => void = () => {};
    const aside = jobs.between(async () => {
      log.push('aside');
      await new Promise<void>((resolve) => (letGo = resolve));
      throw new Error('in vain');
    });
    const pushed = push(1, 'applied');
    expect(await jobs.between(async () => log.push('never'))).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).toEqual(['aside']);
    letGo();
    await expect(aside).rejects.toThrow('in vain');
    await pushed;
    expect(log).toEqual(['aside', 'applied 1']);
    expect(await jobs.between(async () => 'done')).toBe('done');
  });
});
