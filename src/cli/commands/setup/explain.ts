import { Command } from 'commander';
import { suggestion } from '../../../central/messages/names.ts';
import { FailureCode, isRetryable } from '../../../contract/events/failure.ts';
import { CODE_EXPLANATIONS } from '../../../contract/explain/code-explanations.ts';
import { END_EXPLANATIONS } from '../../../contract/explain/end-explanations.ts';
import { HostEnd } from '../../../contract/rollouts/rollout-events.ts';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { paint } from '../../terminal/paint.ts';
import { print, printJson } from '../../terminal/print.ts';

/** What a failure code means, and what to do about it. */
export function explainCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('explain')
    .argument(
      '[code]',
      'a failure code, such as rule_rejected, or how a host ended, such as silent; without one, all failure codes are told',
    )
    .option('--json', 'print JSON, one object a line, on standard output')
    .action((code: string | undefined, { json }: { json?: true }, self: Command) => {
      const read = FailureCode.safeParse(code);
      const asEnd = HostEnd.safeParse(code);
      if (asEnd.success) {
        if (json === true) printJson({ end: asEnd.data, means: END_EXPLANATIONS[asEnd.data] });
        else print(`${paint.bold(asEnd.data)}\n  means  ${plain(END_EXPLANATIONS[asEnd.data])}\n`);
        end(0);
        return;
      }
      if (code !== undefined && !read.success) {
        const known = [...FailureCode.options, ...HostEnd.options];
        self.error(`error: there is no failure code ${code}, and no host ends so${suggestion(code, known)}`);
      }
      for (const one of read.success ? [read.data] : FailureCode.options) {
        if (json === true) printJson({ code: one, retryable: isRetryable(one), ...CODE_EXPLANATIONS[one] });
        else print(explain(one));
      }
      end(0);
    });
  return withExamples(command, [
    ['what a push has just told', 'fleetwall explain undo_pending'],
    ['what became of a host in a rollout', 'fleetwall explain silent'],
    ['all codes, for a program', 'fleetwall explain --json'],
  ]);
}

function explain(code: FailureCode): string {
  const { stages, means, advice } = CODE_EXPLANATIONS[code];
  const again = isRetryable(code)
    ? 'the same content may succeed if it is sent again as a new job'
    : 'the same content fails again, if nothing else is done';
  return [
    paint.bold(code),
    `  means  ${plain(means)}`,
    `  stage  ${stages.join(', ')}`,
    `  again  ${again}`,
    `  do     ${plain(advice)}`,
    '',
  ].join('\n');
}

/** Markdown as text: links with the file of the repository that they lead to, no stars. */
function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\((?:\.\.\/)*([^)]*)\)/g, '$1 ($2)').replace(/\*\*|`/g, '');
}
