/** The calendar by which jobs expire. */
export interface HostClock {
  /** The time, which is never before what it once was on this host, whatever the system's clock is set to. */
  now(): Date;
  /** Tells when a job that has just come, and may be believed, was sent: a clock that agrees with that is right. */
  vouch(sentAt: Date): void;
  /** Keeps the latest time over a restart. @throws {Error} of the system */
  keep(): Promise<void>;
}
