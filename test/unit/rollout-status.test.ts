import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostState } from '../../src/central/log/fleet-state.ts';
import { planRollout } from '../../src/central/rollout/plan-rollout.ts';
import { RolloutState } from '../../src/central/rollout/rollout-state.ts';
import { statusOfRollout } from '../../src/cli/show/report-answers.ts';
import { RolloutReport } from '../../src/cli/show/report-rollout.ts';
import { showGate } from '../../src/cli/show/show-gate.ts';
import { showRollout, tellRollout } from '../../src/cli/show/tell-rollout.ts';
import { troublesOf } from '../../src/cli/show/tell-troubles.ts';
import type { FailedLine, Failure } from '../../src/contract/events/failure.ts';
import type { HostEnd } from '../../src/contract/rollouts/rollout-events.ts';

const RULESET = { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n' };

function failureOf(line: number, reason: string, message: string): Failure {
  const place = { family: 'ipv4' as const, table: 'filter', chain: 'edge', reportedLine: line, context: [] };
  const failed: FailedLine = { ...place, line, text: '-A edge -m geoip', reason, confidence: 'verified' };
  const rest = { command: 'iptables-restore', exitCode: 2, stderr: message };
  return {
    code: 'module_missing',
    stage: 'rehearse',
    retryable: false,
    message,
    lines: [failed],
    ...rest,
  };
}

describe('what is told of a rollout', () => {
  let state: RolloutState;

  beforeEach(async () => {
    const nobody = { fleet: async () => ({ hosts: new Map<string, HostState>() }) };
    const hosts = Array.from({ length: 6 }, (_, index) => `web-${index + 1}`);
    const steps = [{ count: 1 }, { count: 4 }, { percent: 100 }];
    const plan = { ruleset: RULESET, whom: { hosts }, steps, onFailure: 'rollback' as const };
    state = new RolloutState(await planRollout(nobody, plan, []));
  });
  const set = (host: string, progress: object) => void Object.assign(state.hosts.get(host) ?? {}, progress);

  it('has hosts that failed at the same line for the same reason together, whatever else they say', () => {
    set('web-1', { step: 0, end: 'failed', failure: failureOf(17, 'module missing', 'kernel 6.1.0-1') });
    set('web-2', { step: 1, end: 'failed', failure: failureOf(17, 'module missing', 'kernel 6.1.0-2') });
    set('web-3', { step: 1, end: 'failed', failure: failureOf(18, 'module missing', 'kernel 6.1.0-1') });
    set('web-4', { step: 1, end: 'failed', failure: failureOf(17, 'no such chain', 'kernel 6.1.0-1') });
    expect(tellRollout(state, true).failures.map(({ hosts }) => hosts)).toEqual([
      ['web-1', 'web-2'],
      ['web-3'],
      ['web-4'],
    ]);
  });

  it('has each step with its hosts', () => {
    state.step = 1;
    set('web-1', { step: 0, end: 'applied' });
    for (const host of ['web-2', 'web-3', 'web-4']) set(host, { step: 1, sentAt: Date.now() });
    const told = tellRollout(state, true);
    expect(told.plan).toEqual([
      { step: 1, status: 'done', hosts: ['web-1'] },
      { step: 2, status: 'running', hosts: ['web-2', 'web-3', 'web-4'] },
      { step: 3, status: 'not_started', hosts: ['web-5', 'web-6'] },
    ]);
    expect(showRollout(told, state).map(stripVTControlCharacters)).toContain(
      'step 2  running  web-2, web-3, web-4',
    );
  });

  it('waits for its first step until that has begun, and for no soak', () => {
    expect(tellRollout(state, true).waitsFor).toBe('its process to begin the first step');
    state.step = 0;
    set('web-1', { step: 0, end: 'applied' });
    expect(tellRollout(state, true).waitsFor).toBe('its soak of 0 s after step 1');
  });

  it('names hosts that were not taken back last: with why, or that they gave no answer', () => {
    set('web-1', { step: 0, end: 'applied', takenBack: 'applied' });
    const takeBackFailure = {
      ...failureOf(1, '', 'revision 9 is live'),
      lines: [],
      code: 'revision_conflict',
    };
    set('web-2', { step: 1, end: 'applied', takenBack: 'failed', takeBackFailure });
    set('web-3', { step: 1, end: 'applied' });
    set('web-4', { step: 1, end: 'failed' });
    set('web-5', { step: 2, end: 'applied', takenBack: 'failed' });
    const ends: Record<string, HostEnd> = { 'web-1': 'rolled_back', 'web-2': 'applied', 'web-3': 'applied' };
    const { rolloutId } = state.record;
    state.ended = { rolloutId, status: 'stopped', reason: 'so it is', hosts: { ...ends, 'web-4': 'failed' } };
    const told = tellRollout(state, false);
    expect(told.notTakenBack.map(({ hosts }) => hosts)).toEqual([['web-2'], ['web-5'], ['web-3']]);
    expect(showRollout(told, state).slice(-3).map(stripVTControlCharacters)).toEqual([
      'NOT TAKEN BACK from edge revision 7: web-2  revision 9 is live (revision_conflict)',
      'NOT TAKEN BACK from edge revision 7: web-5  the job that takes it back was not run: it has expired, was cancelled, or gave way to a newer one',
      'NOT TAKEN BACK from edge revision 7: web-3  no answer to the job that takes it back, which waits for them',
    ]);
  });

  it.each([
    [{ takenBack: 'applied' }, 0],
    [{ takenBack: null }, 4],
    [{ takenBack: 'nothing_before' }, 4],
    [{ takenBack: 'failed' }, 1],
    [{ takenBack: 'failed', takeBackFailure: failureOf(1, 'so', '') }, 1],
  ] as const)('has not ended well where it was not taken back: %j', (progress, status) => {
    set('web-1', { step: 0, end: 'applied', ...progress });
    const { rolloutId } = state.record;
    state.ended = { rolloutId, status: 'aborted', reason: null, hosts: { 'web-1': 'applied' } };
    expect(new RolloutReport(true, null, state).statusOfTakingBack).toBe(status);
  });

  it('counts a host whose ruleset has ended by itself as failed, in a rollout that is watched', () => {
    const event = (data: object) => {
      const source = '/fleetwall/hosts/web-1';
      const head = { specversion: '1.0', id: 'x', source, time: '2026-11-26T10:00:00.000Z' };
      return { ...head, type: 'fleetwall.ruleset.ended', data: { hostId: 'web-1', ...data } } as never;
    };
    const watched = new RolloutState({ ...state.record, soakSeconds: 60 });
    Object.assign(watched.hosts.get('web-1') ?? {}, { step: 0, end: 'applied' });
    const ended = (name: string, ok: boolean) => event({ ruleset: { name, revision: 7 }, ok });
    for (const other of [ended('other', true), ended('edge', false)]) watched.take(other, 0);
    expect(watched.hosts.get('web-1')?.spoiled).toBeNull();
    watched.take(ended('edge', true), 0);
    expect(watched.hosts.get('web-1')?.spoiled).toBe('went back by itself');
  });

  it('has how a gate was found over time', () => {
    const look = (second: number, verdict: 'pass' | 'fail' | 'inconclusive', value: string | null) => {
      const at = `2026-11-26T10:00:0${second}.000Z`;
      return { name: 'rate', verdict, value, wanted: 'below 5', reason: `${value}, of below 5`, at };
    };
    const looks = [
      look(1, 'pass', '1'),
      look(2, 'pass', '1'),
      look(3, 'inconclusive', null),
      look(4, 'fail', '6'),
    ];
    expect(showGate(looks).map(stripVTControlCharacters)).toEqual([
      'gate "rate": fail, 6, of below 5',
      '    10:00:01 pass 1 (2 looks), 10:00:03 inconclusive nothing, 10:00:04 fail 6',
    ]);
  });

  it.each([
    ['completed', null, { a: 'applied' }, 0],
    ['stopped', 'gate "g" failed', { a: 'applied' }, 1],
    ['aborted', null, { a: 'applied' }, 1],
    ['completed', 'gate "g" failed', { a: 'applied' }, 1],
    ['stopped', '1 of 1 hosts silent', { a: 'silent' }, 4],
  ] as const)('%s, %s, %j: exit status %i', (status, reason, hosts, wanted) => {
    expect(statusOfRollout({ rolloutId: 'x', status, reason, hosts })).toBe(wanted);
  });
});

describe('before a rollout', () => {
  it('hosts are named that may not take it, or are not as one thinks', () => {
    const host = (hostId: string, more: Partial<HostState>): [string, HostState] => {
      const rulesets = [{ name: 'edge', revision: 6, digest: '', scope: 'chains' as const, inSync: true }];
      const plain = {
        hostId,
        groups: ['web'],
        presence: 'online',
        rulesets,
        pending: null,
        running: null,
        unready: {},
      };
      return [hostId, { ...plain, ...more } as HostState];
    };
    const fleet = new Map([
      host('web-1', {}),
      host('web-2', {}),
      host('web-3', { presence: 'offline' }),
      host('web-4', { pending: 'a job' }),
      host('web-5', { running: 'a job' }),
      host('web-6', { rulesets: [] }),
      host('db-1', { groups: ['db'] }),
    ]);
    const names = [...fleet.keys(), 'web-11', 'somewhere-else'];
    expect(troublesOf(names, fleet, { name: 'edge', groups: ['web'] })).toEqual([
      'web-11: never heard of: did you mean web-1?',
      'somewhere-else: never heard of',
      'web-3: not online now; each that stays away ends as silent: --online-only leaves it out, --max-silent allows for it',
      'web-4: another change waits to be confirmed there',
      'web-5: another job is run there now',
      'web-6: not at revision 6 of edge, which most are at',
      'db-1: not in group web',
    ]);
    expect(troublesOf(['web-1', 'web-6'], fleet, { name: 'edge', ifRevision: 6, groups: [] })).toEqual([
      'web-6: not at revision 6 of edge',
    ]);
  });
});
