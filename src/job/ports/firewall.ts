import type { Writer } from '../../contract/events/event.ts';
import type { Family } from '../../contract/words/identifiers.ts';
import type { Table } from '../../ruleset/model.ts';
import type { Fence } from './host-lock.ts';
import type { RestoreFault } from './restore-fault.ts';

/** A restore or save that failed. The table is unchanged, unless the program was ended from outside (time-out or signal). */
export class RestoreFailed extends Error {
  override readonly name = 'RestoreFailed';
  readonly fault: RestoreFault;

  constructor(fault: RestoreFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export interface RestoreRequest {
  family: Family;
  /** The text of one table. It ends in COMMIT. */
  text: string;
  /** Whether the restore deletes everything that the text does not name. */
  flush: boolean;
}

export interface Firewall {
  /**
   * Reads a live table, with its counters. Returns `undefined` if the table does not exist. Where the saved text can be read in
   * two ways, iptables itself says where each rule ends, and which chain an odd rule jumps to.
   *
   * @param chains for these, the caller must know which rules jump to them
   * @throws {RestoreFailed}
   */
  read(fence: Fence, family: Family, table: string, chains: ReadonlySet<string>): Promise<Table | undefined>;
  /** @throws {RestoreFailed} */
  restore(fence: Fence, request: RestoreRequest): Promise<void>;
  /** Lists what the kernel has in a table and iptables cannot show. Returns `null` where no program can tell. */
  listNatively(fence: Fence, family: Family, table: string): Promise<string | null>;
}

/** Reports each write to the live rules. */
export interface RulesMonitor {
  /** Calls `heard` after each write, with the process that wrote, or `null` if the kernel does not say. */
  start(heard: (by: Writer | null) => void): void;
  stop(): void;
}
