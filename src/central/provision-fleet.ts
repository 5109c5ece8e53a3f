import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrokerDefinitions, type FleetDefinition, fleetDefinitions } from '../broker/definitions.ts';
import { Management, ManagementError } from '../broker/management.ts';
import { makeFolder } from '../system/make-folder.ts';

export { ManagementError, ManagementUnreachable } from '../broker/management.ts';

export interface NamedHost {
  hostId: string;
  groups: readonly string[];
}

export interface ProvisionOptions {
  vhost: string;
  queueType: 'quorum' | 'classic';
  hosts: readonly NamedHost[];
  operators: readonly string[];
  /** Users who only hear events. */
  readers: readonly string[];
  /** Where each user's password is, or is put, in a file of its own; `null`: they log in by certificates. */
  passwordFolder: string | null;
}

/** So many hosts in one request: the broker takes 8 MiB in one. */
const HOSTS_AT_ONCE = 500;
/** Of one host: its worker's, its probes to each node, doctor, and those that the broker has not given up yet. One host must not use up all. */
const MOST_CONNECTIONS = 20;

/** What would be made, as one file of definitions. Passwords that are there already stay. */
export async function describeFleet(options: ProvisionOptions): Promise<BrokerDefinitions> {
  return fleetDefinitions(await withPasswords(options));
}

/**
 * Makes the fleet on the broker: can be said again, and for more hosts, at any time.
 *
 * @throws {ManagementError}
 */
export async function provisionFleet(options: ProvisionOptions, managementUrl: URL): Promise<void> {
  const management = new Management(managementUrl);
  await assertPlainUsers(options, management);
  const fleet = await withPasswords(options);
  for (let at = 0; at === 0 || at < fleet.hosts.length; at += HOSTS_AT_ONCE) {
    const hosts = fleet.hosts.slice(at, at + HOSTS_AT_ONCE);
    await management.define(fleetDefinitions({ ...fleet, hosts }));
  }
  for (const host of fleet.hosts) {
    await management.unbindLeftGroups(fleet.vhost, host);
    await management.limitConnections(host.hostId, MOST_CONNECTIONS);
  }
}

/** @throws {ManagementError} if one of them is a user of somebody else's, as far as that can be seen */
async function assertPlainUsers(
  { hosts, operators, readers }: ProvisionOptions,
  management: Management,
): Promise<void> {
  const tagged = await management.taggedUsers();
  const wanted = [...hosts.map(({ hostId }) => hostId), ...operators, ...readers];
  const odd = wanted.find((name) => tagged.has(name));
  if (odd === undefined) return;
  throw new ManagementError(
    `user ${odd} is on the broker, with the tags ${tagged.get(odd)}: that, its password and its rights would be taken from it, and nothing was made. Choose another name, or delete that user`,
  );
}

/** @throws {ManagementError} */
export async function removeHosts(
  vhost: string,
  hostIds: readonly string[],
  managementUrl: URL,
): Promise<void> {
  const management = new Management(managementUrl);
  for (const hostId of hostIds) await management.removeHost(vhost, hostId);
}

async function withPasswords(options: ProvisionOptions): Promise<FleetDefinition> {
  const { vhost, queueType, passwordFolder } = options;
  if (passwordFolder !== null) await makeFolder(passwordFolder, 0o700);
  const passwordOf = async (name: string) =>
    passwordFolder === null ? null : await passwordIn(join(passwordFolder, name));
  const hosts = [];
  for (const host of options.hosts) hosts.push({ ...host, password: await passwordOf(host.hostId) });
  const withPassword = async (name: string) => ({ name, password: await passwordOf(name) });
  const operators = [];
  for (const name of options.operators) operators.push(await withPassword(name));
  const readers = [];
  for (const name of options.readers) readers.push(await withPassword(name));
  return { vhost, queueType, hosts, operators, readers };
}

async function passwordIn(path: string): Promise<string> {
  try {
    const file = await open(path, 'wx', 0o600);
    const password = randomBytes(24).toString('base64url');
    await file.writeFile(`${password}\n`);
    await file.close();
    return password;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  }
}
