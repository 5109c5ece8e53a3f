import { getHeapStatistics } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SpareMemory } from '../../src/worker/upkeep/spare-memory.ts';

const MIB = 1024 * 1024;
const LOOK_MS = 5_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const usedMiB = () => getHeapStatistics().used_heap_size / MIB;
/** As the entries of a long list: more than 32 MiB. */
const manyObjects = () => Array.from({ length: 1_500_000 }, (_, index) => ({ index }));

describe('the memory of an idle worker', () => {
  it('is given back also where a job still held it when garbage was collected', () => {
    const spare = new SpareMemory(() => true);
    spare.start();
    const before = usedMiB();
    let held: object[] | null = manyObjects();
    vi.advanceTimersByTime(LOOK_MS);
    const whileHeld = usedMiB();
    expect(whileHeld - before).toBeGreaterThan(32);
    expect(held.length).toBe(1_500_000);
    held = null;
    vi.advanceTimersByTime(10 * LOOK_MS);
    expect(usedMiB()).toBeLessThan(whileHeld - 32);
    spare.stop();
  });

  it('is left alone while a job is in hand', () => {
    const spare = new SpareMemory(() => false);
    spare.start();
    let held: object[] | null = manyObjects();
    vi.advanceTimersByTime(LOOK_MS);
    expect(held.length).toBe(1_500_000);
    const whileHeld = usedMiB();
    held = null;
    vi.advanceTimersByTime(10 * LOOK_MS);
    expect(usedMiB()).toBeGreaterThan(whileHeld - 32);
    spare.stop();
  });
});
