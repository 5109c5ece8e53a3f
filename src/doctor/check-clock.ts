import { join } from 'node:path';
import { latestTime } from '../host/state/host-clock.ts';
import { findProgram } from '../netfilter/tables/programs.ts';
import { type Examined, type Finding, failure, ok, RUN_MS, warning } from './finding.ts';

/** Programs that read whether the kernel's clock is synchronised, whoever sees to that, and how each says yes or no. */
const READERS = [
  {
    name: 'timedatectl',
    args: ['show', '--property=NTPSynchronized', '--value'],
    yes: /^yes$/m,
    no: /^no$/m,
  },
  { name: 'adjtimex', args: ['--print'], yes: /return value = [0-4]$/m, no: /return value = 5$/m },
  {
    name: 'ntptime',
    args: [],
    yes: /ntp_gettime\(\) returns code [0-4] /,
    no: /ntp_gettime\(\) returns code 5 /,
  },
  { name: 'busybox', args: ['adjtimex'], yes: /return value: [0-4] /, no: /return value: 5 / },
] as const;
const WHY = 'jobs have an expiry, and keys a term: a wrong clock refuses what is good, or takes what is late';

const TOLERANCE_MS = 5_000;

/** Whether the clock of the kernel is synchronised. Node cannot ask that itself. */
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
  const inVain: string[] = [];
  for (const reader of READERS) {
    const { isSynchronised, problem } = await ask(reader, run);
    if (isSynchronised !== null) return [verdictOn(isSynchronised, now, reader.name)];
    inVain.push(`${reader.name} ${problem}`);
  }
  return [
    warning(
      `it is ${now} here; nobody can tell whether the clock is synchronised: ${inVain.join('; ')}`,
      `${WHY}: see that the host has NTP; to have it looked at here, install the package busybox or adjtimex`,
    ),
  ];
}

/** An answer that is neither yes nor no, such as that of a busybox without adjtimex, is none. */
async function ask(
  { name, args, yes, no }: (typeof READERS)[number],
  run: Examined['run'],
): Promise<{ isSynchronised: boolean | null; problem: string }> {
  const file = await findProgram(name);
  if (file === null) return { isSynchronised: null, problem: 'is not installed' };
  const { stdout, stderr, startError } = await run({ file, args, timeoutMs: RUN_MS });
  // Some end with the kernel's answer as their status.
  if (yes.test(stdout)) return { isSynchronised: true, problem: '' };
  if (no.test(stdout)) return { isSynchronised: false, problem: '' };
  const said = (startError?.message ?? (stderr || stdout)).trim().split('\n').at(-1);
  return { isSynchronised: null, problem: `says: ${said === '' ? 'nothing' : said}` };
}

function verdictOn(isSynchronised: boolean, now: string, asked: string): Finding {
  return isSynchronised
    ? ok(`it is ${now} here, and the clock is synchronised (${asked})`)
    : warning(
        `it is ${now} here, and the clock is not synchronised (${asked})`,
        `${WHY}: set up NTP, such as with the package systemd-timesyncd or chrony`,
      );
}
