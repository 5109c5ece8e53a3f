import { type Command, Option } from 'commander';
import type { HostSelection } from '../../central/ask/options.ts';
import { FleetClient } from '../../central/fleet-client.ts';
import {
  CLIENT_SETTING_NAMES,
  type ClientSettingName,
  loadClientSettings,
} from '../../config/client-settings.ts';
import { tellAside } from '../terminal/live-view.ts';
import { optionsUnder } from './help.ts';
import { collect, collectName, readDuration, readSeconds } from './read-values.ts';
import { withSettings } from './setting-options.ts';

/** Flags of every command that talks to a fleet. */
export type FleetFlags = Partial<Record<ClientSettingName, string>> & {
  key: string[];
  json?: true;
};

/** Of those that wait for answers. */
export interface AnswerFlags {
  timeout: number;
}

export interface ExpiryFlags {
  /** In seconds. */
  expires: number;
}

export interface SelectionFlags {
  host: string[];
  group: string[];
  exclude: string[];
  onlineOnly?: true;
  all?: true;
  yes?: true;
}

/** How to reach the fleet, and how to speak to it. */
export function withFleetOptions(command: Command): Command {
  command
    .addOption(
      new Option('--key <file>', 'a private key to sign with; may be given several times')
        .env('FLEETWALL_SIGNING_KEY')
        // An empty variable is as none.
        .argParser((path, paths?: string[]) => (path === '' ? (paths ?? []) : collect(path, paths)))
        .default([], 'nothing is signed'),
    )
    .option('--json', 'print JSON, one object a line, on standard output');
  return optionsUnder('The broker:', command, (under) => withSettings(under, CLIENT_SETTING_NAMES));
}

/** How long to wait, and what for. */
export function withTimeout(command: Command, awaited = 'for the answer of a host', seconds = 60): Command {
  return command.addOption(
    new Option('--timeout <seconds>', `how many seconds to wait ${awaited}`)
      .argParser(readSeconds)
      .default(seconds),
  );
}

/** For how long a job that was sent may be taken up. */
export function withExpiry(command: Command): Command {
  return command.addOption(
    new Option(
      '--expires <duration>',
      'for how long a host that is away or busy may take the job up, such as 90s, 15m, 4h or 7d; later it does not run it',
    )
      .argParser(readDuration)
      .default(3_600, '1h'),
  );
}

export function withSelectionOptions(command: Command): Command {
  return optionsUnder('For whom:', command, (under) =>
    under
      .option('--host <id>', 'a host; may be given several times', collectName, [])
      .option('--group <name>', 'the hosts of a group; may be given several times', collectName, [])
      .option('--all', 'every host of the fleet')
      .option('--exclude <id>', 'leave this host out; may be given several times', collectName, [])
      .option('--online-only', 'leave out hosts of groups, or of all, that do not answer now')
      .option('--yes', 'do not ask before something is sent to a group, or to all'),
  );
}

/** @throws {SettingsError} {@link BrokerUnreachable} */
export async function withClient<T>(
  flags: FleetFlags,
  work: (client: FleetClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const onInterrupt = (signal: 'SIGINT' | 'SIGTERM') => interrupted.abort(new Interrupted(signal));
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  let client: FleetClient | undefined;
  try {
    client = await FleetClient.connect({
      settings: await loadClientSettings(flags),
      signWith: flags.key,
      name: 'fleetwall command',
      signal: interrupted.signal,
      onNote: tellAside,
    });
    return await work(client, interrupted.signal);
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
    await client?.close();
  }
}

/** A job that these hosts have not ended. */
interface OpenJob {
  jobId: string;
  hosts: readonly string[];
}

/** By Ctrl-C (SIGINT), or SIGTERM. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** What was sent, with the hosts that have not ended it. */
  readonly jobs: readonly OpenJob[];

  /** @param after what becomes of what was begun, if anything was */
  constructor(signal: 'SIGINT' | 'SIGTERM', after?: string, jobs: readonly OpenJob[] = []) {
    super(after === undefined ? 'interrupted' : `interrupted; ${after}`);
    this.signal = signal;
    this.jobs = jobs;
  }
}

export function selectionOf(
  { host, group, all, exclude, onlineOnly }: SelectionFlags,
  command: Command,
): HostSelection {
  if (host.length === 0 && group.length === 0 && all !== true) {
    command.error('error: say for whom: --host ID, --group NAME or --all');
  }
  return { hosts: host, groups: group, all: all === true, exclude, onlineOnly: onlineOnly === true };
}
