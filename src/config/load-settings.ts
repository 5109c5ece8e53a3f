import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IN_WORDS } from '../contract/words/describe-issue.ts';
import { assertOwnFile, parseYaml } from './read-yaml.ts';
import { resolveFile } from './resolve-file.ts';
import { withSecrets } from './secrets.ts';
import { SettingsError } from './settings-error.ts';
import {
  environmentName,
  flagName,
  SETTING_NAMES,
  type SettingName,
  WorkerSettings,
} from './worker-settings.ts';

export interface SettingSources {
  /** What was given on the command line, by the names of the settings. */
  flags: Partial<Record<SettingName, string>>;
  /** By default, the environment of this process. */
  environment?: NodeJS.ProcessEnv;
  /** The file of `--config`; if it is not given, the default file is read if it exists. */
  configFile: string | undefined;
}

const DEFAULT_FILE = '/etc/fleetwall/worker.yaml';

/**
 * Reads all settings. A flag goes before the environment, the environment before the file, and the file before the default.
 * A relative path of a file is one from the folder of the settings file, or else from the folder that this process is in.
 *
 * @throws {SettingsError} that names each wrong setting and its source, and never shows a value that may be secret
 */
export async function loadSettings({
  flags,
  environment = process.env,
  configFile,
}: SettingSources): Promise<WorkerSettings> {
  const file = await readSettingsFile(configFile);
  const origins = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const setting of SETTING_NAMES) {
    const name = environmentName(setting);
    const given = [
      { value: flags[setting], origin: flagName(setting) },
      { value: environment[name], origin: name },
      { value: file.values[setting], origin: `${setting} in ${file.path}`, folder: dirname(file.path) },
    ].find(({ value }) => value !== undefined);
    if (given === undefined) continue;
    values[setting] = resolveFile(setting, given.value, given.folder);
    origins.set(setting, given.origin);
  }
  const problems: string[] = [];
  const read = WorkerSettings.safeParse(values, IN_WORDS);
  for (const issue of read.error?.issues ?? []) {
    const setting = String(issue.path[0] ?? '');
    problems.push(`${origins.get(setting) ?? `${environmentName(setting)} (default)`}: ${issue.message}`);
  }
  if (read.data === undefined || problems.length > 0) throw new SettingsError(problems.join('\n'));
  return await withSecrets(
    read.data,
    environment,
    (setting) => origins.get(setting) ?? environmentName(setting),
  );
}

async function readSettingsFile(
  configFile: string | undefined,
): Promise<{ path: string; values: Record<string, unknown> }> {
  const path = configFile ?? DEFAULT_FILE;
  let text: string;
  try {
    await assertOwnFile(path);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    if (configFile === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT')
      return { path, values: {} };
    throw new SettingsError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  const values = await parseSettings(path, text);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new SettingsError(`${path}: must be a mapping of settings to values`);
  }
  const known = new Set<string>(SETTING_NAMES);
  const unknown = Object.keys(values).filter((key) => !known.has(key));
  if (unknown.length > 0) throw new SettingsError(`${path}: there is no setting ${unknown.join(', ')}`);
  return { path, values: values as Record<string, unknown> };
}

async function parseSettings(path: string, text: string): Promise<unknown> {
  try {
    return (await parseYaml(text)) ?? {};
  } catch (error) {
    throw new SettingsError(`${path}: is not YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}
