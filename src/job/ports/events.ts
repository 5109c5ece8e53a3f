import type { FleetEvent } from '../../contract/event.ts';

export interface EventPublisher {
  /**
   * Resolves once the broker has confirmed the event; rejects if it has not, and then the event is published later, if it
   * is one of a job or of drift. `headers` are carried over.
   */
  publish(event: FleetEvent, headers?: Record<string, unknown>): Promise<void>;
}
