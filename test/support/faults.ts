import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { EVENTS_EXCHANGE, hostJobsQueue } from '../../src/contract/words/names.ts';
import type { FaultFleet } from './fault-fleet.ts';
import type { ProxyMode } from './fault-proxy.ts';

export interface Fault {
  what: string;
  /** The fault always takes more than half a minute. */
  isLong?: true;
  harm: (fleet: FaultFleet) => Promise<void>;
}

async function withChannel(
  { broker }: FaultFleet,
  work: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>) => Promise<void>,
): Promise<void> {
  const connection = await connect(broker.url);
  await work(await connection.createChannel());
  await connection.close();
}

function misbehaving(mode: ProxyMode, ms: number): Fault['harm'] {
  return async ({ proxy }) => {
    proxy.mode = mode;
    await sleep(ms);
    proxy.mode = 'pass';
  };
}

/** Faults of a broker, and of the connection to it. */
export const FAULTS: readonly Fault[] = [
  { what: 'nothing', harm: async () => {} },
  {
    what: 'broker killed and restarted',
    harm: async ({ broker }) => {
      await broker.kill();
      await broker.restart();
    },
  },
  {
    what: 'broker stopped for a minute',
    isLong: true,
    harm: async ({ broker }) => {
      await broker.kill();
      await sleep(60_000);
      await broker.restart();
    },
  },
  {
    what: 'broker paused for 5 s',
    harm: async ({ broker }) => {
      broker.signal('SIGSTOP');
      await sleep(5_000);
      broker.signal('SIGCONT');
    },
  },
  {
    what: 'broker paused for 40 s',
    isLong: true,
    harm: async ({ broker }) => {
      broker.signal('SIGSTOP');
      await sleep(40_000);
      broker.signal('SIGCONT');
    },
  },
  {
    what: 'memory alarm for some seconds',
    harm: async ({ broker }) => {
      await broker.ctl('set_vm_memory_high_watermark', '0.00001');
      await sleep(3_000);
      await broker.ctl('set_vm_memory_high_watermark', '0.4');
    },
  },
  {
    what: 'disk alarm for some seconds',
    harm: async ({ broker }) => {
      await broker.ctl('set_disk_free_limit', '999999GB');
      await sleep(3_000);
      await broker.ctl('set_disk_free_limit', '50MB');
    },
  },
  {
    what: "a host's queue deleted",
    harm: async (fleet) =>
      await withChannel(fleet, async (channel) => {
        await channel.deleteQueue(hostJobsQueue(fleet.hosts[0]?.id ?? ''));
      }),
  },
  {
    what: 'events exchange deleted',
    harm: async (fleet) =>
      await withChannel(fleet, async (channel) => {
        await channel.deleteExchange(EVENTS_EXCHANGE);
      }),
  },
  {
    what: 'all connections closed by an admin',
    harm: async ({ broker }) => void (await broker.ctl('close_all_connections', 'maintenance')),
  },
  { what: 'network cuts frames in half', harm: misbehaving('cut', 3_000) },
  { what: 'network slow', harm: misbehaving('slow', 5_000) },
  { what: 'network silent', isLong: true, harm: misbehaving('silent', 50_000) },
  { what: 'network silent towards the broker', isLong: true, harm: misbehaving('silent-up', 50_000) },
  { what: 'network silent towards the host', isLong: true, harm: misbehaving('silent-down', 50_000) },
];
