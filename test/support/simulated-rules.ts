import { type Firewall, RestoreFailed } from '../../src/job/ports/firewall.ts';
import {
  NO_OBJECTS,
  type Rehearsal,
  type Sandbox,
  type SandboxObjects,
} from '../../src/job/ports/sandbox.ts';
import type { Table } from '../../src/ruleset/model.ts';
import { readSavedTables } from '../../src/ruleset/saved/read-saved.ts';
import { type SimulatedTable, simulateLines } from './simulate-restore.ts';

type Tables = Map<string, SimulatedTable>;

const BUILT_IN = ['INPUT', 'FORWARD', 'OUTPUT'];

/** An invalid port: the only kind of bad rule in this simulation. */
const BAD_PORT = '99999';

/** The filter tables of a simulated host: as strict as iptables, but without a kernel. */
export class SimulatedFirewall implements Firewall {
  /** How often a table was written. */
  writes = 0;
  readonly #tables: Tables = new Map();
  readonly #beforeWrite: () => Promise<void>;

  /** @param beforeWrite called before each write; it may fail, or never return */
  constructor(beforeWrite: () => Promise<void>) {
    this.#beforeWrite = beforeWrite;
  }

  async read(_: unknown, family: string, table: string): Promise<Table | undefined> {
    return readSavedTables(render(this.#tables, family, table, '[0:0] ')).get(table);
  }

  async restore(_: unknown, { family, text }: { family: string; text: string }): Promise<void> {
    await this.#beforeWrite();
    restore(this.#tables, family, text);
    this.writes += 1;
  }

  async listNatively(): Promise<null> {
    return null;
  }

  rules(family = 'ipv4', table = 'filter'): string {
    return render(this.#tables, family, table, '');
  }
}

export class SimulatedStage implements Sandbox {
  async readObjects(): Promise<SandboxObjects> {
    return NO_OBJECTS;
  }

  async within<T>(_: SandboxObjects, work: (rehearsal: Rehearsal) => Promise<T>): Promise<T> {
    const tables: Tables = new Map();
    return await work({
      restore: async (family, text) => restore(tables, family, text),
      save: async (family, table) => render(tables, family, table, ''),
      saveAll: async (family) => render(tables, family, 'filter', ''),
      listNatively: async () => '',
    });
  }

  async ended(): Promise<void> {}
}

function tableOf(tables: Tables, family: string, table: string): SimulatedTable {
  return tables.get(`${family} ${table}`) ?? new Map(BUILT_IN.map((chain) => [chain, []]));
}

function restore(tables: Tables, family: string, text: string): void {
  const lines = text.split('\n');
  const bad = lines.findIndex((line) => line.includes(BAD_PORT));
  if (bad !== -1) throw refused(bad + 1, `invalid port/service \`${BAD_PORT}' specified`);
  const name = lines.find((line) => line.startsWith('*'))?.slice(1) ?? '';
  const own = lines.filter((line) => /^(\[\d+:\d+\] )?-|^:\S+ - /.test(line));
  try {
    tables.set(`${family} ${name}`, simulateLines(tableOf(tables, family, name), own));
  } catch (error) {
    throw refused(lines.length, (error as Error).message);
  }
}

function render(tables: Tables, family: string, table: string, counters: string): string {
  const chains = tableOf(tables, family, table);
  const declared = [...chains.keys()].map(
    (chain) => `:${chain} ${BUILT_IN.includes(chain) ? 'ACCEPT' : '-'} [0:0]`,
  );
  const rules = [...chains.values()].flat().map((rule) => `${counters}${rule}`);
  return [`*${table}`, ...declared, ...rules, 'COMMIT', ''].join('\n');
}

function refused(line: number, reason: string): RestoreFailed {
  const stderr = `iptables-restore: line ${line} failed: ${reason}`;
  const lines = [{ line, reason }];
  return new RestoreFailed({
    kind: 'rule',
    message: reason,
    lines,
    command: 'iptables-restore',
    exitCode: 2,
    stderr,
  });
}
