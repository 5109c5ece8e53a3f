import type { FileHandle } from 'node:fs/promises';
import { StateUnavailable } from '../job/ports/stores.ts';
import type { RunCommand } from './command.ts';

const FLOCK = '/usr/bin/flock';
const CONFLICT_STATUS = 75;

/**
 * Takes the kernel's lock of an open file. It belongs to the open file, and not to the program that takes it: it ends when the last
 * process that has this file open has closed it (flock(2)).
 *
 * @returns whether it was got in time
 * @throws {StateUnavailable} if it cannot be asked for
 */
export async function flock(file: FileHandle, seconds: number, run: RunCommand): Promise<boolean> {
  const { exitCode, startError, stderr } = await run({
    file: FLOCK,
    args: ['-x', '-w', seconds.toFixed(3), '-E', String(CONFLICT_STATUS), '3'],
    descriptor: file.fd,
    timeoutMs: (seconds + 5) * 1000,
  });
  if (exitCode === 0) return true;
  if (exitCode === CONFLICT_STATUS) return false;
  throw new StateUnavailable(`${FLOCK} failed: ${startError?.message ?? stderr}`, { cause: startError });
}
