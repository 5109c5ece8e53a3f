import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetClient } from '../../src/central/fleet-client.ts';
import { SimulatedHost } from './simulated-host.ts';

/** How many hosts begin to connect at the same time. */
const TOGETHER = 25;
const PAUSE_MS = 200;
const PATIENCE_MS = 120_000;
/** The more queues a broker has, the longer it takes for one more. */
const PATIENCE_A_HOST_MS = 300;

interface FleetHost {
  readonly id: string;
  start(): void;
  stop(): Promise<void>;
}

interface HostOptions {
  brokerUrl: string;
  folder: string;
  groups: string[];
  queueType: 'quorum' | 'classic';
}

type MakeHost<T extends FleetHost> = (id: string, options: HostOptions) => T;

/** Many hosts in this process. By default real workers with real connections, but simulated rules. */
export class SimulatedFleet<T extends FleetHost = SimulatedHost> {
  readonly group: string;
  readonly hosts: T[];
  readonly #folder: string;

  private constructor(group: string, hosts: T[], folder: string) {
    this.group = group;
    this.hosts = hosts;
    this.#folder = folder;
  }

  /** Resolves once all hosts are online. */
  static async start(client: FleetClient, brokerUrl: string, count: number): Promise<SimulatedFleet> {
    const make = (id: string, options: HostOptions) => new SimulatedHost(id, options);
    return await SimulatedFleet.of(make, client, { brokerUrl, count, queueType: 'classic' });
  }

  /** A fleet of other hosts. */
  static async of<T extends FleetHost>(
    make: MakeHost<T>,
    client: FleetClient,
    {
      brokerUrl,
      count,
      queueType,
      provision = async () => {},
    }: Pick<HostOptions, 'brokerUrl' | 'queueType'> & {
      count: number;
      /** Makes what the hosts need on the broker before they start. */
      provision?: (hostIds: readonly string[], group: string) => Promise<void>;
    },
  ): Promise<SimulatedFleet<T>> {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-simulated-'));
    const group = `sim-${Math.random().toString(36).slice(2, 8)}`;
    const hosts = Array.from({ length: count }, (_, index) =>
      make(`${group}-${index}`, { brokerUrl, folder, groups: [group], queueType }),
    );
    await provision(
      hosts.map(({ id }) => id),
      group,
    );
    for (let from = 0; from < count; from += TOGETHER) {
      for (const host of hosts.slice(from, from + TOGETHER)) host.start();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    const fleet = new SimulatedFleet(group, hosts, folder);
    await fleet.#untilOnline(client);
    return fleet;
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map(async (host) => await host.stop()));
    await rm(this.#folder, { recursive: true, maxRetries: 5 });
  }

  /** By their events alone: to ask a fleet that is being made keeps its broker from making it. */
  async #untilOnline(client: FleetClient): Promise<void> {
    const waiting = new Set(this.hosts.map(({ id }) => id));
    const signal = AbortSignal.timeout(PATIENCE_MS + this.hosts.length * PATIENCE_A_HOST_MS);
    for await (const event of client.events({ from: 'first', signal })) {
      if (event.type === 'fleetwall.worker.online') waiting.delete(event.data.hostId);
      if (waiting.size === 0) return;
    }
    throw new Error(`${this.hosts.length - waiting.size} of ${this.hosts.length} hosts are there`);
  }
}
