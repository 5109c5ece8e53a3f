import * as z from 'zod';
import { IN_WORDS } from '../contract/words/describe-issue.ts';
import { resolveFile } from './resolve-file.ts';
import { withSecrets } from './secrets.ts';
import { SettingsError } from './settings-error.ts';
import { environmentName, flagName, SETTINGS, type TlsSettings } from './worker-settings.ts';

const ClientSettings = z.object({
  amqpUrl: SETTINGS.shape.amqpUrl,
  amqpPasswordFile: SETTINGS.shape.amqpPasswordFile,
  amqpCa: SETTINGS.shape.amqpCa,
  amqpCert: SETTINGS.shape.amqpCert,
  amqpKey: SETTINGS.shape.amqpKey,
});
export type ClientSettings = z.infer<typeof ClientSettings> & { tls?: TlsSettings };
export type ClientSettingName = keyof z.infer<typeof ClientSettings>;
export const CLIENT_SETTING_NAMES = Object.keys(ClientSettings.shape) as ClientSettingName[];

/**
 * How to reach the broker, for whoever talks to a fleet: flags over environment over default. A relative path is one from the folder that
 * this process is in.
 *
 * @throws {SettingsError}
 */
export async function loadClientSettings(
  flags: Partial<Record<ClientSettingName, string>>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ClientSettings> {
  const originOf = (setting: ClientSettingName) =>
    flags[setting] === undefined ? environmentName(setting) : flagName(setting);
  const given = CLIENT_SETTING_NAMES.map(
    (name) => [name, resolveFile(name, flags[name] ?? environment[environmentName(name)])] as const,
  );
  const read = ClientSettings.safeParse(
    Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    IN_WORDS,
  );
  if (read.success) return await withSecrets(read.data, {}, originOf);
  const problems = read.error.issues.map(
    ({ path, message }) => `${originOf(String(path[0]) as ClientSettingName)}: ${message}`,
  );
  throw new SettingsError(problems.join('\n'));
}
