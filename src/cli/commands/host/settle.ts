import { Command } from 'commander';
import { loadSettings } from '../../../config/load-settings.ts';
import { openLog } from '../../../log/logger.ts';
import { settleLater } from '../../../worker/upkeep/settle-later.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';

/** Not for people: what the watchdog of a change runs when the change has had its time. */
export function settleCommand(end: (status: ExitStatus) => void): Command {
  return new Command('settle')
    .argument('<job>', 'the id of the job that made the change')
    .action(async (jobId: string) => {
      const settings = await loadSettings({ flags: {}, configFile: '/dev/null' });
      const { log } = openLog({
        level: settings.logLevel,
        file: settings.logFile ?? `${settings.stateDir}/watchdog.log`,
        hostId: settings.hostId,
      });
      try {
        await settleLater(jobId, settings, log);
      } catch (error) {
        log.error({ jobId, error }, 'The watchdog could not settle a change');
        throw error;
      }
      end(0);
    });
}
