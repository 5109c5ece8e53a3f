import type { BrokerAccess } from '../../broker/connection/broker-access.ts';
import { readSecretsAgain } from '../../config/secrets.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { withoutTexts } from '../../contract/events/without-texts.ts';

export function brokerAccess({ amqpUrl, tls }: WorkerSettings): BrokerAccess {
  return { addresses: amqpUrl, tls: tls ?? { external: false } };
}

/** As the files of the settings are now. @throws {SettingsError} if one cannot be read now */
export async function readBrokerAccess(settings: WorkerSettings): Promise<BrokerAccess> {
  return brokerAccess(await readSecretsAgain(settings));
}

/** Returns a function that gives what of an event goes to the broker: all of it, or all but its texts. */
export function shownBy({ eventText }: WorkerSettings): <T extends FleetEvent>(event: T) => T {
  return eventText === 'none' ? withoutTexts : (event) => event;
}
