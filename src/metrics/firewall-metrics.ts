import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Family } from '../contract/words/identifiers.ts';
import type { Firewall, RestoreRequest } from '../job/ports/firewall.ts';
import type { Fence } from '../job/ports/host-lock.ts';
import { DURATION_BUCKETS } from './job-metrics.ts';

type Operation = 'save' | 'restore';

/** Reads and writes of the live rules. Those of rehearsals are not counted: their time is in the duration of their stage. */
export class FirewallMetrics {
  readonly #calls;
  readonly #durations;
  readonly #rules;
  readonly #chains;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#calls = new Counter({
      name: 'fleetwall_iptables_calls_total',
      help: 'Saves and restores of tables, and how they ended',
      labelNames: ['operation', 'family', 'result'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'fleetwall_iptables_duration_seconds',
      help: 'How long a save or a restore of a table took',
      labelNames: ['operation'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    const table = { labelNames: ['family', 'table'], registers };
    this.#rules = new Gauge({
      name: 'fleetwall_rules',
      help: 'Rules of a table, whoever they are of, when it was last read',
      ...table,
    });
    this.#chains = new Gauge({
      name: 'fleetwall_chains',
      help: 'Chains of a table, whoever they are of, when it was last read',
      ...table,
    });
  }

  around(firewall: Firewall): Firewall {
    return {
      read: async (fence, family, table, chains) => {
        const read = await this.#time('save', family, () => firewall.read(fence, family, table, chains));
        this.#rules.set({ family, table }, read?.rules.length ?? 0);
        this.#chains.set({ family, table }, read?.chains.size ?? 0);
        return read;
      },
      restore: async (fence: Fence, request: RestoreRequest) =>
        await this.#time('restore', request.family, () => firewall.restore(fence, request)),
      listNatively: async (fence, family, table) => await firewall.listNatively(fence, family, table),
    };
  }

  async #time<T>(operation: Operation, family: Family, work: () => Promise<T>): Promise<T> {
    const stop = this.#durations.startTimer({ operation });
    try {
      const result = await work();
      this.#calls.inc({ operation, family, result: 'ok' });
      return result;
    } catch (error) {
      this.#calls.inc({ operation, family, result: 'failed' });
      throw error;
    } finally {
      stop();
    }
  }
}
