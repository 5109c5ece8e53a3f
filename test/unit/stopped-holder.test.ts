import { describe, expect, it } from 'vitest';
import { stepAgainst } from '../../src/host/stopped-holder.ts';

const process = { pid: 7, started: '100' };
const continued = (agoMs: number, whom = process) => ({ process: whom, agoMs });

describe('a process that has the lock of a change that has had its time', () => {
  it.each([
    ['is left alone while it runs', null, null, 3_600_000, 'none'],
    [
      'is left alone while it runs, also where it was stopped before',
      null,
      continued(60_000),
      3_600_000,
      'none',
    ],
    ['is left alone before that time', process, null, -1_000, 'none'],
    ['is left alone at the last moment', process, null, 1_000, 'none'],
    ['is made to go on when it is stopped', process, null, 2_000, 'SIGCONT'],
    ['has some time to go on', process, continued(4_900), 60_000, 'none'],
    ['is ended when it does not', process, continued(5_000), 60_000, 'SIGKILL'],
    ['is not taken for another', process, continued(5_000, { pid: 8, started: '100' }), 60_000, 'SIGCONT'],
    ['is not taken for one before', process, continued(5_000, { pid: 7, started: '99' }), 60_000, 'SIGCONT'],
  ] as const)('%s', (_, stopped, before, lateMs, step) => {
    expect(stepAgainst(stopped, before, lateMs)).toBe(step);
  });
});
