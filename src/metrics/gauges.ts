import { Counter, Gauge, type Registry } from 'prom-client';

interface CommittedRuleset {
  name: string;
  revision: number;
  /** `null`: nobody has looked yet. */
  inSync: boolean | null;
}

interface CommittedList extends CommittedRuleset {
  entries: number;
}

/** What the worker knows of itself; it is asked when somebody reads the metrics. */
export interface WorkerGauges {
  isConnected: () => boolean;
  isConsuming: () => boolean;
  /** How many connections to the broker have been made. */
  connections: () => number;
  /** How often the broker did not confirm an event that was sent. */
  unconfirmed: () => number;
  /** How many events wait for the broker. */
  outboxEvents: () => number;
  /** How many jobs wait for their turn. */
  jobsWaiting: () => number;
  /** For how many milliseconds the job in hand has been run; `null`: there is none. */
  runningMs: () => number | null;
  /** Whether a change that failed is still to be taken back. `null`: that cannot be seen now. */
  isUndoOwed: () => Promise<boolean | null>;
  /** Why jobs would fail on this host now, by what is wrong. */
  unready: () => Promise<Readonly<Record<string, string>>>;
  rulesets: () => Promise<readonly CommittedRuleset[]>;
  lists: () => Promise<readonly CommittedList[]>;
}

/** What a host is looked at for. */
const UNREADY_CHECKS = ['state', 'undo', 'rights'];

/** Registers metrics of the worker's state, each read at the moment when somebody reads the metrics. */
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
  registerUndo(registry, worker.isUndoOwed);
  registerUnready(registry, worker.unready);
  registerRulesets(registry, worker.rulesets);
  registerLists(registry, worker.lists);
}

/** Registers a counter whose value is counted elsewhere. */
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

function registerUndo(registry: Registry, isUndoOwed: WorkerGauges['isUndoOwed']): void {
  registry.registerMetric(
    new Gauge({
      name: 'fleetwall_undo_owed',
      help: '1 while a change that failed is still to be taken back',
      registers: [],
      async collect() {
        const isOwed = await isUndoOwed();
        this.reset();
        // Nothing is said rather than that all is well.
        if (isOwed === null) this.remove();
        else this.set(Number(isOwed));
      },
    }),
  );
}

function registerUnready(registry: Registry, unready: WorkerGauges['unready']): void {
  registry.registerMetric(
    new Gauge({
      name: 'fleetwall_unready',
      help: '1 while the host would fail the jobs that it is sent, by what is wrong',
      labelNames: ['check'],
      registers: [],
      async collect() {
        const found = await unready();
        for (const check of UNREADY_CHECKS) this.set({ check }, Number(check in found));
      },
    }),
  );
}

/** Gives all who read at the same time one reading of the state. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  return async () =>
    await (reading ??= read().finally(() => {
      reading = null;
    }));
}

function registerLists(registry: Registry, read: WorkerGauges['lists']): void {
  const readOnce = once(read);
  const gauge = (name: string, help: string, valueOf: (list: CommittedList) => number | null) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['list'],
        registers: [],
        async collect() {
          const lists = await readOnce();
          this.reset();
          for (const list of lists) {
            const value = valueOf(list);
            if (value !== null) this.set({ list: list.name }, value);
          }
        },
      }),
    );
  gauge('fleetwall_list_revision', 'The committed revision of a list', ({ revision }) => revision);
  gauge(
    'fleetwall_list_entries',
    'How many entries a list has that have not ended',
    ({ entries }) => entries,
  );
  gauge(
    'fleetwall_list_in_sync',
    '1 if what is live of a list is what was committed, as far as was looked',
    ({ inSync }) => (inSync === null ? null : Number(inSync)),
  );
}

/** Registers two gauges, which are filled anew each time: a ruleset that was removed must not keep its last value. */
function registerRulesets(registry: Registry, read: WorkerGauges['rulesets']): void {
  const options = { labelNames: ['ruleset'], registers: [] };
  const readOnce = once(read);
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
