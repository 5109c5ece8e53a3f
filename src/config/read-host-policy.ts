import { HostPolicy } from '../contract/host-policy.ts';
import { readYamlSettings } from './read-yaml.ts';

/** Without a file, nothing is limited. @throws {SettingsError} */
export async function readHostPolicy(path: string | undefined): Promise<HostPolicy> {
  return path === undefined ? HostPolicy.parse({}) : await readYamlSettings(path, HostPolicy);
}
