import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { FleetClient } from '../../src/central/fleet-client.ts';
import { DEAD_QUEUE, hostControlQueue } from '../../src/contract/words/names.ts';
import { RabbitmqCluster } from './cluster.ts';
import type { RabbitmqOptions } from './rabbitmq.ts';
import { SimulatedHost } from './simulated-host.ts';

const PATIENCE_MS = 60_000;
/** As workers have it by default: by what is not confirmed of it they find out that their node is cut off. */
const HEARTBEAT_SECONDS = 30;

export interface ClusterFleetOptions {
  hosts: number;
  queueType: 'quorum' | 'classic';
  /** Made before, as the first version of fleetwall did it: control queues and dead letters are classic, and live on the first node. */
  older?: boolean;
  broker?: RabbitmqOptions;
  /** As of {@link RabbitmqCluster.start}. */
  firstUid?: number;
}

/** A fleet whose broker is a cluster of three nodes. Its hosts are simulated; all between them and the broker is real. */
export class ClusterFleet {
  readonly cluster: RabbitmqCluster;
  readonly hosts: readonly SimulatedHost[];
  readonly client: FleetClient;
  readonly #folder: string;

  private constructor(
    cluster: RabbitmqCluster,
    hosts: readonly SimulatedHost[],
    client: FleetClient,
    folder: string,
  ) {
    this.cluster = cluster;
    this.hosts = hosts;
    this.client = client;
    this.#folder = folder;
  }

  static async start({
    hosts: count,
    queueType,
    older = false,
    broker,
    firstUid,
  }: ClusterFleetOptions): Promise<ClusterFleet> {
    const cluster = await RabbitmqCluster.start(3, broker, firstUid);
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-cluster-fleet-'));
    const ids = Array.from({ length: count }, (_, index) => `host-${index + 1}`);
    if (older) await makeOlderQueues(cluster.nodes[0]?.url ?? '', ids);
    const hosts = ids.map(
      (id) =>
        new SimulatedHost(id, {
          brokerUrl: cluster.url,
          folder,
          groups: ['web'],
          queueType,
          heartbeatSeconds: HEARTBEAT_SECONDS,
        }),
    );
    for (const host of hosts) host.start();
    const client = await FleetClient.connect({ url: cluster.url });
    const fleet = new ClusterFleet(cluster, hosts, client, folder);
    await fleet.#untilOnline();
    return fleet;
  }

  /** Applies a ruleset on each host. @returns the outcomes by host */
  async push(revision: number, timeoutSeconds: number): Promise<Record<string, string>> {
    const ipv4 = `*filter\n:edge - [0:0]\n-A edge -s 10.0.${revision}.0/24 -j DROP\nCOMMIT\n`;
    const hosts = this.hosts.map(({ id }) => id);
    const answers = await this.client.push(
      { name: 'edge', revision, ipv4 },
      { hosts },
      { timeoutSeconds, confirm: { mode: 'none' } },
    );
    return Object.fromEntries([...answers].map(([host, { end }]) => [host, end]));
  }

  async #untilOnline(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { hosts } = await this.client.fleet();
      if (this.hosts.every(({ id }) => hosts.get(id)?.presence === 'online')) return;
      if (Date.now() > deadline) throw new Error('not all hosts are online');
    }
  }

  async stop(): Promise<void> {
    await this.client.close();
    await Promise.all(this.hosts.map(async (host) => await host.stop()));
    await this.cluster.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function makeOlderQueues(url: string, hostIds: readonly string[]): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue(DEAD_QUEUE, { durable: true });
  for (const hostId of hostIds) await channel.assertQueue(hostControlQueue(hostId), { durable: true });
  await connection.close();
}
