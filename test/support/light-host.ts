import { WorkerSettings } from '../../src/config/worker-settings.ts';
import type { FleetEvent } from '../../src/contract/events/event.ts';
import type { Delivery, Disposition } from '../../src/job/ports/delivery.ts';
import { RecentIds } from '../../src/job/ports/recent-ids.ts';
import type { OutboxStore } from '../../src/job/ports/stores.ts';
import { silentLog } from '../../src/log/logger.ts';
import { BrokerLink } from '../../src/worker/link/broker-link.ts';
import { jobEventOf, workerEventOf } from './example-events.ts';

const NO_DISK: OutboxStore = { list: async () => [], put: async () => {}, remove: async () => {} };
const HEARTBEAT_MS = 30_000;

/** A worker's link to the broker, and nothing else of a worker: each job is applied at once, as the host says. */
export class LightHost {
  readonly id: string;
  readonly #groups: string[];
  readonly #link: BrokerLink;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(id: string, options: { brokerUrl: string; folder: string; groups: string[] }) {
    this.id = id;
    this.#groups = options.groups;
    const settings = WorkerSettings.parse({
      hostId: id,
      groups: options.groups,
      amqpUrl: options.brokerUrl,
      allowUnsigned: true,
      stateDir: `${options.folder}/${id}`,
    });
    this.#link = new BrokerLink(settings, new RecentIds(), NO_DISK, silentLog());
  }

  start(): void {
    void this.#link.open({
      job: async (delivery) => await this.#apply(delivery),
      control: async () => {
        this.#say(workerEventOf(this.id, this.#groups, 'fleetwall.worker.heartbeat'));
        return 'acknowledge';
      },
      onOnline: () => this.#say(workerEventOf(this.id, this.#groups, 'fleetwall.worker.online')),
      onJobs: () => {},
      ready: Promise.resolve(),
    });
    this.#heartbeat = setInterval(() => {
      this.#say(workerEventOf(this.id, this.#groups, 'fleetwall.worker.heartbeat'));
      void this.#link.check();
    }, HEARTBEAT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#link.stopConsuming();
    await this.#link.close();
  }

  async #apply({ body }: Delivery): Promise<Disposition> {
    const job = JSON.parse(Buffer.from(body).toString('utf8')) as { id: string; action: 'apply' };
    this.#say(jobEventOf(this.id, job, null));
    await this.#link.events.publish(jobEventOf(this.id, job, 'applied'));
    return 'acknowledge';
  }

  #say(event: FleetEvent): void {
    this.#link.events.publish(event).catch(() => {});
  }
}
