import { access, stat } from 'node:fs/promises';
import { SetupError } from '../../config/setup-error.ts';

/** The network namespace whose rules are managed. */
export interface NetworkNamespace {
  /** `null`: the worker's own namespace. */
  name: string | null;
  /** Identifies the namespace, whatever its name is. */
  inode: number;
  /** What to put before a command so that it runs in the namespace. */
  prefix: readonly string[];
}

export const NSENTER = '/usr/bin/nsenter';

/** @throws {SetupError} if there is no such namespace */
export async function openNamespace(name: string | null): Promise<NetworkNamespace> {
  if (name === null) {
    return { name, inode: (await stat('/proc/self/ns/net')).ino, prefix: [] };
  }
  const path = `/run/netns/${name}`;
  const inode = await stat(path).then(
    (found) => found.ino,
    () => null,
  );
  if (inode === null) {
    throw new SetupError(
      `network namespace ${name} does not exist: create it with "ip netns add ${name}", or correct FLEETWALL_NETNS`,
    );
  }
  await access(NSENTER).catch(() => {
    throw new SetupError(`${NSENTER} is missing: install the package util-linux`);
  });
  // Not `ip netns exec`, which also changes the mounts. `nsenter` needs only CAP_SYS_ADMIN.
  return { name, inode, prefix: [NSENTER, `--net=${path}`, '--'] };
}
