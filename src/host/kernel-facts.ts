import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** Facts of the machine for each event. The boot id is another one after each boot. */
export async function readKernelFacts(): Promise<{ kernel: string; bootId: string }> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return { kernel: release(), bootId: bootId.trim() };
}
