import type { BrokerAccess } from '../../broker/connection/broker-access.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { FleetEvent } from '../../contract/event.ts';
import { withoutTexts } from '../../contract/without-texts.ts';

export function brokerAccess({ amqpUrl, tls }: WorkerSettings): BrokerAccess {
  return { addresses: amqpUrl, tls: tls ?? { external: false } };
}

/** Returns a function that gives what of an event goes to the broker: all of it, or all but its texts. */
export function shownBy({ eventText }: WorkerSettings): <T extends FleetEvent>(event: T) => T {
  return eventText === 'none' ? withoutTexts : (event) => event;
}
