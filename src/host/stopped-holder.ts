/** A process that is stopped (SIGSTOP, a debugger), and has the lock. */
export interface StoppedProcess {
  pid: number;
  /** When it was started, which tells it from a later process with the same id. */
  started: string;
}

/** A process that was told to continue. */
export interface Continued {
  process: StoppedProcess;
  /** How long ago it was told. */
  agoMs: number;
}

/** Time for somebody else to make the process continue, before it is signalled. */
const GRACE_MS = 2_000;
/** Time until a process that was told to continue is seen to do so, before it is killed. */
const PATIENCE_MS = 5_000;

/**
 * What to do about a stopped process that has the lock, and so keeps a change open beyond its time. If it continues, it takes the
 * change back by itself. If it does not, nobody else can, so it is killed. A process that runs is never signalled.
 *
 * @param lateMs how long ago the time of the change was over
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
