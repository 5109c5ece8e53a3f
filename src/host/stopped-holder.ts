/** A process that is stopped (SIGSTOP, a debugger), and has the lock. */
export interface StoppedProcess {
  pid: number;
  /** Tells it from a later one of the same number. */
  started: string;
}

/** What was done about it before. */
export interface Continued {
  process: StoppedProcess;
  /** How long ago. */
  agoMs: number;
}

/** For who is made to go on by somebody else at the last moment. */
const GRACE_MS = 2_000;
/** For who goes on to be seen to. */
const PATIENCE_MS = 5_000;

/**
 * What is to be done about a process that has the lock, and is stopped: it keeps a change alive beyond its time. Made to go on, it
 * takes that back by itself; one that does not go on is in the way of whoever would. One that runs is never touched.
 *
 * @param lateMs how long the change has had its time
 */
export function stepAgainst(
  stopped: StoppedProcess | null,
  continued: Continued | null,
  lateMs: number,
): 'none' | 'SIGCONT' | 'SIGKILL' {
  if (stopped === null || lateMs < GRACE_MS) return 'none';
  if (continued === null || !isSame(continued.process, stopped)) return 'SIGCONT';
  return continued.agoMs < PATIENCE_MS ? 'none' : 'SIGKILL';
}

function isSame(a: StoppedProcess, b: StoppedProcess): boolean {
  return a.pid === b.pid && a.started === b.started;
}
