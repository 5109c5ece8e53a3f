import { randomUUID } from 'node:crypto';
import type { FleetLink } from '../../broker/fleet-link.ts';
import { OPERATOR_EXCHANGE } from '../../contract/words/names.ts';

/** The event log has no end. Whoever wants to know where it ended at a moment publishes a marker then, and reads up to it. */
export class LogMarker {
  readonly #key = `marker.${randomUUID()}`;

  /** May be published more than once. @throws as {@link FleetLink.publish} */
  async publish(link: Pick<FleetLink, 'publish'>, signal: AbortSignal | undefined): Promise<void> {
    const body = Buffer.from('{}');
    const contentType = 'application/json';
    const message = {
      exchange: OPERATOR_EXCHANGE,
      key: this.#key,
      body,
      contentType,
      messageId: randomUUID(),
    };
    await link.publish(message, signal);
  }

  is({ key }: { key: string }): boolean {
    return key === this.#key;
  }
}
