import type { FleetEvent } from '../../contract/event.ts';

export interface RequestOptions {
  /** Of an answer; default 60. */
  timeoutSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called with each event of the job, as it comes. */
  onEvent?: ((event: FleetEvent) => void) | undefined;
  rolloutId?: string | undefined;
}

export interface PushOptions extends RequestOptions {
  confirm?: { mode: 'probe' | 'manual' | 'none'; timeoutSeconds?: number | undefined } | undefined;
}
