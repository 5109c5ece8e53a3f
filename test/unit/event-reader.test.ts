import { describe, expect, it } from 'vitest';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { EVENTS_EXCHANGE } from '../../src/contract/words/names.ts';

const HEARTBEAT = {
  specversion: '1.0',
  id: 'a',
  source: '/fleetwall/hosts/web-1',
  time: '2026-11-24T10:00:00Z',
  datacontenttype: 'application/json',
  type: 'fleetwall.worker.heartbeat',
  data: {
    hostId: 'web-1',
    worker: { version: '1.0.0', backend: 'nft', iptables: '1.8.9', kernel: '6.1', bootId: 'b' },
    groups: [],
    rulesets: [],
    pending: null,
  },
};

const COMPLETED_KEY = 'web-1.job.completed.failed';
const COMPLETED = { ...COMPLETED_EXAMPLE, source: HEARTBEAT.source };

/** What a client makes of an event, and the keys of those that it has dropped. */
function read(
  values: object,
  { key = 'web-1.worker.heartbeat', user }: { key?: string; user?: string } = {},
) {
  const reader = new EventReader('operator');
  const body = Buffer.from(JSON.stringify(values));
  const common = { exchange: EVENTS_EXCHANGE, contentType: undefined, offset: null };
  const event = reader.read({ ...common, key, user, body });
  return { event, dropped: reader.unbelieved };
}

const heard = (values: object) => read(values).event;

describe('a client', () => {
  it('reads the events of a newer worker, without the fields that it does not know', () => {
    const newer = {
      ...HEARTBEAT,
      later: 1,
      data: { ...HEARTBEAT.data, mood: 'good', worker: { ...HEARTBEAT.data.worker, arch: 'arm64' } },
    };
    expect(heard(newer)).toEqual(heard(HEARTBEAT));
    expect(heard(HEARTBEAT)).toMatchObject(HEARTBEAT);
  });

  it('shows control characters in the texts of an event escaped', () => {
    const failure = { ...COMPLETED.data.failure, message: 'one\u001b[31m\u009b2J\u202e\ntwo' };
    const { event } = read({ ...COMPLETED, data: { ...COMPLETED.data, failure } }, { key: COMPLETED_KEY });
    expect(event).toMatchObject({ data: { failure: { message: 'one\\x1b[31m\\x9b2J\\u202e\ntwo' } } });
  });

  it('passes over events of a type that it does not know', () => {
    expect(heard({ ...HEARTBEAT, type: 'fleetwall.worker.dreams' })).toBeNull();
  });

  it('reads the end of a job from whom the broker knows as the host, or as the user that all share', () => {
    for (const user of [undefined, 'web-1', 'operator']) {
      const options = { key: COMPLETED_KEY, ...(user === undefined ? {} : { user }) };
      expect(read(COMPLETED, options)).toMatchObject({ event: { type: COMPLETED.type }, dropped: [] });
    }
  });

  it.each<[string, object, { key?: string; user?: string }]>([
    ['the name of another host in its source', { ...COMPLETED, source: '/fleetwall/hosts/web-2' }, {}],
    [
      'the name of another host in its data',
      { ...COMPLETED, data: { ...COMPLETED.data, hostId: 'web-2' } },
      {},
    ],
    ['two jobs', { ...COMPLETED, subject: 'another job' }, {}],
    ['the key of another host', COMPLETED, { key: 'web-2.job.completed.failed' }],
    ['the key of another outcome', COMPLETED, { key: 'web-1.job.completed.applied' }],
    ['the key of another type', COMPLETED, { key: 'web-1.job.started' }],
    ['another publisher', COMPLETED, { user: 'web-2' }],
    ['more than an event may have', { ...COMPLETED, later: 'x'.repeat(64 * 1024) }, {}],
  ])('drops an event with %s', (_, values, options) => {
    const key = options.key ?? COMPLETED_KEY;
    expect(read(values, { key, ...options })).toEqual({ event: null, dropped: [key] });
  });
});
