import type { Command } from 'commander';
import { environmentName, flagName, SETTING_NAMES } from '../../config/worker-settings.ts';

/** All settings of the worker, and where they may stand. */
export function withWorkerOptions(command: Command): Command {
  command.option('--config <file>', 'settings as YAML (default: /etc/fleetwall/worker.yaml, if it is there)');
  for (const setting of SETTING_NAMES) {
    command.option(`${flagName(setting)} <value>`, environmentName(setting));
  }
  return command;
}
