import type { BrokerAccess } from '../broker/connection/broker-access.ts';
import { loadClientSettings } from '../config/client-settings.ts';
import { readSigningKey, type SigningKey } from '../keys/signing-key.ts';
import type { ConnectOptions } from './connect-options.ts';

/** @throws {SettingsError} */
export async function readConnectOptions(
  options: ConnectOptions,
): Promise<{ access: BrokerAccess; keys: SigningKey[]; name: string }> {
  const { signWith = [], name = 'fleetwall client' } = options;
  const { amqpUrl, tls } = options.settings ?? (await loadClientSettings(flagsOf(options), {}));
  const keys = await Promise.all(signWith.map(readSigningKey));
  return { access: { addresses: amqpUrl, tls: tls ?? { external: false } }, keys, name };
}

function flagsOf({ url, passwordFile, ca, cert, key }: ConnectOptions) {
  const flags = { amqpUrl: url, amqpPasswordFile: passwordFile, amqpCa: ca, amqpCert: cert, amqpKey: key };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
