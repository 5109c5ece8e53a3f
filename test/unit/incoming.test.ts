import { expect, it } from 'vitest';
import { readIncoming } from '../../src/central/fleet/incoming.ts';
import { EVENTS_EXCHANGE } from '../../src/contract/names.ts';

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

function heard(values: object) {
  const body = Buffer.from(JSON.stringify(values));
  const key = 'web-1.worker.heartbeat';
  const message = {
    exchange: EVENTS_EXCHANGE,
    key,
    user: undefined,
    body,
    contentType: undefined,
    offset: null,
  };
  return readIncoming(message, undefined)?.event ?? null;
}

it('a client reads the events of a newer worker, without the fields that it does not know', () => {
  const newer = {
    ...HEARTBEAT,
    later: 1,
    data: { ...HEARTBEAT.data, mood: 'good', worker: { ...HEARTBEAT.data.worker, arch: 'arm64' } },
  };
  expect(heard(newer)).toEqual(heard(HEARTBEAT));
  expect(heard(HEARTBEAT)).toMatchObject(HEARTBEAT);
});

it('a client passes over events of a type that it does not know', () => {
  expect(heard({ ...HEARTBEAT, type: 'fleetwall.worker.dreams' })).toBeNull();
});
