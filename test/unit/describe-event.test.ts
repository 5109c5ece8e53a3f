import { describe, expect, it } from 'vitest';
import { describeEvent } from '../../src/cli/show/describe-event.ts';
import type { FleetEvent } from '../../src/contract/events/event.ts';

/** Drift of as many rules, at a time. */
function drift(rules: number, time: string): FleetEvent {
  const removed = Array.from(
    { length: rules },
    (_, index) => `-A edge-in -s 192.0.2.${index + 1}/32 -j DROP`,
  );
  const table = { family: 'ipv4', table: 'filter', added: ['-A edge-in -j LOG'], removed, truncated: false };
  const diff = { added: 1, removed: rules, unchanged: 3, tables: [table] };
  const ruleset = { name: 'edge', revision: 7 };
  const data = { hostId: 'web-1', ruleset, diff, by: { pid: 4711, name: 'iptables' }, gaveUp: false };
  return {
    type: 'fleetwall.drift.detected',
    source: '/fleetwall/hosts/web-1',
    time,
    data,
  } as unknown as FleetEvent;
}

describe('an event, for a person', () => {
  const now = new Date().toISOString();

  it('has the rules that differ', () => {
    expect(describeEvent(drift(1, now)).split('\n').slice(1)).toEqual([
      '    - -A edge-in -s 192.0.2.1/32 -j DROP',
      '    + -A edge-in -j LOG',
    ]);
  });

  it('has the first of many, and says how to see the rest', () => {
    const lines = describeEvent(drift(20, now)).split('\n');
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe('    … and 15 more: --json has them');
  });

  it('says of a change that it was a rollback', () => {
    const ended = (action: string) =>
      describeEvent({
        type: 'fleetwall.job.completed',
        source: '/fleetwall/hosts/web-1',
        time: now,
        data: {
          hostId: 'web-1',
          action,
          outcome: 'applied',
          ruleset: { name: 'edge', revision: 8 },
          diff: { added: 1, removed: 2, unchanged: 0, tables: [] },
          failure: null,
        },
      } as unknown as FleetEvent);
    expect(ended('rollback')).toMatch(/edge revision 8 applied by a rollback: /);
    expect(ended('apply')).toMatch(/edge revision 8 applied: /);
  });

  it('has its day where that is not today', () => {
    expect(describeEvent(drift(1, now))).toMatch(/^\d\d:\d\d:\d\d {2}web-1 /);
    expect(describeEvent(drift(1, '2026-01-02T03:04:05.000Z'))).toMatch(/^2026-01-02 03:04:05 {2}web-1 /);
  });
});
