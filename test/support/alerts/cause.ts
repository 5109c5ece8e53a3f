import type { AlertFleet } from './alert-fleet.ts';

/** One way to an alert, and back. */
export interface Cause {
  alert: string;
  /** In words, for who reads what the script prints. */
  what: string;
  /** By which factor the times of the alert are shorter than in the file; 60 by default. */
  quicker?: number;
  /** What the alert says where it fires, such as of which host. */
  labels: Readonly<Record<string, string>>;
  /** Done once. */
  harm?: (fleet: AlertFleet) => Promise<void>;
  /** Done until the alert fires. */
  goOn?: (fleet: AlertFleet, round: number) => Promise<void>;
  /** What the alert's section of the guide says to do. */
  mend: (fleet: AlertFleet) => Promise<void>;
}
