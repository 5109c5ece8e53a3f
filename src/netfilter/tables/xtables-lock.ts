import { join } from 'node:path';

/**
 * The environment for a program that only reads. Legacy iptables takes the machine's xtables lock even to read, or in a namespace
 * of its own. With its own lock file (`XTABLES_LOCKFILE`, from 1.8.6 on) it neither waits nor keeps others waiting.
 */
export function readingLock(runDir: string): Record<string, string> {
  return { XTABLES_LOCKFILE: join(runDir, 'reading.xtables-lock') };
}

export function rehearsalLock(runDir: string): Record<string, string> {
  return { XTABLES_LOCKFILE: join(runDir, 'rehearsal.xtables-lock') };
}
