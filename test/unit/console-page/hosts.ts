import type { HeldRuleset, HostRow } from '../../../src/console/api/hosts.ts';

export function ruleset(name: string, revision: number, more: Partial<HeldRuleset> = {}): HeldRuleset {
  return { name, revision, inSync: true, until: null, liveRevision: null, ...more };
}

export function host(hostId: string, more: Partial<HostRow> = {}): HostRow {
  return {
    hostId,
    presence: 'online',
    groups: ['web'],
    rulesets: [ruleset('edge', 7)],
    lists: [],
    isCut: false,
    unready: {},
    backend: 'nft',
    version: '0.1.0',
    iptables: '1.8.9',
    kernel: '6.1.0',
    lastSeen: '2026-11-22T10:00:00.000Z',
    pending: null,
    running: null,
    lastFailure: null,
    ...more,
  };
}

export function idsOf(hosts: readonly HostRow[]): string[] {
  return hosts.map(({ hostId }) => hostId);
}
