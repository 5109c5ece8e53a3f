import { Command } from 'commander';
import { loadSettings } from '../config/load-settings.ts';
import { environmentName, flagName, SETTING_NAMES, type SettingName } from '../config/worker-settings.ts';
import { openLog } from '../log/logger.ts';
import { runWorker } from '../worker/run-worker.ts';
import type { ExitStatus } from './exit-status.ts';

export function workerCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('worker')
    .description("run this host's worker until SIGTERM or SIGINT")
    .option('--config <file>', 'settings as YAML (default: /etc/fleetwall/worker.yaml, if it is there)');
  for (const setting of SETTING_NAMES)
    command.option(`${flagName(setting)} <value>`, environmentName(setting));
  return command.action(
    async ({ config, ...flags }: { config?: string } & Partial<Record<SettingName, string>>) => {
      end(await startWorker(flags, config));
    },
  );
}

async function startWorker(
  flags: Partial<Record<SettingName, string>>,
  configFile: string | undefined,
): Promise<ExitStatus> {
  const settings = await loadSettings({ flags, configFile });
  const { log, reopen } = openLog({
    level: settings.logLevel,
    file: settings.logFile,
    hostId: settings.hostId,
  });
  const stop = new AbortController();
  const onStop = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted)
      log.warn({ signal }, 'Still finishing the job in hand: end it with SIGKILL only');
    stop.abort();
  };
  // Never taken off again: a signal that comes late must not end the process in the midst of its good-bye.
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', reopen);
  await runWorker(settings, log, stop.signal);
  return 0;
}
