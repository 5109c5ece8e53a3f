import { join } from 'node:path';
import { latestTime } from '../host/state/host-clock.ts';
import { type Examined, type Finding, failure, ok, RUN_MS, warning } from './finding.ts';
import { isThere } from './is-there.ts';

const TIMEDATECTL = '/usr/bin/timedatectl';
const CHRONYC = '/usr/bin/chronyc';
const WHY = 'jobs have an expiry, and keys a term: a wrong clock refuses what is good, or takes what is late';

const TOLERANCE_MS = 5_000;

/** Whether the host's clock is synchronised, as timedatectl or chronyc says. */
export async function examineClock({ run, settings: { stateDir } }: Examined): Promise<Finding[]> {
  const now = new Date().toISOString();
  const latest = await latestTime(stateDir);
  if (latest !== null && latest > Date.now() + TOLERANCE_MS) {
    const file = join(stateDir, 'clock');
    return [
      failure(
        `it is ${now} here, but a worker of this host has already seen ${new Date(latest).toISOString()}`,
        `jobs expire by the later one: set the clock, or remove ${file} if the later one was wrong, and start the worker again`,
      ),
    ];
  }
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
