import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Outbox } from '../../src/broker/publish/outbox.ts';
import { NotEncodable } from '../../src/broker/publish/publish-failed.ts';
import type { FleetEvent } from '../../src/contract/events/event.ts';
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

const job = {
  jobId: randomUUID(),
  hostId: 'web-1',
  worker,
  action: 'apply',
  rolloutId: null,
  ruleset: null,
};

function jobEvent(name: 'started' | 'awaiting_confirmation' | 'completed' | 'undone'): FleetEvent {
  const type = `fleetwall.job.${name}`;
  const { data: _, ...envelope } = driftEvent(1);
  return { ...envelope, id: randomUUID(), type, subject: job.jobId, data: job } as unknown as FleetEvent;
}

/** A broker that takes events once it is ready, and a disk in memory. */
function outbox() {
  const broker = {
    isReady: false,
    taken: [] as FleetEvent[],
    refuse: (_event: FleetEvent) => {},
    async send(event: FleetEvent) {
      broker.refuse(event);
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
  events.map((event) => (event.type === 'fleetwall.drift.detected' ? event.data.ruleset?.revision : null));

describe('the outbox', () => {
  it('drops an event of which no message can be made, and sends those behind it', async () => {
    const { broker, disk, open } = outbox();
    const bad = driftEvent(1);
    broker.refuse = (event) => {
      if (event.id === bad.id) throw new NotEncodable('no message can be made of it');
    };
    const first = open();
    for (const event of [bad, ...Array.from({ length: 150 }, (_, index) => driftEvent(index + 2))])
      await expect(first.publish(event)).rejects.toThrow('no connection');
    await first.stop();
    const second = open();
    await second.load();
    const told = second.confirmed(bad.id);
    broker.isReady = true;
    second.flush();
    await told;
    await expect.poll(() => second.size).toBe(0);
    expect(revisions(broker.taken)).toEqual(Array.from({ length: 150 }, (_, index) => index + 2));
    expect(disk.size).toBe(0);
    expect(second.unconfirmed).toBe(0);
    // Whoever publishes it goes on with what comes next.
    await second.publish(bad);
    expect(second.size).toBe(0);
  });

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

  it('sends the end of a job although what came before is not confirmed, which is not sent after it', async () => {
    const { broker, disk, open } = outbox();
    const box = open();
    broker.isReady = true;
    const confirms: (() => void)[] = [];
    broker.send = async (event) => {
      broker.taken.push(event);
      await new Promise<void>((resolve, reject) =>
        confirms.push(event.type === 'fleetwall.job.started' ? () => reject(new Error('no')) : resolve),
      );
    };
    const started = box.publish(jobEvent('started'));
    const completed = box.publish(jobEvent('completed'));
    expect(broker.taken.map(({ type }) => type)).toEqual([
      'fleetwall.job.started',
      'fleetwall.job.completed',
    ]);
    confirms[0]?.();
    await expect(started).rejects.toThrow('no');
    expect(disk.size).toBe(1);
    confirms[1]?.();
    await completed;
    await expect.poll(() => disk.size).toBe(0);
    expect(box.size).toBe(0);
  });

  it('sends a late undo although the end of its job, published again, is confirmed before it', async () => {
    const { broker, disk, open } = outbox();
    const box = open();
    for (const name of ['started', 'awaiting_confirmation', 'undone'] as const)
      await expect(box.publish(jobEvent(name))).rejects.toThrow('no connection');
    broker.isReady = true;
    await box.publish(jobEvent('completed'));
    expect([...disk.values()].map(({ event }) => event.type)).toEqual(['fleetwall.job.undone']);
    box.flush();
    await expect.poll(() => box.size).toBe(0);
    expect(broker.taken.map(({ type }) => type)).toEqual(['fleetwall.job.completed', 'fleetwall.job.undone']);
    expect(disk.size).toBe(0);
  });

  it('asks a broker that says no with pauses that grow, up to half a minute', async () => {
    vi.useFakeTimers();
    try {
      const { broker, open } = outbox();
      broker.isReady = true;
      broker.send = async (event) => {
        broker.taken.push(event);
        throw new Error('no');
      };
      const box = open();
      await box.publish(driftEvent(1)).catch(() => {});
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      // 0.5 s, 1 s, 2 s, … 30 s, and then each half a minute, give or take a quarter.
      expect(broker.taken.length).toBeGreaterThan(15);
      expect(broker.taken.length).toBeLessThan(40);
    } finally {
      vi.useRealTimers();
    }
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
