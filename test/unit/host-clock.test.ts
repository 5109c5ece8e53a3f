import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { examineClock } from '../../src/doctor/check-clock.ts';
import type { Examined } from '../../src/doctor/finding.ts';
import { FileHostClock } from '../../src/host/state/host-clock.ts';
import { silentLog } from '../../src/log/logger.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse('2026-11-26T12:00:00Z');

describe('the time of a host', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-clock-'));
    vi.useFakeTimers({ toFake: ['Date', 'hrtime'], now: START });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  const open = async () => await FileHostClock.open(folder, silentLog());
  /** Sets the calendar, without any time going by. */
  const set = (ms: number) => vi.setSystemTime(ms);

  it('goes on from the latest time when the clock is set back, while it runs and over a restart', async () => {
    const clock = await open();
    clock.vouch(new Date(START));
    vi.advanceTimersByTime(MINUTE);
    expect(clock.now().getTime()).toBe(START + MINUTE);
    await clock.keep();
    set(START - DAY);
    vi.advanceTimersByTime(MINUTE);
    expect(clock.now().getTime()).toBe(START + 2 * MINUTE);
    expect(clock.isBehind).toBe(true);
    await clock.keep();
    const next = await open();
    vi.advanceTimersByTime(MINUTE);
    expect(next.now().getTime()).toBeGreaterThanOrEqual(START + 2 * MINUTE);
    expect(next.isBehind).toBe(true);
    set(START + DAY / 2);
    expect(next.now().getTime()).toBe(START + DAY / 2);
    expect(next.isBehind).toBe(false);
  });

  it('does not remember a leap that is taken back within ten minutes', async () => {
    const clock = await open();
    clock.vouch(new Date(START));
    set(START + 31 * DAY);
    expect(clock.now().getTime()).toBe(START + 31 * DAY);
    vi.advanceTimersByTime(9 * MINUTE);
    clock.now();
    await clock.keep();
    set(START + 9 * MINUTE);
    expect(clock.now().getTime()).toBe(START + 9 * MINUTE);
    expect((await open()).now().getTime()).toBe(START + 9 * MINUTE);
  });

  it('is not believed at once that it is what the clock says when the host has just started', async () => {
    set(START + 2 * 60 * MINUTE);
    const clock = await open();
    clock.vouch(new Date(START));
    await clock.keep();
    set(START);
    expect(clock.now().getTime()).toBe(START);
    expect((await open()).now().getTime()).toBe(START);
  });

  it('goes on over a restart from where it was, also while the clock is behind', async () => {
    const clock = await open();
    clock.vouch(new Date(START));
    clock.now();
    set(START - DAY);
    for (let hour = 0; hour < 20; hour += 1) vi.advanceTimersByTime(60 * MINUTE);
    await clock.keep();
    expect((await open()).now().getTime()).toBe(START + 20 * 60 * MINUTE);
  });

  it('remembers one that stays', async () => {
    const clock = await open();
    set(START + 31 * DAY);
    clock.now();
    vi.advanceTimersByTime(11 * MINUTE);
    clock.now();
    set(START);
    expect(clock.now().getTime()).toBe(START + 31 * DAY + 11 * MINUTE);
  });

  it('is told by doctor where the clock is behind it', async () => {
    const clock = await open();
    clock.vouch(new Date(START));
    await clock.keep();
    set(START - DAY);
    const [finding] = await examineClock({ settings: { stateDir: folder } } as Examined);
    expect(finding).toMatchObject({
      verdict: 'failure',
      message:
        'it is 2026-11-25T12:00:00.000Z here, but a worker of this host has already seen 2026-11-26T12:00:00.000Z',
      advice: expect.stringContaining(join(folder, 'clock')),
    });
  });
});
