import { Counter, Gauge, type Registry } from 'prom-client';

/** What the worker knows of itself; it is asked when somebody reads the metrics. */
export interface WorkerGauges {
  isConnected: () => boolean;
  isConsuming: () => boolean;
  /** How often a connection to the broker was made, and how often it did not confirm an event. */
  connections: () => number;
  unconfirmed: () => number;
  /** Events that wait for the broker, and jobs that wait for their turn. */
  outboxEvents: () => number;
  jobsWaiting: () => number;
  /** Since when a job is run; `null`: none is. */
  runningMs: () => number | null;
  rulesets: () => Promise<readonly { name: string; revision: number; inSync: boolean | null }[]>;
}

/** The state of the worker, as it is when it is asked for. */
export function registerGauges(registry: Registry, worker: WorkerGauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  gauge('fleetwall_broker_connected', '1 while there is a connection to the broker', () =>
    Number(worker.isConnected()),
  );
  gauge('fleetwall_broker_consuming', '1 while jobs would come', () => Number(worker.isConsuming()));
  gauge('fleetwall_outbox_events', 'Events that the broker has not confirmed', worker.outboxEvents);
  gauge('fleetwall_jobs_waiting', 'Jobs that were delivered and wait for their turn', worker.jobsWaiting);
  gauge(
    'fleetwall_job_running_seconds',
    'Since when the job in hand is run; 0: there is none',
    () => (worker.runningMs() ?? 0) / 1000,
  );
  counter(registry, 'fleetwall_broker_reconnects_total', 'Connections made after the first', () =>
    Math.max(0, worker.connections() - 1),
  );
  counter(
    registry,
    'fleetwall_publishes_unconfirmed_total',
    'Events that were published and not confirmed: they are published again',
    worker.unconfirmed,
  );
  registerRulesets(registry, worker.rulesets);
}

/** One that somebody else counts. */
function counter(registry: Registry, name: string, help: string, read: () => number): void {
  registry.registerMetric(
    new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(read());
      },
    }),
  );
}

/** Both are made anew each time: a ruleset that was taken away has no revision. */
function registerRulesets(registry: Registry, read: WorkerGauges['rulesets']): void {
  const options = { labelNames: ['ruleset'], registers: [] };
  // Both are asked at the same time.
  let reading: ReturnType<typeof read> | null = null;
  const readOnce = async () =>
    await (reading ??= read().finally(() => {
      reading = null;
    }));
  registry.registerMetric(
    new Gauge({
      name: 'fleetwall_ruleset_revision',
      help: 'The committed revision of a ruleset',
      ...options,
      async collect() {
        const rulesets = await readOnce();
        this.reset();
        for (const { name, revision } of rulesets) this.set({ ruleset: name }, revision);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'fleetwall_ruleset_in_sync',
      help: '1 if what is live of a ruleset is what was committed, as far as was looked',
      ...options,
      async collect() {
        const rulesets = await readOnce();
        this.reset();
        for (const { name, inSync } of rulesets) {
          if (inSync !== null) this.set({ ruleset: name }, Number(inSync));
        }
      },
    }),
  );
}
