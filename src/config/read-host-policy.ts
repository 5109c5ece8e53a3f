import { HostPolicy } from '../contract/jobs/host-policy.ts';
import { readYamlSettings } from './read-yaml.ts';

/** Reads the policy of the host. Without a file, nothing is limited. @throws {SettingsError} if the file is wrong */
export async function readHostPolicy(path: string | undefined): Promise<HostPolicy> {
  return path === undefined ? HostPolicy.parse({}) : await readYamlSettings(path, HostPolicy);
}
