import { userOf } from '../broker/connection/broker-access.ts';
import { FleetLink, type LinkOptions } from '../broker/fleet-link.ts';
import { Operator } from './ask/operator.ts';
import type { ConnectOptions } from './connect-options.ts';
import { EventReader } from './log/event-reader.ts';
import { readConnectOptions } from './read-connect-options.ts';

/** @throws {SettingsError} {@link BrokerUnreachable}; what the signal was aborted with */
export async function connectOperator(options: ConnectOptions, log: LinkOptions['log']): Promise<Operator> {
  const { keys, ...how } = await readConnectOptions(options);
  const link = await FleetLink.connect({ ...how, log, signal: options.signal });
  return new Operator(link, keys, new EventReader(userOf(how.access)));
}
