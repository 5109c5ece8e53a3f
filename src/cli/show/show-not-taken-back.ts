import type { NotTakenBack } from '../../central/rollout/group-failures.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts } from './show-answers.ts';
import { tellMessage } from './show-failure.ts';

const WITHOUT_FAILURE = {
  not_run:
    'the job that takes it back was not run: it has expired, was cancelled, or gave way to a newer one',
  silent: 'no answer to the job that takes it back, which waits for them',
};

export function showNotTakenBack(
  groups: readonly NotTakenBack[],
  { name, revision }: { name: string; revision: number },
): string[] {
  return groups.map(({ hosts, failure, why: how }) => {
    const why =
      failure === null
        ? WITHOUT_FAILURE[how === 'not_run' ? how : 'silent']
        : `${escapeControl(tellMessage(failure))} (${failure.code})`;
    const what = `NOT TAKEN BACK from ${name} revision ${revision}: ${nameHosts(hosts)}`;
    return `${paint.red(paint.bold(what))}  ${why}`;
  });
}
