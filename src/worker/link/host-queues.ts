import type { BrokerModel } from '../../broker/connection/connection.ts';
import { onOwnChannel } from '../../broker/connection/on-channel.ts';
import {
  controlQueue,
  ensureDeadQueue,
  ensureEventLog,
  ensureExchanges,
  ensureHostQueue,
  type HostQueue,
  jobsQueue,
} from '../../broker/connection/topology.ts';
import { ConsumedElsewhere } from '../../broker/consumed-elsewhere.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import { BoundGroupsFile } from '../../host/state/bound-groups.ts';
import type { Log } from '../../job/ports/log.ts';

/** What a host has on its broker: made where it is missing, and bound for the groups that the host is in. */
export class HostQueues {
  readonly jobs: HostQueue;
  readonly control: HostQueue;
  readonly #settings: WorkerSettings;
  readonly #memory: BoundGroupsFile;
  readonly #log: Log;

  constructor(settings: WorkerSettings, log: Log) {
    const { hostId, queueType, stateDir } = settings;
    this.#settings = settings;
    this.#log = log;
    this.#memory = new BoundGroupsFile(stateDir);
    this.jobs = jobsQueue(hostId, queueType);
    this.control = controlQueue(hostId, queueType);
  }

  /**
   * Makes sure of one queue and its bindings.
   *
   * @throws {Error} what the broker said, if the queue cannot be had
   */
  async ensure(model: BrokerModel, queue: HostQueue): Promise<void> {
    const { hostId, groups } = this.#settings;
    await ensureExchanges(model);
    await ensureHostQueue(model, queue, { hostId, groups, leftGroups: await this.#leftGroups() });
  }

  /** Makes sure of what the fleet shares. @throws {Error} what the broker said of the first that cannot be had */
  async ensureFleet(model: BrokerModel): Promise<void> {
    await ensureExchanges(model);
    const results = await Promise.allSettled([ensureEventLog(model), ensureDeadQueue(model)]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Makes sure of what events are published to. @throws {Error} what the broker said */
  async ensureEvents(model: BrokerModel): Promise<void> {
    await ensureExchanges(model);
    await ensureEventLog(model);
  }

  /** Notes that the queues are bound for the groups of the host, and for no others. */
  async noteBound(): Promise<void> {
    await this.#write(this.#settings.groups);
  }

  /**
   * A quorum queue lets a second consumer in, whatever the first has said: so a worker that starts looks first.
   *
   * @throws {ConsumedElsewhere}
   */
  async assertAlone(model: BrokerModel): Promise<void> {
    const { queue } = this.jobs;
    const { consumerCount } = await onOwnChannel(model, (channel) => channel.checkQueue(queue));
    if (consumerCount > 0) throw new ConsumedElsewhere(`${queue} has ${consumerCount} consumers already`);
  }

  /** On disk before it is so on the broker: whatever was bound once is known. */
  async #leftGroups(): Promise<string[]> {
    const { groups } = this.#settings;
    const bound = await this.#memory.read().catch(() => []);
    const all = [...new Set([...bound, ...groups])];
    if (all.length > bound.length) await this.#write(all);
    return bound.filter((group) => !groups.includes(group));
  }

  async #write(groups: readonly string[]): Promise<void> {
    try {
      const known = await this.#memory.read();
      if (known.toSorted().join() !== groups.toSorted().join()) await this.#memory.write(groups);
    } catch (error) {
      // Jobs come all the same; the queues may stay bound for a group that the host leaves later.
      this.#log.warn({ error }, 'Cannot write for which groups the queues are bound');
    }
  }
}
