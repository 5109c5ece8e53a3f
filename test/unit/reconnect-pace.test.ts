import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ReconnectPace } from '../../src/broker/connection/reconnect-pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The longest delays, in whole seconds, of the first tries. */
function delays(pace: ReconnectPace, nodes: number, tries: number): number[] {
  return Array.from({ length: tries }, (_, index) => Math.floor(pace.delay(index + 1, nodes) / 1_000));
}

function lose(pace: ReconnectPace, afterMs: number): void {
  pace.noteOpen();
  vi.advanceTimersByTime(afterMs);
  pace.noteLost();
}

it('tries each node within a second, and waits twice as long for each round after that', () => {
  const pace = new ReconnectPace();
  lose(pace, 3_600_000);
  expect(delays(pace, 1, 7)).toEqual([1, 2, 4, 8, 16, 30, 30]);
  expect(delays(pace, 3, 7)).toEqual([1, 1, 1, 2, 2, 2, 4]);
});

it('does not hammer a broker that ends each connection soon, and forgets it after one that lasted', () => {
  const pace = new ReconnectPace();
  const first: number[] = [];
  for (let lost = 0; lost < 5; lost += 1) {
    lose(pace, 1_000);
    first.push(...delays(pace, 1, 1));
  }
  expect(first).toEqual([2, 4, 8, 8, 8]);
  lose(pace, 31_000);
  expect(delays(pace, 1, 1)).toEqual([1]);
});

it('waits longer for the answers of a broker that has not answered in time, and not of one that has', () => {
  const pace = new ReconnectPace();
  const patience = Array.from({ length: 6 }, () => {
    const times = pace.patience(1);
    pace.noteFailed();
    return times;
  });
  expect(patience).toEqual([1, 2, 4, 8, 8, 8]);
  expect(pace.patience(3)).toBe(4);
  pace.noteOpen();
  expect(pace.patience(1)).toBe(1);
});
