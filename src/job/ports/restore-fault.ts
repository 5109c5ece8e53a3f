/** What went wrong in `iptables-restore` or `iptables-save`, told apart by the structure of what they print. */
export type RestoreFaultKind =
  /** A line of the text was refused. */
  | 'rule'
  /** The whole transaction was refused, by the kernel or by a lost race; no line is known. */
  | 'commit'
  /** Another program held the xtables lock for too long. */
  | 'xtables-lock'
  /** The xtables lock file cannot be opened. */
  | 'lock-file'
  | 'privilege'
  /** A table that should be there is not to be had: a kernel module is missing, or the family is off. */
  | 'table-unavailable'
  /** The variant does not work with this kernel. */
  | 'backend'
  /** Live rules that this variant cannot read. */
  | 'unreadable'
  /** It ran for too long, and was ended. */
  | 'timeout'
  /** It was ended by a signal that was not ours. */
  | 'killed'
  /** It could not be started, or said something that is in no list. */
  | 'unknown';

export interface RestoreFault {
  kind: RestoreFaultKind;
  /** One sentence in the tool's words. */
  message: string;
  /** Lines of the text that the tool named. */
  lines: NamedLine[];
  /** The extension of which it said that the kernel lacks it, and no rule can do anything for that. */
  missing?: string;
  command: string;
  exitCode: number | null;
  stderr: string;
}

export interface NamedLine {
  /** From 1, in the text that was given to the tool. */
  line: number;
  reason: string;
}
