import type { Writer } from '../../contract/event.ts';
import type { Family } from '../../contract/identifiers.ts';
import type { Table } from '../../ruleset/model.ts';
import type { Fence } from './host-lock.ts';
import type { RestoreFault } from './restore-fault.ts';

/** A restore that failed. The table that it was for is as it was, unless it was ended from outside. */
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
  /** One table, ending in COMMIT. */
  text: string;
  /** Whether what the text does not name goes. */
  flush: boolean;
}

export interface Firewall {
  /**
   * A table as it is live, with counters; `undefined`: it does not exist. Where each rule begins and ends, and which chain an odd one
   * of others jumps to, is what iptables itself says, whatever the text looks like.
   *
   * @param chains those of which it has to be known who jumps to them
   * @throws {RestoreFailed}
   */
  read(fence: Fence, family: Family, table: string, chains: ReadonlySet<string>): Promise<Table | undefined>;
  /** @throws {RestoreFailed} */
  restore(fence: Fence, request: RestoreRequest): Promise<void>;
  /** What the kernel has of a table beside what iptables can say of it; `null` where there is no way to tell. */
  listNatively(fence: Fence, family: Family, table: string): Promise<string | null>;
}

/** Follows what is written to the rules. */
export interface RulesMonitor {
  /** `heard` is called after each write, with who made it as far as the kernel tells. */
  start(heard: (by: Writer | null) => void): void;
  stop(): void;
}
