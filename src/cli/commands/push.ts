import { Command, InvalidArgumentError, Option } from 'commander';
import { hostsOf, lookOnce } from '../../central/fleet/select.ts';
import { type Family, Revision, type Scope } from '../../contract/identifiers.ts';
import { readRulesetFile } from '../files/ruleset-file.ts';
import { askFirst } from '../options/ask-first.ts';
import {
  type FleetFlags,
  readSeconds,
  type SelectionFlags,
  selectionOf,
  withClient,
  withFleetOptions,
  withSelectionOptions,
} from '../options/fleet-options.ts';
import { AnswerReport } from '../show/report-answers.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

export interface RulesetFlags {
  name?: string;
  revision?: number | 'next';
  scope?: Scope;
  family?: Family;
}

export interface ConfirmFlags {
  confirm?: 'probe' | 'manual' | 'none';
  confirmTimeout?: number;
}

type PushFlags = FleetFlags & SelectionFlags & RulesetFlags & ConfirmFlags & { check?: true };

export function pushCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('push').option('--check', 'everything but the change');
  return withConfirmOptions(withRulesetOptions(withSelectionOptions(withFleetOptions(command)))).action(
    async (path: string, flags: PushFlags, self: Command) => end(await push(path, flags, self)),
  );
}

async function push(path: string, flags: PushFlags, self: Command): Promise<ExitStatus> {
  const selection = selectionOf(flags, self);
  const file = await readRulesetFile(path, flags);
  const revision = flags.revision ?? file.ruleset.revision ?? 'next';
  return await withClient(flags, async (client, signal) => {
    const hosts = await hostsOf(lookOnce(client, signal), selection);
    const label = `ruleset ${file.ruleset.name}`;
    if (!(await askFirst(`push ${label}`, hosts, flags, self))) return 1;
    const report = new AnswerReport(flags.json === true, hosts.length);
    const options = {
      timeoutSeconds: flags.timeout,
      signal,
      onEvent: report.onEvent,
      confirm: confirmOf(flags),
    };
    const ruleset = { ...file.ruleset, revision };
    const action = flags.check === true ? 'check' : 'push';
    return report.end(await client[action](ruleset, selection, options), file);
  });
}

export function confirmOf({ confirm, confirmTimeout }: ConfirmFlags) {
  if (confirm === undefined && confirmTimeout === undefined) return undefined;
  return { mode: confirm ?? 'probe', timeoutSeconds: confirmTimeout };
}

export function withRulesetOptions(command: Command): Command {
  return command
    .argument('<file>', 'a ruleset as YAML or JSON, or iptables-save text; - is standard input')
    .option('--name <name>', 'name of the ruleset (default: from the file)')
    .addOption(
      new Option(
        '--revision <number>',
        "its revision; next is the fleet's highest and one (default)",
      ).argParser(readRevision),
    )
    .addOption(new Option('--scope <scope>', 'what it owns (default: chains)').choices(['chains', 'tables']))
    .addOption(
      new Option('--family <family>', 'of iptables-save text (default: ipv4)').choices(['ipv4', 'ipv6']),
    );
}

export function withConfirmOptions(command: Command): Command {
  return command
    .addOption(new Option('--confirm <mode>', 'default: probe').choices(['probe', 'manual', 'none']))
    .addOption(
      new Option('--confirm-timeout <seconds>', 'after which it is taken back (default: 30)').argParser(
        readSeconds,
      ),
    );
}

export function readRevision(text: string): number | 'next' {
  if (text === 'next') return text;
  const read = Revision.safeParse(Number(text));
  if (!read.success) throw new InvalidArgumentError('A revision is a whole number from 1, or next.');
  return read.data;
}
