import type { FleetEvent } from '../../contract/events/event.ts';

export interface EventPublisher {
  /**
   * Resolves when the broker has confirmed the event. Rejects if the broker has not. An event of a job or of drift is then
   * published later; any other is lost. `headers` are sent with the event; where they are so long that no message can be made of it,
   * it is dropped, and this resolves.
   */
  publish(event: FleetEvent, headers?: Record<string, unknown>): Promise<void>;

  /** Resolves when an event that was to be published later is confirmed; at once, if none with this id waits. */
  confirmed(eventId: string): Promise<void>;
}
