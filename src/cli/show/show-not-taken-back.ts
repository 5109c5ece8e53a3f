import type { FailedAlike } from '../../central/rollout/group-failures.ts';
import type { Failure } from '../../contract/events/failure.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts } from './show-answers.ts';
import { tellMessage } from './show-failure.ts';

export function showNotTakenBack(
  groups: readonly FailedAlike<Failure | null>[],
  { name, revision }: { name: string; revision: number },
): string[] {
  return groups.map(({ hosts, failure }) => {
    const why =
      failure === null
        ? 'no answer to the job that takes it back, which waits for them'
        : `${escapeControl(tellMessage(failure))} (${failure.code})`;
    const what = `NOT TAKEN BACK from ${name} revision ${revision}: ${nameHosts(hosts)}`;
    return `${paint.red(paint.bold(what))}  ${why}`;
  });
}
