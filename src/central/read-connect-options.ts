import type { BrokerAccess } from '../broker/connection/broker-access.ts';
import { type ClientSettings, loadClientSettings } from '../config/client-settings.ts';
import { readSecretsAgain } from '../config/secrets.ts';
import { readSigningKey, type SigningKey } from '../keys/signing-key.ts';
import type { ConnectOptions } from './connect-options.ts';

/** @throws {SettingsError} */
export async function readConnectOptions(options: ConnectOptions): Promise<{
  access: BrokerAccess;
  reread: () => Promise<BrokerAccess>;
  keys: SigningKey[];
  name: string;
}> {
  const { signWith = [], name = 'fleetwall client' } = options;
  const settings = options.settings ?? (await loadClientSettings(flagsOf(options), {}));
  const keys = await Promise.all(signWith.map(readSigningKey));
  const reread = async () => accessOf(await readSecretsAgain(settings, {}));
  return { access: accessOf(settings), reread, keys, name };
}

function accessOf({ amqpUrl, tls }: ClientSettings): BrokerAccess {
  return { addresses: amqpUrl, tls: tls ?? { external: false } };
}

function flagsOf({ url, passwordFile, ca, cert, key }: ConnectOptions) {
  const flags = { amqpUrl: url, amqpPasswordFile: passwordFile, amqpCa: ca, amqpCert: cert, amqpKey: key };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
