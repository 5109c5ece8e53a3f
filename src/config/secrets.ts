import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../system/read-text.ts';
import type { AmqpAddress } from './amqp-address.ts';
import { assertOneWriter } from './read-yaml.ts';
import { SettingsError } from './settings-error.ts';
import { environmentName, type TlsSettings } from './worker-settings.ts';

type Named = Partial<Record<FileSetting, string | undefined>> & { amqpUrl: AmqpAddress[] };
type FileSetting = 'amqpPasswordFile' | 'amqpCa' | 'amqpCert' | 'amqpKey';

/** The names of the credentials that a systemd unit gets by `LoadCredential=`: systemd.exec(5). */
const CREDENTIAL: Record<FileSetting, string> = {
  amqpPasswordFile: 'fleetwall.amqp-password',
  amqpCa: 'fleetwall.amqp-ca',
  amqpCert: 'fleetwall.amqp-cert',
  amqpKey: 'fleetwall.amqp-key',
};
const OTHERS_READ = 0o077;

/**
 * Reads what is kept in files, out of the URL and the environment: the password, and the certificates and key for TLS. A file
 * that no setting names is looked for among the credentials of the systemd unit.
 *
 * @throws {SettingsError} if a file cannot be read, or does not go with the other settings
 */
export async function withSecrets<T extends Named>(
  settings: T,
  environment: NodeJS.ProcessEnv,
  originOf: (setting: FileSetting) => string,
): Promise<T & { tls: TlsSettings }> {
  const credentials = environment['CREDENTIALS_DIRECTORY'];
  const read = async (setting: FileSetting) => {
    const named = settings[setting];
    const given = credentials === undefined ? undefined : join(credentials, CREDENTIAL[setting]);
    const path = named ?? given;
    return path === undefined
      ? undefined
      : await readSecret(path, named !== undefined, setting, originOf(setting));
  };
  const password = (await read('amqpPasswordFile'))?.replace(/\r?\n$/, '');
  const [ca, cert, key] = [await read('amqpCa'), await read('amqpCert'), await read('amqpKey')];
  if ((cert === undefined) !== (key === undefined)) {
    throw new SettingsError(
      `${originOf('amqpCert')}, ${originOf('amqpKey')}: a certificate and its key go together`,
    );
  }
  const tls: TlsSettings = {
    ca,
    cert,
    key,
    external: cert !== undefined && settings.amqpUrl.every(({ hasUser }) => !hasUser),
  };
  const plain = settings.amqpUrl.find(({ protocol }) => protocol === 'amqp');
  if (plain !== undefined && (ca ?? cert) !== undefined) {
    throw new SettingsError(
      `${originOf('amqpCa')}, ${originOf('amqpCert')}: are for amqps, and the address ${plain.hostname}:${plain.port} is amqp`,
    );
  }
  const amqpUrl =
    password === undefined ? settings.amqpUrl : settings.amqpUrl.map((address) => ({ ...address, password }));
  return { ...settings, amqpUrl, tls };
}

async function readSecret(
  path: string,
  isNamed: boolean,
  setting: FileSetting,
  origin: string,
): Promise<string | undefined> {
  try {
    if (setting === 'amqpKey' && ((await stat(path)).mode & OTHERS_READ) !== 0) {
      throw new SettingsError(`${origin}: others may read the private key: chmod 600 ${path}`);
    }
    await assertOneWriter(path);
    return await readText(path);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SettingsError(`${origin}: cannot be read: ${(error as Error).message}`);
  }
}

/**
 * The same settings with what their files have now: a password or a certificate may have been changed since the start.
 *
 * @throws {SettingsError} if one cannot be read now
 */
export async function readSecretsAgain<T extends Named>(
  settings: T,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<T & { tls: TlsSettings }> {
  return await withSecrets(settings, environment, environmentName);
}
