import { readFile } from 'node:fs/promises';
import { type Finding, failure, ok } from './finding.ts';

/** The capabilities that a worker needs. `bit` is the number in the kernel's capability.h. */
const NEEDED = [
  { name: 'CAP_NET_ADMIN', bit: 12n, why: 'to read and write rules' },
  { name: 'CAP_NET_RAW', bit: 13n, why: 'for iptables-legacy' },
  {
    name: 'CAP_SYS_ADMIN',
    bit: 21n,
    why: 'for the network namespaces in which rules are rehearsed, and for named ones',
  },
] as const;

/** The capabilities of this process. A worker that is started in the same way has the same. */
export async function examineRights(): Promise<Finding[]> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = NEEDED.filter(({ bit }) => ((effective >> bit) & 1n) === 0n);
  if (missing.length === 0) return [ok(NEEDED.map(({ name }) => name).join(', '))];
  const names = missing.map(({ name, why }) => `${name} (${why})`).join(', ');
  return [failure(`missing: ${names}`, 'run it as root, or give it these capabilities')];
}
