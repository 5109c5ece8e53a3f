import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** What of the machine belongs into each event. A boot id tells two runs of the same machine apart. */
export async function readKernelFacts(): Promise<{ kernel: string; bootId: string }> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return { kernel: release(), bootId: bootId.trim() };
}
