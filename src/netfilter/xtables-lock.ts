import { join } from 'node:path';

/**
 * Legacy iptables takes the xtables lock of the machine also where it only reads, or works in a namespace that nobody else has.
 * With a lock file of its own (`XTABLES_LOCKFILE`, from 1.8.6 on) it holds up nobody, and waits for nobody.
 */
export function readingLock(runDir: string): Record<string, string> {
  return { XTABLES_LOCKFILE: join(runDir, 'reading.xtables-lock') };
}

export function rehearsalLock(runDir: string): Record<string, string> {
  return { XTABLES_LOCKFILE: join(runDir, 'rehearsal.xtables-lock') };
}
