import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../../src/broker/publish/publish-channel.ts';
import { ask } from '../../src/central/ask/ask.ts';
import { isOfJob } from '../../src/central/ask/of-job.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { toHosts } from '../../src/central/messages/addressed-message.ts';
import { prepareJob } from '../../src/central/messages/messages.ts';
import { RolloutState } from '../../src/central/rollout/rollout-state.ts';
import type { FleetEvent, JobCompleted } from '../../src/contract/events/event.ts';
import type { RolloutEvent, RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import { EVENTS_EXCHANGE, eventKey } from '../../src/contract/words/names.ts';
import { jobEventOf } from '../support/example-events.ts';
import { recordOf } from '../support/imagined-rollout.ts';

const RULESET = { name: 'edge', revision: 7, ipv4: '*filter\nCOMMIT\n' };

/** The end of a job under this id that is not the one which was sent. */
function endOf(
  id: string,
  action: JobCompleted['action'],
  end: string,
  more: Partial<JobCompleted> = {},
): FleetEvent {
  const event = jobEventOf('host-1', { id, action: action ?? 'apply' }, end);
  return { ...event, data: { ...event.data, action, ...more } } as FleetEvent;
}
const other = (name: string, revision: number): Partial<JobCompleted> => ({
  ruleset: { name, revision, digest: null, liveRevision: null, liveDigest: null },
});
/** What a host refuses that nobody has signed, as it tells it. */
const REFUSED: Partial<JobCompleted> = {
  authenticated: false,
  ruleset: null,
  failure: {
    code: 'unauthenticated',
    stage: 'authorise',
    retryable: false,
    message: 'nobody has signed it',
    command: null,
    exitCode: null,
    stderr: null,
    lines: [],
  } as never,
};

const OTHERS: [string, (id: string) => FleetEvent][] = [
  ['a report', (id) => endOf(id, 'report', 'reported', { ruleset: null })],
  ['a check', (id) => endOf(id, 'check', 'checked')],
  ['a removal', (id) => endOf(id, 'remove', 'removed')],
  ['another ruleset', (id) => endOf(id, 'apply', 'applied', other('office', 7))],
  ['another revision', (id) => endOf(id, 'apply', 'applied', other('edge', 6))],
  [
    'other bytes, which are refused',
    (id) => endOf(id, null, 'rejected', { ...REFUSED, messageDigest: `sha256:${'a'.repeat(64)}` }),
  ],
];

describe('in a rollout, the end of something else under the id of its job', () => {
  let record: RolloutStarted;
  let state: RolloutState;
  let id: string;

  const begin = (step: number, hosts: string[]) => {
    const data = { rolloutId: record.rolloutId, step, hosts };
    state.take({ id: `step-${step}`, type: 'fleetwall.rollout.step', data } as RolloutEvent, 0);
  };
  const end = () => state.hosts.get('host-1')?.end;

  beforeEach(async () => {
    const budgets = { failed: 0, rolledBack: 0, silent: 0 };
    const plan = {
      fates: [],
      steps: [1],
      budgets,
      onFailure: 'rollback' as const,
      soakSeconds: 0,
      lives: [],
    };
    record = await recordOf(plan, ['host-0', 'host-1']);
    state = new RolloutState(record);
    id = record.jobs[0]?.jobId ?? '';
    begin(0, ['host-0']);
  });

  it.each(OTHERS)('is not that of a host, before its turn and after: %s', (_, event) => {
    state.take(event(id), 0);
    expect(end()).toBeNull();
    begin(1, ['host-1']);
    state.take(event(id), 0);
    expect(end()).toBeNull();
    state.take(endOf(id, 'apply', 'applied'), 0);
    expect(end()).toBe('applied');
  });

  it('is not that of a host whose turn has not come, what it refuses unread included', () => {
    state.take(endOf(id, null, 'rejected', REFUSED), 0);
    state.take(endOf(id, 'apply', 'applied'), 0);
    expect(end()).toBeNull();
    // Afterwards it may be the job itself that the host does not trust.
    begin(1, ['host-1']);
    state.take(endOf(id, null, 'rejected', REFUSED), 0);
    expect(end()).toBe('rejected');
  });

  it('is not that of a host that is taken back', () => {
    begin(1, ['host-1']);
    state.take(endOf(id, 'apply', 'applied'), 0);
    const back = record.takeBack?.rollback.jobId ?? '';
    state.take(endOf(back, 'report', 'reported', { ruleset: null }), 0);
    expect(state.hosts.get('host-1')?.takenBack).toBeNull();
    state.take(endOf(back, 'rollback', 'applied', other('edge', 8)), 0);
    expect(state.hosts.get('host-1')?.takenBack).toBe('applied');
  });
});

it('in a push, the refusal of what was sent is its end', async () => {
  const message = await prepareJob({ action: 'apply', target: { hosts: ['host-1'] }, ruleset: RULESET }, []);
  const digest = `sha256:${createHash('sha256').update(message.body).digest('hex')}`;
  const refusal = { ...REFUSED, messageDigest: digest };
  expect(isOfJob(endOf(message.jobId, null, 'rejected', refusal), message.asks ?? { action: 'apply' })).toBe(
    true,
  );
});

it('in a change of a list, the end of another list under the id of its job is no answer', async () => {
  const list = { name: 'critical', revision: 1, entries: [] };
  const message = await prepareJob({ action: 'list.replace', target: { hosts: ['host-1'] }, list }, []);
  const ended = (name: string) =>
    endOf(message.jobId, 'list.replace', 'applied', { ruleset: null, list: { name } as never });
  const asks = message.asks ?? { action: 'list.replace' };
  expect(isOfJob(ended('critical'), asks)).toBe(true);
  expect(isOfJob(ended('blocked'), asks)).toBe(false);
});

describe('in a push, the end of something else under the id of its job', () => {
  it.each(OTHERS)('is no answer: %s', async (_, event) => {
    const message = await prepareJob(
      { action: 'apply', target: { hosts: ['host-1'] }, ruleset: RULESET },
      [],
    );
    let hear: (message: object) => void = () => {};
    const say = (said: FleetEvent) =>
      hear({
        exchange: EVENTS_EXCHANGE,
        key: eventKey('host-1', said.type, 'applied'),
        body: Buffer.from(JSON.stringify(said)),
        contentType: 'application/cloudevents+json',
        offset: 1,
      });
    const link = {
      read: async (_start: unknown, onMessage: typeof hear) => {
        hear = onMessage;
        return async () => {};
      },
      publish: async ({ exchange, key, body, contentType }: OutgoingMessage) => {
        if (key.startsWith('marker.')) hear({ exchange, key, body, contentType, offset: 2 });
        else say(event(message.jobId));
        return 'routed';
      },
    };
    const reader = new EventReader(undefined);
    const answers = await ask(link as never, [toHosts(message, ['host-1'])], { reader, timeoutMs: 50 });
    expect(answers.get('host-1')).toEqual({ end: 'silent', result: null });
  });
});
