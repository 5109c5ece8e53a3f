import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/broker/publish/outbox.ts';
import type { FleetEvent } from '../../src/contract/event.ts';
import type { KeptEvent, OutboxStore } from '../../src/job/ports/stores.ts';
import { silentLog } from '../../src/log/logger.ts';

const worker = { version: '0', backend: 'nft', iptables: '1.8.9', kernel: '6', bootId: 'b' } as const;

function driftEvent(number: number): FleetEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/fleetwall/hosts/web-1',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    type: 'fleetwall.drift.detected',
    data: {
      hostId: 'web-1',
      worker,
      ruleset: { name: 'edge', revision: number },
      diff: { added: 0, removed: 0, unchanged: 0, tables: [] },
      by: null,
    },
  };
}

/** A broker that takes events once it is ready, and a disk in memory. */
function outbox() {
  const broker = {
    isReady: false,
    taken: [] as FleetEvent[],
    async send(event: FleetEvent) {
      broker.taken.push(event);
    },
  };
  const disk = new Map<number, KeptEvent>();
  const store: OutboxStore = {
    list: async () => [...disk.values()].toSorted((a, b) => a.sequence - b.sequence),
    put: async (event) => void disk.set(event.sequence, event),
    remove: async ({ sequence }) => void disk.delete(sequence),
  };
  const open = () => new Outbox({ sender: broker, store, onConfirmed: () => {}, log: silentLog() });
  return { broker, disk, open };
}

const revisions = (events: readonly FleetEvent[]) =>
  events.map((event) => (event.type === 'fleetwall.drift.detected' ? event.data.ruleset.revision : null));

describe('the outbox', () => {
  it('sends the events that an earlier process has left first, and removes them from the disk', async () => {
    const { broker, disk, open } = outbox();
    const first = open();
    for (const number of [1, 2])
      await expect(first.publish(driftEvent(number))).rejects.toThrow('no connection');
    const second = open();
    await second.load();
    await expect(second.publish(driftEvent(3))).rejects.toThrow('no connection');
    broker.isReady = true;
    second.flush();
    await expect.poll(() => second.size).toBe(0);
    expect(revisions(broker.taken)).toEqual([1, 2, 3]);
    expect(disk.size).toBe(0);
  });

  it('keeps the newest ten thousand events, and drops older ones', async () => {
    const { broker, disk, open } = outbox();
    const box = open();
    for (let number = 1; number <= 10_005; number += 1) await box.publish(driftEvent(number)).catch(() => {});
    expect(disk.size).toBe(10_000);
    broker.isReady = true;
    box.flush();
    await expect.poll(() => box.size).toBe(0);
    expect(revisions(broker.taken)[0]).toBe(6);
    expect(broker.taken).toHaveLength(10_000);
  });

  it('does not keep the events of a worker about its own life', async () => {
    const { disk, open } = outbox();
    const box = open();
    const { data: _, ...envelope } = driftEvent(1);
    const data = { hostId: 'web-1', worker, groups: [], rulesets: [], pending: null };
    const beat = { ...envelope, type: 'fleetwall.worker.heartbeat', data } as FleetEvent;
    await expect(box.publish(beat)).rejects.toThrow('no connection');
    expect(box.size).toBe(0);
    expect(disk.size).toBe(0);
  });
});
