import { ConfirmedSender } from '../../broker/confirmed-sender.ts';
import { userOf } from '../../broker/connection/broker-access.ts';
import { BrokerConnection, type BrokerModel } from '../../broker/connection/connection.ts';
import { QueueConsumer } from '../../broker/consumer.ts';
import { Outbox } from '../../broker/outbox.ts';
import { declareTopology } from '../../broker/topology.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { JobUndoneEvent } from '../../contract/event.ts';
import { hostControlQueue, hostJobsQueue } from '../../contract/names.ts';
import { BoundGroupsFile } from '../../host/state/bound-groups.ts';
import { FileOutboxStore } from '../../host/state/outbox-store.ts';
import { FileUndoneStore } from '../../host/state/undone-store.ts';
import type { Delivery, Settlement } from '../../job/ports/delivery.ts';
import type { Log } from '../../job/ports/log.ts';
import type { RecentIds } from '../../job/ports/recent-ids.ts';
import { brokerAccess } from '../open/what-leaves.ts';

export interface LinkHandlers {
  job: (delivery: Delivery) => Promise<Settlement>;
  control: (delivery: Delivery) => Promise<Settlement>;
  /** Called each time that control messages begin to be heard: the host is online. */
  onOnline: () => void;
  /** Called each time that jobs begin to come. */
  onJobs: () => void;
  /** No job is taken before this has resolved. */
  ready: Promise<void>;
}

/** At most this many jobs wait here and not at the broker. Only among them, the newest revision of a ruleset is found. */
const MOST_WAITING_JOBS = 64;
/** How often everything is declared again: the broker does not tell if somebody takes away, for example, a binding. */
const RESTORE_MS = 10 * 60 * 1000;

/** Everything between the host and its broker. It lives as long as the worker, while connections come and go. */
export class BrokerLink {
  readonly events: Outbox;
  readonly #settings: WorkerSettings;
  readonly #log: Log;
  readonly #sender: ConfirmedSender;
  #jobs: QueueConsumer | null = null;
  #control: QueueConsumer | null = null;
  #connection: BrokerConnection | null = null;
  #model: BrokerModel | null = null;
  #restoring: NodeJS.Timeout | null = null;

  constructor(settings: WorkerSettings, told: RecentIds, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#sender = new ConfirmedSender({
      user: userOf(brokerAccess(settings)),
      restore: async (model) => await this.#declare(model),
      onReady: () => this.events.flush(),
    });
    this.events = new Outbox({
      sender: this.#sender,
      store: new FileOutboxStore(settings.stateDir),
      onConfirmed: (event) => {
        if (event.type === 'fleetwall.job.completed') told.add(event.subject);
        if (event.type === 'fleetwall.job.undone') this.#forgetUndone(event);
      },
      log,
    });
  }

  /** Returns at once, without waiting for the broker: the broker may come later. */
  async open(handlers: LinkHandlers): Promise<void> {
    const { hostId } = this.#settings;
    const log = this.#log;
    const restore = async (model: BrokerModel) => await this.#declare(model);
    const jobs = new QueueConsumer({
      queue: hostJobsQueue(hostId),
      prefetch: MOST_WAITING_JOBS,
      handle: handlers.job,
      restore,
      onConsuming: handlers.onJobs,
      log,
    });
    const control = new QueueConsumer({
      queue: hostControlQueue(hostId),
      prefetch: 1,
      handle: handlers.control,
      restore,
      onConsuming: () => {
        handlers.onOnline();
        // A quorum queue lets a second consumer in, even if the first is exclusive. The control queue is classic, and does
        // not. So only the worker that consumes the control queue takes the host's jobs.
        const model = this.#model;
        handlers.ready
          .then(async () => model !== null && (await jobs.open(model)))
          .catch((error: unknown) => log.warn({ error }, 'Cannot take jobs'));
      },
      log,
    });
    this.#jobs = jobs;
    this.#control = control;
    await this.events.load();
    this.#connection = await BrokerConnection.open({
      access: brokerAccess(this.#settings),
      connectionName: `fleetwall worker ${hostId}`,
      log,
      setup: async (model) => {
        await this.#declare(model);
        this.#model = model;
        await this.#sender.open(model);
        await control.open(model);
      },
    });
    this.#restoring = setInterval(() => void this.#restoreQuietly(), RESTORE_MS);
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connection?.count ?? 0;
  }

  /** Whether jobs would come, as far as this process knows. */
  get isConsuming(): boolean {
    return this.#jobs?.isConsuming ?? false;
  }

  /** Asks the broker whether messages would come, and begins to consume again if not. */
  async check(): Promise<void> {
    try {
      await Promise.all([this.#jobs?.check(), this.#control?.check()]);
    } catch (error) {
      this.#log.debug({ error }, 'Cannot ask the broker: there is no connection');
    }
  }

  /** Takes no more messages; resolves once those in hand are done with. */
  async stopConsuming(): Promise<void> {
    clearInterval(this.#restoring ?? undefined);
    await Promise.all([this.#jobs?.stop(), this.#control?.stop()]);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    await this.events.stop();
  }

  /** Forgets a change that was taken back, once its event has arrived: the process that took it back may have had no broker. */
  #forgetUndone(event: JobUndoneEvent): void {
    new FileUndoneStore(this.#settings.stateDir).remove(event).catch((error: unknown) => {
      this.#log.warn({ jobId: event.subject, error }, 'That a change was taken back will be told again');
    });
  }

  async #restoreQuietly(): Promise<void> {
    if (this.#model === null || !this.#sender.isReady) return;
    await this.#declare(this.#model).catch((error: unknown) =>
      this.#log.warn({ error }, 'Cannot make sure of what the host needs on the broker'),
    );
  }

  /** Declares what the host needs on the broker, and unbinds its queues from the groups that it has left. */
  async #declare(model: BrokerModel): Promise<void> {
    const { hostId, groups, queueType, stateDir } = this.#settings;
    const memory = new BoundGroupsFile(stateDir);
    const bound = await memory.read();
    // The file is written before the broker is changed: so each group that may be bound is known.
    await memory.write([...new Set([...bound, ...groups])]);
    const leftGroups = bound.filter((group) => !groups.includes(group));
    await declareTopology(model, { hostId, groups, leftGroups, queueType });
    await memory.write(groups);
  }
}
