/**
 * The right to read and write the rules of one network namespace, held. The descriptor is given to every
 * program that does so: the right ends when the last that has it open has ended, however that came.
 */
export interface Fence {
  readonly descriptor: number;
  /** @throws {Error} if another process has taken the lock although this one holds it. */
  assertHeld(): void;
}

export interface HostLock {
  /** This process has it, or waits for it. */
  readonly isBusy: boolean;
  /**
   * @param purpose what others who wait for it are told, such as `job ID`
   * @throws {LockTimeout} if somebody else holds it for too long.
   */
  hold<T>(purpose: string, work: (fence: Fence) => Promise<T>): Promise<T>;
}

export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** The lock was taken away while it was held. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}
