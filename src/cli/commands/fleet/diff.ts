import { Command } from 'commander';
import type { HostAnswers } from '../../../central/fleet/options.ts';
import { hostsOf, lookOnce } from '../../../central/fleet/select.ts';
import { type RulesetFile, readRulesetFile } from '../../files/ruleset-file.ts';
import {
  type AnswerFlags,
  type FleetFlags,
  type SelectionFlags,
  selectionOf,
  withClient,
  withFleetOptions,
  withSelectionOptions,
  withTimeout,
} from '../../options/fleet-options.ts';
import { withExamples } from '../../options/help.ts';
import {
  nextRevisionOption,
  type RulesetFlags,
  rulesetToSend,
  withRulesetOptions,
} from '../../options/ruleset-options.ts';
import { AnswerReport, statusOf } from '../../show/report-answers.ts';
import { nameHosts, showAnswers } from '../../show/show-answers.ts';
import { showDiff } from '../../show/show-diff.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint } from '../../terminal/paint.ts';
import { print } from '../../terminal/print.ts';

type Flags = FleetFlags & AnswerFlags & SelectionFlags & RulesetFlags<number | 'next'>;

/** What a ruleset would change on hosts of the fleet. */
export function diffCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('diff');
  withRulesetOptions(withTimeout(withFleetOptions(command)), nextRevisionOption());
  withSelectionOptions(command);
  command.action(async (path: string, flags: Flags, self: Command) => end(await diff(path, flags, self)));
  return withExamples(command, [
    [
      'which rules would come (+) and go (-), hosts with the same difference together',
      'fleetwall diff edge.yaml --all',
    ],
    ['on one host, for a program', 'fleetwall diff edge.yaml --host web-1 --json'],
  ]);
}

async function diff(path: string, flags: Flags, self: Command): Promise<ExitStatus> {
  const selection = selectionOf(flags, self);
  const file = await readRulesetFile(path, flags);
  return await withClient(flags, async (client, signal) => {
    const hosts = await hostsOf(lookOnce(client, signal), selection);
    const report = new AnswerReport(flags.json === true, hosts.length);
    const options = { timeoutSeconds: flags.timeout, signal, onEvent: report.onEvent };
    const answers = await client.check(rulesetToSend(file.ruleset, flags), selection, options);
    if (flags.json === true) return report.end(answers, file);
    report.clear();
    print(`${showDifferences(answers, file).join('\n')}\n`);
    return statusOf([...answers.values()].map((answer) => answer.end));
  });
}

/** Hosts with the same difference together; those without an answer, or with a failure, as a push shows them. */
function showDifferences(answers: HostAnswers, file: RulesetFile): string[] {
  const checked = new Map<string, string[]>();
  const others: HostAnswers = new Map();
  for (const [host, answer] of answers) {
    if (answer.end !== 'checked') others.set(host, answer);
    else {
      const text = showDiff(answer.result?.diff ?? null);
      checked.set(text, [...(checked.get(text) ?? []), host]);
    }
  }
  const blocks = [...checked].map(([text, hosts]) => `${paint.bold(nameHosts(hosts))}\n${text}`);
  return [...blocks, ...showAnswers(others, file)];
}
