import { type Examined, type Finding, ok, RUN_MS, warning } from './finding.ts';
import { isThere } from './is-there.ts';

const TIMEDATECTL = '/usr/bin/timedatectl';
const CHRONYC = '/usr/bin/chronyc';
const WHY = 'jobs have an expiry, and keys a term: a wrong clock refuses what is good, or takes what is late';

/** Whether the host's clock is synchronised, as timedatectl or chronyc says. */
export async function examineClock({ run }: Examined): Promise<Finding[]> {
  const now = new Date().toISOString();
  if (await isThere(TIMEDATECTL)) {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { exitCode, stdout } = await run({ file: TIMEDATECTL, args, timeoutMs: RUN_MS });
    if (exitCode === 0) return [verdictOn(stdout.trim() === 'yes', now)];
  }
  if (await isThere(CHRONYC)) {
    const { exitCode, stdout } = await run({ file: CHRONYC, args: ['-c', 'tracking'], timeoutMs: RUN_MS });
    if (exitCode === 0) return [verdictOn(!stdout.trim().endsWith('Not synchronised'), now)];
  }
  return [
    warning(`it is ${now} here; whether that is right cannot be told`, `${WHY}: see that the host has NTP`),
  ];
}

function verdictOn(isSynchronised: boolean, now: string): Finding {
  return isSynchronised
    ? ok(`it is ${now} here, and kept right`)
    : warning(`it is ${now} here, and nobody keeps the clock right`, `${WHY}: set up NTP`);
}
