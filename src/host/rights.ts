import { readFile } from 'node:fs/promises';

/** A capability that a worker needs. */
export interface Right {
  name: string;
  /** Its number in the kernel's capability.h. */
  bit: bigint;
  why: string;
}

export const SYS_ADMIN = 21n;

/** All capabilities that a worker needs. */
export const NEEDED: readonly Right[] = [
  { name: 'CAP_NET_ADMIN', bit: 12n, why: 'to read and write rules' },
  { name: 'CAP_NET_RAW', bit: 13n, why: 'for iptables-legacy' },
  {
    name: 'CAP_SYS_ADMIN',
    bit: SYS_ADMIN,
    why: 'for the network namespaces in which rules are rehearsed, and for named ones',
  },
];

/** The rights of this process, as the kernel has them: the programs that it starts have them, too. */
export interface OwnStatus {
  has: (capabilityBit: bigint) => boolean;
  /** Whether a filter of system calls is at work, as a container's profile or a unit's SystemCallFilter is. */
  isFiltered: boolean;
}

const FILTER_MODE = '2';

export async function readOwnStatus(): Promise<OwnStatus> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return {
    has: (bit) => ((effective >> bit) & 1n) === 1n,
    isFiltered: /^Seccomp:\s*(\d)$/m.exec(status)?.[1] === FILTER_MODE,
  };
}

/** The capabilities that this process needs as a worker, and has not. */
export async function missingRights(): Promise<Right[]> {
  const { has } = await readOwnStatus();
  return NEEDED.filter(({ bit }) => !has(bit));
}
