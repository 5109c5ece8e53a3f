import { type Command, InvalidArgumentError, Option } from 'commander';
import { plural } from '../../central/messages/plural.ts';
import type { HostAmount } from '../../central/rollout/rollout-options.ts';
import { budgetsOf, layOutSteps, readAmount, stepsFor } from '../../central/rollout/rollout-steps.ts';
import { RolloutId } from '../../contract/rollouts/rollout-events.ts';
import { optionsUnder } from './help.ts';
import { readSeconds } from './read-values.ts';

/** How a rollout goes, and when it stops. */
export interface RolloutFlags {
  id?: string;
  /** Where it is not said, `stepsFor` says it. */
  steps?: HostAmount[];
  soak: number;
  maxFailed: HostAmount;
  maxRolledBack: HostAmount;
  maxSilent: HostAmount;
  onFailure: 'stop' | 'rollback' | 'continue';
  executionTimeout?: number;
  /** The rollout whose hosts are taken. */
  retryFailed?: string;
}

export function withRolloutOptions(command: Command): Command {
  const budget = (flag: string, what: string) =>
    new Option(`${flag} <amount>`, `how many hosts, or which part of them (5%), may ${what}`)
      .argParser(readHostAmount)
      .default({ count: 0 }, '0');
  return optionsUnder('The rollout:', command, (under) =>
    under
      .addOption(
        new Option('--id <id>', 'the name of the rollout, by which it is resumed, paused and aborted')
          .argParser(readRolloutId)
          .default(undefined, 'one made of the date and the ruleset'),
      )
      .addOption(
        new Option(
          '--retry-failed <id>',
          'the hosts of a rollout that has ended and that do not have what it brought, in place of --host, --group and --all',
        )
          .argParser(readRolloutId)
          .conflicts(['host', 'group', 'all']),
      )
      .addOption(
        new Option(
          '--steps <list>',
          'how many hosts, or which part of them, have been begun after each step, such as 1,25%,100%',
        )
          .argParser((text) => text.split(',').map(readHostAmount))
          .default(undefined, '1,10%,100%, or 100% for up to ten hosts'),
      )
      .addOption(
        new Option('--soak <seconds>', 'how many seconds to wait after each step, before the next is begun')
          .argParser((text) => (text === '0' ? 0 : readSeconds(text)))
          .default(0),
      )
      .addOption(budget('--max-failed', 'fail, or refuse the job, before the rollout stops'))
      .addOption(budget('--max-rolled-back', 'take the change back before the rollout stops'))
      .addOption(budget('--max-silent', 'give no answer before the rollout stops'))
      .addOption(
        new Option(
          '--on-failure <what>',
          'what to do when more than that do: stop; rollback, which also takes back what was done, the newest first; or continue',
        )
          .choices(['stop', 'rollback', 'continue'])
          .default('stop'),
      )
      .addOption(
        new Option(
          '--execution-timeout <seconds>',
          'how many seconds a host has to end the job, once it has begun; with probes, more than --confirm-timeout: a host that is locked out is heard of after it',
        )
          .argParser(readSeconds)
          .default(undefined, 'as --timeout'),
      ),
  );
}

/** What a person has a look at before it is begun. @throws {PlanError} for steps that cannot be */
export function tellPlan(
  { steps, soak, maxFailed, maxRolledBack, maxSilent, onFailure }: RolloutFlags,
  hosts: number,
): string[] {
  const counts = layOutSteps(stepsFor(steps, hosts), hosts);
  const wait = soak === 0 ? '' : `, ${soak} s apart`;
  const { failed, rolledBack, silent } = budgetsOf(
    { failed: maxFailed, rolledBack: maxRolledBack, silent: maxSilent },
    hosts,
  );
  return [
    `steps: to ${counts.join(', ')} of ${plural(hosts, 'host')}${wait}`,
    `limits: ${failed} may fail, ${rolledBack} be rolled back, ${silent} be silent; beyond that ${ON_FAILURE[onFailure]}`,
  ];
}

const ON_FAILURE: Record<RolloutFlags['onFailure'], string> = {
  stop: 'it stops',
  rollback: 'it stops and is taken back',
  continue: 'it goes on all the same',
};

export function readRolloutId(text: string): string {
  const read = RolloutId.safeParse(text);
  if (!read.success) throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is no name'}.`);
  return text;
}

function readHostAmount(text: string): HostAmount {
  const read = readAmount(text);
  if (read === null) throw new InvalidArgumentError('A number of hosts, or a part such as 5%.');
  return read;
}
