import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { WorkerFacts } from '../contract/events/event.ts';
import type { Delivery } from '../job/ports/delivery.ts';
import type { Ports } from '../job/ports/ports.ts';
import { EventMetrics } from './event-metrics.ts';
import { FirewallMetrics } from './firewall-metrics.ts';
import { registerGauges, type WorkerGauges } from './gauges.ts';
import { JobMetrics } from './job-metrics.ts';
import { LockMetrics } from './lock-metrics.ts';

/** How often to measure how late the event loop is: by default, Node would wake up a hundred times a second for it. */
const EVENT_LOOP_MS = 100;

/** One for all workers that run in this process one after the other, as its measuring cannot be ended. */
let ofProcess: Registry | null = null;

function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_MS });
  return registry;
}

/**
 * The metrics of one worker. The values of labels are bounded: tables, rulesets of this host, and words of contract v1. No other
 * text of a message ever gets into a label.
 */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #jobs = new JobMetrics(this.#registry);
  readonly #firewall = new FirewallMetrics(this.#registry);
  readonly #lock = new LockMetrics(this.#registry);
  readonly #events = new EventMetrics(this.#registry);
  #all = this.#registry;

  /** The same ports, which also count what is done through them. */
  around(ports: Ports): Ports {
    const { firewall, lock, listLocks, events, confirmation } = ports;
    return {
      ...ports,
      firewall: this.#firewall.around(firewall),
      lock: this.#lock.around(lock),
      listLocks: { of: (name) => this.#lock.around(listLocks.of(name)) },
      events: {
        publish: async (event, headers) => {
          this.#events.take(event);
          await events.publish(event, headers);
        },
        confirmed: async (eventId) => await events.confirmed(eventId),
      },
      confirmation: {
        answers: confirmation.answers,
        assertReachable: async () => await confirmation.assertReachable(),
        // Counted here, as a probe itself publishes this event, through the connection that it tries.
        probes: (event, headers) => {
          this.#events.take(event);
          return confirmation.probes(event, headers);
        },
      },
      meter: this.#jobs,
    };
  }

  delivered(delivery: Delivery): void {
    this.#jobs.delivered(delivery);
  }

  /** Adds the state of the worker, and of its process. */
  watch(facts: WorkerFacts, worker: WorkerGauges): void {
    registerGauges(this.#registry, worker);
    const { version, backend, iptables, kernel } = facts;
    new Gauge({
      name: 'fleetwall_build_info',
      help: 'Always 1: what the worker is, and what it works with',
      labelNames: ['version', 'backend', 'iptables', 'kernel', 'node'],
      registers: [this.#registry],
    }).set({ version, backend, iptables, kernel, node: process.versions.node }, 1);
    ofProcess ??= processMetrics();
    this.#all = Registry.merge([ofProcess, this.#registry]);
  }

  get contentType(): string {
    return this.#all.contentType;
  }

  async text(): Promise<string> {
    return await this.#all.metrics();
  }
}
