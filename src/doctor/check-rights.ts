import { readFile } from 'node:fs/promises';
import { type Finding, failure, ok } from './finding.ts';

/** Their numbers in the kernel: capability.h. */
const NEEDED = [
  { name: 'CAP_NET_ADMIN', bit: 12n, why: 'to read and write rules' },
  { name: 'CAP_NET_RAW', bit: 13n, why: 'for iptables-legacy' },
  {
    name: 'CAP_SYS_ADMIN',
    bit: 21n,
    why: 'for the network namespaces in which rules are rehearsed, and for named ones',
  },
] as const;

/** What this process may do, and so the worker if it is started in the same way. */
export async function examineRights(): Promise<Finding[]> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = NEEDED.filter(({ bit }) => ((effective >> bit) & 1n) === 0n);
  if (missing.length === 0) return [ok(NEEDED.map(({ name }) => name).join(', '))];
  const names = missing.map(({ name, why }) => `${name} (${why})`).join(', ');
  return [failure(`missing: ${names}`, 'run it as root, or give it these capabilities')];
}
