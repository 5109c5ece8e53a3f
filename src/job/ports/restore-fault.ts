/** What went wrong in `iptables-restore` or `iptables-save`, as told by the form of what the program printed. */
export type RestoreFaultKind =
  /** The program refused a line of the text. */
  | 'rule'
  /** The whole transaction failed: the kernel refused it, or another writer was faster. The line is not known. */
  | 'commit'
  /** Another program held the xtables lock for too long. */
  | 'xtables-lock'
  /** The xtables lock file cannot be opened. */
  | 'lock-file'
  | 'privilege'
  /** A table cannot be used although it should exist: a kernel module is missing, or the address family is switched off. */
  | 'table-unavailable'
  /** This variant of iptables does not work with this kernel. */
  | 'backend'
  /** There are live rules that this variant of iptables cannot read. */
  | 'unreadable'
  /** The program ran for too long, and the worker ended it. */
  | 'timeout'
  /** A signal ended the program. The worker did not send it. */
  | 'killed'
  /** The program could not be started. */
  | 'not-started'
  /** The program printed something that the worker does not know. */
  | 'unknown';

export interface RestoreFault {
  kind: RestoreFaultKind;
  /** One sentence in the program's own words. */
  message: string;
  /** The lines of the text that the program named. */
  lines: NamedLine[];
  /** The extension that the kernel lacks, if the program named one. Then the rule is not at fault. */
  missing?: string;
  /** The system's error, if the program could not be started. */
  cause?: Error;
  command: string;
  exitCode: number | null;
  stderr: string;
}

/** Says whether the text may be to blame for a fault. The other kinds are always the host's fault. */
export function mayBeTheText({ kind }: RestoreFault): boolean {
  return kind === 'rule' || kind === 'commit' || kind === 'unknown' || kind === 'killed';
}

export interface NamedLine {
  /** Counted from 1, in the text that the program was given. */
  line: number;
  reason: string;
}
