import { type Finding, failure, ok } from './finding.ts';
import { readOwnStatus } from './own-status.ts';

export const SYS_ADMIN = 21n;

/** The capabilities that a worker needs. `bit` is the number in the kernel's capability.h. */
const NEEDED = [
  { name: 'CAP_NET_ADMIN', bit: 12n, why: 'to read and write rules' },
  { name: 'CAP_NET_RAW', bit: 13n, why: 'for iptables-legacy' },
  {
    name: 'CAP_SYS_ADMIN',
    bit: SYS_ADMIN,
    why: 'for the network namespaces in which rules are rehearsed, and for named ones',
  },
] as const;

/** The capabilities of this process. A worker that is started in the same way has the same. */
export async function examineRights(): Promise<Finding[]> {
  const { has } = await readOwnStatus();
  const missing = NEEDED.filter(({ bit }) => !has(bit));
  if (missing.length === 0) return [ok(NEEDED.map(({ name }) => name).join(', '))];
  const names = missing.map(({ name, why }) => `${name} (${why})`).join(', ');
  const flags = missing.map(({ name }) => `--cap-add ${name.replace('CAP_', '')}`).join(' ');
  return [
    failure(
      `missing: ${names}`,
      `run it as root; in a container, with ${flags}; in a unit of systemd, with them in CapabilityBoundingSet`,
    ),
  ];
}
