import { Command } from 'commander';
import { loadSettings } from '../../../config/load-settings.ts';
import { assertOwnLog } from '../../../config/own-log.ts';
import { readHostPolicy } from '../../../config/read-host-policy.ts';
import { type HostProbe, readHostProbes } from '../../../config/read-host-probes.ts';
import { readServiceEnvironment } from '../../../config/service-environment.ts';
import type { SettingName, WorkerSettings } from '../../../config/worker-settings.ts';
import type { HostPolicy } from '../../../contract/jobs/host-policy.ts';
import { type OpenLog, openLog } from '../../../log/logger.ts';
import { runWorker } from '../../../worker/run-worker.ts';
import { withExamples } from '../../options/help.ts';
import { withWorkerOptions } from '../../options/setting-options.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

type Flags = Partial<Record<SettingName, string>>;

export function workerCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('worker');
  withWorkerOptions(command).action(async ({ config, ...flags }: { config?: string } & Flags) => {
    await workUntilStopped(async () => await readSettings(flags, config));
    end(0);
  });
  return withExamples(command, [
    ['with the settings of /etc/fleetwall/worker.yaml', 'fleetwall worker'],
    [
      'to try it out: a broker on this machine, and jobs that nobody has signed',
      'fleetwall worker --host-id web-1 --groups web,prod --allow-unsigned true',
    ],
    [
      'only jobs that the operators have signed',
      'fleetwall worker --amqp-url amqps://broker.example/fleet --trusted-keys /etc/fleetwall/trusted.json',
    ],
  ]);
}

interface Read {
  settings: WorkerSettings;
  probes: HostProbe[];
  policy: HostPolicy;
}

async function readSettings(flags: Flags, configFile: string | undefined): Promise<Read> {
  const settings = await loadSettings({ flags, configFile });
  if (settings.logFile !== undefined) await assertOwnLog(settings.logFile);
  const [probes, policy] = await Promise.all([
    readHostProbes(settings.probes),
    readHostPolicy(settings.policy),
  ]);
  return { settings, probes, policy };
}

/** A worker goes by the settings that it was started with: for others, there is another one after it, in the same process. */
async function workUntilStopped(read: () => Promise<Read>): Promise<void> {
  const service = readServiceEnvironment();
  let current = await read();
  let opened = openLogOf(current);
  const stop = new AbortController();
  let turn = new AbortController();
  const onStop = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted)
      opened.log.warn({ signal }, 'Still finishing the job in hand: end it with SIGKILL only');
    stop.abort();
  };
  const onReload = async () => {
    opened.reopen();
    try {
      const next = await read();
      const isSame = JSON.stringify(next) === JSON.stringify(current);
      opened.log.info({ isSame }, 'Settings were read again');
      current = next;
      if (!isSame) turn.abort();
    } catch (error) {
      opened.log.error({ error }, 'Settings were read again, and are wrong: those from before stay');
    }
  };
  // Never taken off again: a signal that comes late must not end the process in the midst of its good-bye.
  process
    .on('SIGTERM', onStop)
    .on('SIGINT', onStop)
    .on('SIGHUP', () => void onReload());
  while (!stop.signal.aborted) {
    turn = new AbortController();
    await runWorker({ ...current, service }, opened.log, AbortSignal.any([stop.signal, turn.signal]));
    opened = openLogOf(current);
  }
}

function openLogOf({ settings: { logLevel: level, logFile: file, hostId } }: Read): OpenLog {
  return openLog({ level, file, hostId });
}
