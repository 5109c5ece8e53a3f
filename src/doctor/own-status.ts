import { readFile } from 'node:fs/promises';

/** The rights of this process, as the kernel has them. A worker that is started in the same way has the same. */
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
