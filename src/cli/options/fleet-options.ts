import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Selection } from '../../central/fleet/select.ts';
import { FleetClient } from '../../central/fleet-client.ts';
import {
  CLIENT_SETTING_NAMES,
  type ClientSettingName,
  loadClientSettings,
} from '../../config/client-settings.ts';
import { environmentName, flagName } from '../../config/worker-settings.ts';
import { HostId } from '../../contract/identifiers.ts';

/** Flags of every command that talks to a fleet. */
export type FleetFlags = Partial<Record<ClientSettingName, string>> & {
  key: string[];
  timeout: number;
  json?: true;
};

export interface SelectionFlags {
  host: string[];
  group: string[];
  exclude: string[];
  all?: true;
  yes?: true;
}

export function withFleetOptions(command: Command): Command {
  for (const setting of CLIENT_SETTING_NAMES) {
    command.option(`${flagName(setting)} <value>`, environmentName(setting));
  }
  return command
    .addOption(
      new Option('--key <file>', 'a private key to sign with; repeatable')
        .env('FLEETWALL_SIGNING_KEY')
        .argParser(collect)
        .default([]),
    )
    .addOption(new Option('--timeout <seconds>', 'for an answer').argParser(readSeconds).default(60))
    .option('--json', 'print JSON, one object a line');
}

export function withSelectionOptions(command: Command): Command {
  return command
    .option('--host <id>', 'a host; repeatable', collectName, [])
    .option('--group <name>', 'the hosts of a group; repeatable', collectName, [])
    .option('--all', 'every host of the fleet')
    .option('--exclude <id>', 'but not this host; repeatable', collectName, [])
    .option('--yes', 'do not ask');
}

/** @throws {SettingsError} {@link BrokerUnreachable} */
export async function withClient<T>(
  flags: FleetFlags,
  work: (client: FleetClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const onInterrupt = () => interrupted.abort(new Interrupted());
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const client = await FleetClient.connect({
    settings: await loadClientSettings(flags),
    signWith: flags.key,
    name: 'fleetwall command',
    signal: interrupted.signal,
  });
  try {
    return await work(client, interrupted.signal);
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
    await client.close();
  }
}

/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  override readonly message = 'interrupted; what was sent is sent, and hosts go on with it';
}

export function selectionOf({ host, group, all, exclude }: SelectionFlags, command: Command): Selection {
  if (host.length === 0 && group.length === 0 && all !== true) {
    command.error('error: say for whom: --host ID, --group NAME or --all');
  }
  return { hosts: host, groups: group, all: all === true, exclude };
}

export function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('A number of seconds.');
  return seconds;
}

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}

function collectName(value: string, values: string[]): string[] {
  const read = HostId.safeParse(value);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no name'}.`);
  return [...values, value];
}
