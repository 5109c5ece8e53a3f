import { describe, expect, it } from 'vitest';
import { stepAgainst } from '../../src/host/stopped-holder.ts';

const process = { pid: 7, started: '100' };
const continued = (agoMs: number, whom = process) => ({ process: whom, agoMs });

describe('a process that has the lock of a change whose time is over', () => {
  it.each([
    ['is left alone while it runs', null, null, 3_600_000, 'none'],
    [
      'is left alone while it runs, even if it was stopped before',
      null,
      continued(60_000),
      3_600_000,
      'none',
    ],
    ['is left alone before that time is over', process, null, -1_000, 'none'],
    ['is left alone for two seconds more', process, null, 1_000, 'none'],
    ['is told to continue if it is stopped', process, null, 2_000, 'SIGCONT'],
    ['has five seconds to continue', process, continued(4_900), 60_000, 'none'],
    ['is killed if it does not continue', process, continued(5_000), 60_000, 'SIGKILL'],
    [
      'is not taken for another process that was told to continue',
      process,
      continued(5_000, { pid: 8, started: '100' }),
      60_000,
      'SIGCONT',
    ],
    [
      'is not taken for an earlier process with the same id',
      process,
      continued(5_000, { pid: 7, started: '99' }),
      60_000,
      'SIGCONT',
    ],
  ] as const)('%s', (_, stopped, before, lateMs, step) => {
    expect(stepAgainst(stopped, before, lateMs)).toBe(step);
  });
});
