import type { Command } from 'commander';
import { describeSetting, SETTING_NAMES, type SettingName } from '../../config/worker-settings.ts';
import { optionsUnder } from './help.ts';

/** All settings of the worker, and where they may stand. */
export function withWorkerOptions(command: Command): Command {
  return optionsUnder('Settings of the worker:', withConfigFile(command), (under) =>
    withSettings(under, SETTING_NAMES),
  );
}

/** Settings, each as the option that its own text makes of it. */
export function withSettings(command: Command, names: readonly SettingName[]): void {
  for (const name of names) {
    const { flags, description } = describeSetting(name);
    command.option(flags, description);
  }
}

export function withConfigFile(command: Command): Command {
  return command.option(
    '--config <file>',
    "a YAML file of the worker's settings; flags and the environment come before it (default: /etc/fleetwall/worker.yaml, if it is there)",
  );
}
