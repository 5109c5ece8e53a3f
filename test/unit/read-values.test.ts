import { describe, expect, it } from 'vitest';
import {
  readDuration,
  readPause,
  readRevision,
  readRevisionOrNext,
  readSeconds,
} from '../../src/cli/options/read-values.ts';
import { WorkerSettings } from '../../src/config/worker-settings.ts';

describe('a value on the command line', () => {
  it.each([
    ['seconds', readSeconds, '0.5', 0.5],
    ['seconds', readSeconds, '2000000', 2_000_000],
    ['a duration', readDuration, '36500d', 3_153_600_000],
    ['a pause', readPause, '1m', 60],
    ['a revision', readRevision, '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['a revision', readRevisionOrNext, 'next', 'next'],
  ])('of %s is taken', (_, read, text, value) => {
    expect(read(text)).toBe(value);
  });

  it.each<[string, (text: string) => unknown, string, string]>([
    // A timer of Node would wait for a millisecond.
    ['seconds', readSeconds, '3000000', 'at most 2000000'],
    ['seconds', readSeconds, 'Infinity', 'at most 2000000'],
    ['seconds', readSeconds, '0x10', 'A number of seconds'],
    ['seconds', readSeconds, '0', 'A number of seconds'],
    ['a pause', readPause, '30d', 'at most 2000000s'],
    // There is no such date.
    ['a duration', readDuration, '99999999999d', 'at most 36500d'],
    ['a revision', readRevision, '1e3', 'a whole number'],
    ['a revision', readRevisionOrNext, '0x7d0', 'a whole number'],
    ['a revision', readRevision, ' 1', 'a whole number'],
    ['a revision', readRevision, '9007199254740992', 'a whole number'],
  ])('of %s is refused that cannot be meant, or done: %o %s', (_, read, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});

it('the settings of a worker are no longer than a timer can wait', () => {
  for (const name of [
    'lockTimeoutSeconds',
    'applyTimeoutSeconds',
    'driftIntervalSeconds',
    'heartbeatSeconds',
  ])
    for (const value of ['3000000', 'Infinity', 3_000_000]) {
      const { error } = WorkerSettings.safeParse({ [name]: value });
      expect(error?.issues.map(({ path }) => path[0])).toContain(name);
    }
});
