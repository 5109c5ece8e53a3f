import { describe, expect, it } from 'vitest';
import { agreedReport, countToAsk } from '../../src/central/lists/agreed-report.ts';
import type { ReportedList } from '../../src/contract/events/event.ts';
import { listDigest } from '../../src/list/digest.ts';

const UNTIL = '2026-11-25T18:00:00.000Z';
const agreed = {
  revision: 5,
  digest: listDigest(
    new Map([
      ['192.0.2.1', null],
      ['2001:db8::/48', null],
    ]),
    0,
  ),
};
const right: ReportedList = {
  name: 'blocked',
  revision: 5,
  kind: 'deny',
  entries: [
    { entry: '192.0.2.1', until: UNTIL },
    { entry: '2001:db8::/48', until: null },
  ],
};
/** The same in the order in which another host has it. */
const alike = { ...right, entries: right.entries.toReversed() };
const withEnd = (until: string | null) => ({
  ...right,
  entries: right.entries.map((one) => ({ ...one, until })),
});

function told(...reports: (ReportedList | null)[]): ReportedList | null {
  const byHost = new Map(reports.map((report, index) => [`host-${index}`, report]));
  return agreedReport(byHost, agreed)?.report ?? null;
}

describe('what a host that has missed a change is given', () => {
  it('is what all hosts that were asked tell, in whichever order', () => {
    expect(told(right)).toEqual(right);
    expect(told(right, alike, alike)).toEqual(right);
  });

  it.each([
    ['ends earlier', withEnd('2026-11-24T00:00:00.000Z')],
    ['never ends', withEnd(null)],
    ['is of another kind', { ...right, kind: 'allow' } as const],
    ['is of another revision', { ...right, revision: 6 }],
    ['is cut', { ...right, truncated: true }],
    ['has other entries', { ...right, entries: [{ entry: '198.51.100.1', until: null }] }],
    ['does not come', null],
  ])('is not what one host says alone: it %s', (_, wrong) => {
    expect(told(wrong, right, alike)).toEqual(right);
    expect(told(wrong, right)).toBeNull();
    expect(told(wrong, wrong, right)).not.toEqual(right);
  });

  it('is asked of several hosts, of more where more have something to lose, and never of all of a large fleet', () => {
    expect(countToAsk(0)).toBe(3);
    expect(countToAsk(5)).toBe(5);
    expect(countToAsk(2_000)).toBe(9);
  });
});
