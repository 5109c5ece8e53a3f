import { type Command, Option } from 'commander';
import type { RulesetToPush } from '../../central/ask/options.ts';
import type { Family, Scope } from '../../contract/words/identifiers.ts';
import type { LocalRuleset } from '../../worker/local/run-locally.ts';
import { readIfRevision, readRevisionOrNext } from './read-values.ts';

/** What the command line says of the ruleset in a file. */
export interface RulesetFlags<R extends number | 'next'> {
  name?: string;
  revision?: R;
  scope?: Scope;
  family?: Family;
  ifRevision?: number;
}

/** A file with a ruleset, and what it may not say itself. */
export function withRulesetOptions(command: Command, revision: Option): Command {
  return command
    .argument('<file>', 'a ruleset as YAML or JSON, or text as iptables-save prints it; - is standard input')
    .addOption(
      new Option('--name <name>', 'what the ruleset is called').default(
        undefined,
        'as the file says, or the name of the file',
      ),
    )
    .addOption(revision)
    .addOption(
      new Option(
        '--scope <scope>',
        'what the ruleset owns: the chains that it declares, or each table that it names as a whole',
      )
        .choices(['chains', 'tables'])
        .default(undefined, 'as the file says, or chains'),
    )
    .addOption(
      new Option('--family <family>', 'which rules a file of iptables-save text has')
        .choices(['ipv4', 'ipv6'])
        .default(undefined, 'ipv4'),
    );
}

/** Which revision hosts have to have, so that what somebody else has sent meanwhile is not undone. */
export function ifRevisionOption(): Option {
  return new Option(
    '--if-revision <number>',
    'run it only on hosts that have this revision, or none of it: 0; on others it ends as revision_conflict',
  ).argParser(readIfRevision);
}

/** Which revision a ruleset is sent under. */
export function nextRevisionOption(): Option {
  return new Option(
    '--revision <number>',
    'the revision of the ruleset, a whole number from 1; or next, which is one more than the highest that these hosts have had',
  )
    .argParser(readRevisionOrNext)
    .default(undefined, 'as the file says, or next');
}

/** The ruleset of a file as the command line has it sent. */
export function rulesetToSend(
  ruleset: LocalRuleset,
  { revision, ifRevision }: Pick<RulesetFlags<number | 'next'>, 'revision' | 'ifRevision'>,
): RulesetToPush {
  const own = { ...ruleset, revision: revision ?? ruleset.revision ?? 'next' } as const;
  return ifRevision === undefined ? own : { ...own, ifRevision };
}
