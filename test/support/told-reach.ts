import type { Reach, ReachedRule } from '../../src/contract/events/reach.ts';

/** What is told of each rule, in short. */
export function told(reach: Reach | undefined): string[] {
  return (reach?.rules ?? []).map(tell);
}

function tell({ change, what, how, line, before, after }: ReachedRule): string {
  const gone = how === 'added' ? '' : ` ${how}`;
  const fates = change === 'changes' ? `: ${before}, now ${after}` : '';
  return `${change} ${what} (${line}${gone})${fates}`;
}
