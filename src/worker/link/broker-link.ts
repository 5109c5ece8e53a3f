import { setTimeout as sleep } from 'node:timers/promises';
import { userOf } from '../../broker/connection/broker-access.ts';
import { BrokerConnection, type BrokerModel } from '../../broker/connection/connection.ts';
import { Lacks } from '../../broker/connection/lacks.ts';
import { QueueConsumer } from '../../broker/consumer.ts';
import { EventSender, PUBLISHING } from '../../broker/publish/event-sender.ts';
import { Outbox } from '../../broker/publish/outbox.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import { FileUndoneStore, isLateEvent } from '../../host/state/undone-store.ts';
import type { Delivery, Disposition } from '../../job/ports/delivery.ts';
import type { Log } from '../../job/ports/log.ts';
import type { RecentIds } from '../../job/ports/recent-ids.ts';
import type { LateEvent, OutboxStore } from '../../job/ports/stores.ts';
import { brokerAccess, readBrokerAccess } from '../open/what-leaves.ts';
import { Assurance } from './assurance.ts';
import { hearWhatWaits } from './hear-what-waits.ts';
import { HostQueues } from './host-queues.ts';
import { OtherConsumer } from './other-consumer.ts';

export interface LinkHandlers {
  job: (delivery: Delivery) => Promise<Disposition>;
  control: (delivery: Delivery) => Promise<Disposition>;
  /** Called each time that control messages begin to be heard: the host is online. */
  onOnline: () => void;
  /** Called each time that jobs begin to come. */
  onJobs: () => void;
  /** No job is taken before this has resolved. */
  ready: Promise<void>;
}

/** At most this many jobs wait here and not at the broker. Only among them, the newest revision of a ruleset is found. */
const MOST_WAITING_JOBS = 64;
/** How long the fleet is not told of a host that cannot take jobs yet. */
const READY_MS = 1_000;

/** Everything between the host and its broker. It lives as long as the worker, while connections come and go. */
export class BrokerLink {
  readonly events: Outbox;
  readonly #lacks: Lacks;
  readonly #settings: WorkerSettings;
  readonly #log: Log;
  readonly #queues: HostQueues;
  readonly #sender: EventSender;
  readonly #assurance: Assurance;
  readonly #other = new OtherConsumer();
  #handlers: LinkHandlers | null = null;
  #jobs: QueueConsumer | null = null;
  #control: QueueConsumer | null = null;
  #connection: BrokerConnection | null = null;
  #model: BrokerModel | null = null;
  /** No other worker had this host's queue when this one looked. */
  #isHost = false;
  #isControlBound = false;
  #onControl: () => void = () => {};
  readonly #hearsControl = new Promise<void>((resolve) => (this.#onControl = resolve));
  /** The connection over which the fleet was told that the host is online. */
  #onlineOver: BrokerModel | null = null;

  constructor(settings: WorkerSettings, confirmedEnds: RecentIds, store: OutboxStore, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#lacks = new Lacks(log);
    this.#queues = new HostQueues(settings, log);
    this.#sender = new EventSender({
      user: userOf(brokerAccess(settings)),
      restore: async (model) => await this.#queues.ensureEvents(model),
      onReady: () => this.events.flush(),
      lacks: this.#lacks,
    });
    this.#assurance = new Assurance(this.#queues, this.#lacks, () => ({
      model: this.isConnected ? this.#model : null,
      isHost: this.#isHost,
    }));
    this.events = new Outbox({
      sender: this.#sender,
      store,
      onConfirmed: (event) => {
        if (event.type === 'fleetwall.job.completed') confirmedEnds.add(event.subject);
        if (isLateEvent(event)) this.#forgetUndone(event);
      },
      log,
    });
  }

  /** Returns at once, without waiting for the broker: the broker may come later. */
  async open(handlers: LinkHandlers): Promise<void> {
    this.#handlers = handlers;
    const lacks = this.#lacks;
    const log = this.#log;
    this.#jobs = new QueueConsumer({
      queue: this.#queues.jobs.queue,
      prefetch: MOST_WAITING_JOBS,
      handle: handlers.job,
      prepare: async (model, isMissing) => await this.#prepareJobs(model, isMissing),
      ready: handlers.ready,
      onConsuming: () => this.#onJobs(),
      lacks,
      log,
    });
    this.#control = new QueueConsumer({
      queue: this.#queues.control.queue,
      prefetch: 1,
      drainsFirst: true,
      handle: handlers.control,
      prepare: async (model, isMissing) => await this.#prepareControl(model, isMissing),
      onConsuming: () => this.#onControl(),
      lacks,
      log,
    });
    this.#connection = await BrokerConnection.open({
      access: brokerAccess(this.#settings),
      reread: async () => await readBrokerAccess(this.#settings),
      connectionName: `fleetwall worker ${this.#settings.hostId}`,
      log,
      onFailure: (address, { message }) => (this.unreached = `${address}: ${message}`),
      setup: async (model) => {
        lacks.forget();
        this.#model = model;
        await this.#sender.open(model);
        if (this.#isHost) this.#control?.open(model);
        this.#jobs?.open(model);
        if (this.#isHost) this.#assurance.afterReconnect();
        else this.#assurance.atStart();
      },
    });
  }

  /** At the start it is seen to it that the queue is there, bound, and nobody else's; later only that it is there, if it was not. */
  async #prepareJobs(model: BrokerModel, isMissing: boolean): Promise<void> {
    if (this.#isHost && !isMissing) return await hearWhatWaits(this.#control);
    await this.#queues.ensure(model, this.#queues.jobs);
    if (this.#isHost) return;
    await this.#queues.assertAlone(model);
    this.#isHost = true;
    this.#control?.open(model);
    // Jobs are consumed next, and that is when the fleet is told: who hears of a host may send it control messages, too. It is told
    // before if that cannot be had, or if a change waits for a person's answer first, which has to find the host.
    const ready = Promise.all([this.#handlers?.ready, this.#hearsControl]);
    const isReady = await Promise.race([ready.then(() => true), sleep(READY_MS, false)]);
    await hearWhatWaits(this.#control);
    if (!isReady) this.#tellOnline();
  }

  async #prepareControl(model: BrokerModel, isMissing: boolean): Promise<void> {
    if (this.#isControlBound && !isMissing) return;
    await this.#queues.ensure(model, this.#queues.control);
    this.#isControlBound = true;
    await this.#queues.noteBound();
  }

  /** Why the last try to connect failed; `null`: none has. */
  unreached: string | null = null;

  #onJobs(): void {
    this.#handlers?.onJobs();
    this.#tellOnline();
  }

  #tellOnline(): void {
    if (this.#onlineOver === this.#model) return;
    this.#onlineOver = this.#model;
    this.#handlers?.onOnline();
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** What the broker does not give the worker although it is connected, by name, with the reason. */
  get lacking(): Readonly<Record<string, string>> {
    return this.isConnected ? this.#lacks.all : {};
  }

  /** Why events cannot be published over the connection that there is; `null`: they can. */
  get unpublished(): string | null {
    return this.isConnected ? this.#lacks.reason(PUBLISHING) : null;
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
    // One after the other, so that one channel does for all of it.
    const consumers = await this.#jobs?.check();
    await this.#control?.check();
    await this.#assurance.look();
    if (!this.#other.isSeen(consumers ?? null)) return;
    this.#log.error({}, 'Another worker consumes this queue: two hosts must not have the same host id');
    this.#isHost = false;
    this.#jobs?.restart();
  }

  /** Takes no more messages; resolves once those in hand are done with. */
  async stopConsuming(): Promise<void> {
    this.#assurance.stop();
    await Promise.all([this.#jobs?.stop(), this.#control?.stop()]);
  }

  async close(): Promise<void> {
    this.#sender.close();
    await this.#connection?.close();
    await this.events.stop();
  }

  /** Forgets a change that was taken back, once its event has arrived: the process that took it back may have had no broker. */
  #forgetUndone(event: LateEvent): void {
    new FileUndoneStore(this.#settings.stateDir).remove(event).catch((error: unknown) => {
      this.#log.warn({ eventId: event.id, error }, 'What was done late will be told again');
    });
  }
}
