import { randomUUID } from 'node:crypto';
import type { FleetLink } from '../../broker/fleet-link.ts';
import { cloudEventMessage } from '../../broker/publish/event-message.ts';
import { logMarked, markerKey } from '../../contract/events/log-marker.ts';
import { OPERATOR_EXCHANGE } from '../../contract/words/names.ts';

/** The event log has no end. Whoever wants to know where it ended at a moment publishes a marker then, and reads up to it. */
export class LogMarker {
  readonly #id = randomUUID();
  readonly #key = markerKey(this.#id);

  /** May be published more than once. @throws as {@link FleetLink.publish} */
  async publish(link: Pick<FleetLink, 'publish'>, signal: AbortSignal | undefined): Promise<void> {
    await link.publish(cloudEventMessage(OPERATOR_EXCHANGE, this.#key, logMarked(this.#id)), signal);
  }

  is({ key }: { key: string }): boolean {
    return key === this.#key;
  }
}
