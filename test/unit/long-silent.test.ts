import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../src/broker/stream-source.ts';
import { EventReader } from '../../src/central/log/event-reader.ts';
import { FleetState } from '../../src/central/log/fleet-state.ts';
import { findLongSilent } from '../../src/central/log/long-silent.ts';
import { EVENTS_EXCHANGE, eventKey, hostJobsQueue } from '../../src/contract/words/names.ts';
import { workerEventOf } from '../support/example-events.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.parse('2026-11-26T12:00:00Z');
const MARK = 'marker.end';

type Kind = 'fleetwall.worker.heartbeat' | 'fleetwall.worker.offline';

function message(hostId: string, atMs: number, type: Kind = 'fleetwall.worker.heartbeat') {
  const event = { ...workerEventOf(hostId, [], type), time: new Date(atMs).toISOString() };
  const body = Buffer.from(JSON.stringify(event));
  const common = { exchange: EVENTS_EXCHANGE, user: undefined, contentType: undefined, offset: null };
  return { atMs, incoming: { ...common, key: eventKey(hostId, type), body } satisfies IncomingMessage };
}

/** A host that beats every 30 s in this time. */
function alive(hostId: string, fromMs: number, untilMs: number) {
  const count = Math.floor((untilMs - fromMs) / (30 * SECOND));
  return Array.from({ length: count }, (_, index) => message(hostId, fromMs + index * 30 * SECOND));
}

/** A log that is read as the broker gives it: from the wanted time on, message by message, until it is left. */
function logOf(messages: ReturnType<typeof message>[], gone: readonly string[] = []) {
  const sorted = messages.toSorted((one, other) => one.atMs - other.atMs);
  const counts = { read: 0, open: 0 };
  const link = {
    async read(start: unknown, onMessage: (incoming: IncomingMessage) => void) {
      const { since } = start as { since: Date };
      let isLeft = false;
      counts.open += 1;
      // The first come before the caller knows how to leave.
      const from = sorted.findIndex(({ atMs }) => atMs >= since.getTime());
      const rest = from < 0 ? [] : sorted.slice(from);
      const [first] = rest;
      if (first !== undefined) onMessage(first.incoming);
      void (async () => {
        for (const { incoming } of rest.slice(1)) {
          await Promise.resolve();
          if (isLeft) return;
          counts.read += 1;
          onMessage(incoming);
        }
        if (!isLeft) onMessage({ ...message('none', NOW).incoming, key: MARK });
      })();
      return async () => {
        isLeft = true;
        counts.open -= 1;
      };
    },
    countIn: async (queue: string) => (gone.includes(queue) ? null : 0),
  };
  return { link, counts };
}

const options = {
  reader: new EventReader(undefined),
  marker: { is: ({ key }: { key: string }) => key === MARK },
  fromMs: NOW - 30 * DAY,
  untilMs: NOW - 10 * MINUTE,
  signal: undefined,
};

describe('hosts that have gone quiet long ago', () => {
  it('are found in a log that is not read whole, unless they have no queue any more', async () => {
    const messages = [
      ...alive('stays', NOW - 2 * DAY, NOW),
      ...alive('crashed', NOW - 9 * DAY, NOW - 5 * DAY),
      ...alive('stopped', NOW - 26 * DAY, NOW - 20 * DAY),
      message('stopped', NOW - 20 * DAY, 'fleetwall.worker.offline'),
      ...alive('forgotten', NOW - 7 * DAY, NOW - 3 * DAY),
      ...alive('an-hour', NOW - 2 * DAY, NOW - 60 * MINUTE),
    ];
    const { link, counts } = logOf(messages, [hostJobsQueue('forgotten')]);
    const fleet = new FleetState();
    fleet.take(workerEventOf('stays', [], 'fleetwall.worker.heartbeat'));
    await findLongSilent(link, fleet, options);
    expect([...fleet.hosts.keys()].toSorted()).toEqual(['an-hour', 'crashed', 'stays', 'stopped']);
    const presences = [...fleet.hosts.values()].map(({ hostId, presence }) => [hostId, presence]);
    expect(Object.fromEntries(presences)).toMatchObject({
      stays: 'online',
      crashed: 'silent',
      'an-hour': 'silent',
    });
    expect(counts.open).toBe(0);
    expect(messages.length).toBeGreaterThan(40_000);
    expect(counts.read).toBeLessThan(4_000);
  });

  it('are found, and nothing is left open, where the log is younger than what is looked for', async () => {
    const { link, counts } = logOf([...alive('young', NOW - DAY, NOW - 20 * MINUTE)]);
    const fleet = new FleetState();
    await findLongSilent(link, fleet, options);
    expect([...fleet.hosts.keys()]).toEqual(['young']);
    expect(counts.open).toBe(0);
  });
});
