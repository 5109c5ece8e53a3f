import type { BrokerAccess } from '../broker/connection/broker-access.ts';
import { type ClientSettings, loadClientSettings } from '../config/client-settings.ts';
import { readSigningKey, type SigningKey } from '../keys/signing-key.ts';

/** How to reach a fleet's broker. All but the URL are paths of files. */
export interface ConnectOptions {
  /** `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps:`; several brokers of a cluster with commas between. */
  url?: string;
  passwordFile?: string;
  ca?: string;
  /** With a certificate and no user in the URL, the broker takes the user from there. */
  cert?: string;
  key?: string;
  /** Private keys, with which all that is sent is signed. */
  signWith?: readonly string[];
  /** Shown in the broker's list of connections. */
  name?: string;
  /** In place of the URL and the files, as they were read before. */
  settings?: ClientSettings;
  /** Ends the attempt to connect. */
  signal?: AbortSignal | undefined;
}

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
