import { userOf } from '../../broker/broker-access.ts';
import { ConfirmedSender } from '../../broker/confirmed-sender.ts';
import { BrokerConnection, type BrokerModel } from '../../broker/connection.ts';
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
  /** The host is there: its control messages are heard. */
  onOnline: () => void;
  /** Jobs begin to come. */
  onJobs: () => void;
  /** Jobs are taken from then on. */
  ready: Promise<void>;
}

/** So many jobs wait here and not at the broker: among them, the newest revision of a ruleset is found. */
const MOST_WAITING_JOBS = 64;
/** Somebody may have taken away what the host needs on the broker, such as a binding, without a word. */
const RESTORE_MS = 10 * 60 * 1000;

/** Everything between the host and its broker, for as long as the worker runs: connections come and go. */
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

  /** Returns at once: the broker may come later. */
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
        // A quorum queue lets a second consumer in, whatever the first has said. That of the control messages, which is classic, does
        // not: whoever has it is the host, and takes its jobs.
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

  /** Whether jobs would come, as far as is known here. */
  get isConsuming(): boolean {
    return this.#jobs?.isConsuming ?? false;
  }

  /** Whether messages would come: asks the broker. */
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

  /** Until it is known to have arrived, it is kept: whoever undid it may have had no broker. */
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

  /** Declares what the host needs on the broker, and leaves the groups that it is in no more. */
  async #declare(model: BrokerModel): Promise<void> {
    const { hostId, groups, queueType, stateDir } = this.#settings;
    const memory = new BoundGroupsFile(stateDir);
    const bound = await memory.read();
    // On disk before it is so on the broker: whatever was bound once is known.
    await memory.write([...new Set([...bound, ...groups])]);
    const leftGroups = bound.filter((group) => !groups.includes(group));
    await declareTopology(model, { hostId, groups, leftGroups, queueType });
    await memory.write(groups);
  }
}
