/**
 * The held right to read and write the rules of one network namespace. Each program that does so inherits the descriptor. The
 * right ends when the last process that has the descriptor open has ended, for whatever reason.
 */
export interface Fence {
  readonly descriptor: number;
  /** @throws {LockLost} if another process has taken the lock although this one holds it */
  assertHeld(): void;
}

export interface HostLock {
  /** Whether this process holds the lock or waits for it. */
  readonly isBusy: boolean;
  /**
   * Waits for the lock, then does the work and lets go.
   *
   * @param purpose what other processes that wait for the lock are told, such as `job ID`
   * @throws {LockTimeout} if another process holds the lock for too long
   */
  hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T>;
}

export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** Another process took the lock away while this one held it. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}
