import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Job } from '../../src/contract/jobs/job.ts';
import { keptOf } from '../../src/job/intake/kept-job.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const replacement = (count: number) =>
  Job.parse({
    apiVersion: 'fleetwall/v1',
    id: '01a21c28-cbd2-77ad-b132-96a117b6fb5c',
    action: 'list.replace',
    issuedAt: '2026-11-25T12:00:00Z',
    target: { hosts: ['web-1'] },
    list: {
      name: 'blocked',
      revision: 1,
      entries: Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}`),
    },
  });

describe('a job that waits', () => {
  it('is taken as it was read for a second, and then read again, as its keys may not be trusted any more', () => {
    const job = replacement(2_000);
    const [soon, late] = [keptOf(job), keptOf(job)];
    vi.advanceTimersByTime(999);
    expect(soon.takeWhole()).toBe(job);
    vi.advanceTimersByTime(1);
    expect(late.takeWhole()).toBeNull();
    expect(late.job).toBe(job);
    expect(late.entries).toBe(2_000);
  });

  it('is kept whole for a second if it is long, and then without its entries', () => {
    const job = replacement(2_001);
    const [soon, late] = [keptOf(job), keptOf(job)];
    vi.advanceTimersByTime(999);
    expect(soon.takeWhole()).toBe(job);
    // Its turn has come, and nothing is kept of it besides.
    expect(soon.takeWhole()).toBeNull();
    vi.advanceTimersByTime(1);
    expect(late.takeWhole()).toBeNull();
    expect(late.job).toMatchObject({ id: job.id, list: { name: 'blocked', revision: 1, entries: [] } });
    expect(late.entries).toBe(2_001);
  });
});
