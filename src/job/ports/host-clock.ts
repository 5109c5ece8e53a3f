/** The calendar by which jobs expire. */
export interface HostClock {
  /** The time, which is never before what it once was on this host, whatever the system's clock is set to. */
  now(): Date;
}
