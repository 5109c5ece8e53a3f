import type { StreamStart } from '../../broker/stream-source.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { EventReader } from '../log/event-reader.ts';
import type { Behind } from './options.ts';

/** How jobs are asked about. */
export interface AskOptions {
  reader: Pick<EventReader, 'read'>;
  /** Of an answer, or of another sign of life. */
  timeoutMs: number;
  exchange?: string;
  onEvent?: ((event: FleetEvent) => void) | undefined;
  /** Looks which hosts do not begin it, as others' jobs wait there to be confirmed; the signal ends it. */
  lookBehind?: (signal: AbortSignal) => Promise<ReadonlyMap<string, Behind>>;
  onBehind?: ((host: string, behind: Behind) => void) | undefined;
  /** What is known of jobs that were sent before. */
  known?:
    | {
        /** Where to begin to read the log. */
        start: StreamStart;
        /** Who has begun, and for how long it may take from now on, in milliseconds; `null`: as long as any other. */
        begun: ReadonlyMap<string, number | null>;
      }
    | undefined;
  signal?: AbortSignal | undefined;
}
