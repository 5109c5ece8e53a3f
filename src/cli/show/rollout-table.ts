import type { RolloutState } from '../../central/rollout/rollout-state.ts';
import { countEnds, endsOf } from '../../central/rollout/told-ends.ts';
import { progressBar } from '../terminal/live-view.ts';
import { tellCounts } from './show-answers.ts';

const BAR_WIDTH = 30;

/** How far a rollout is, in three lines. */
export function tableOf(state: RolloutState): string[] {
  const { record, step, isPaused } = state;
  const { rolloutId, ruleset, steps } = record;
  const ends = Object.values(endsOf(state));
  const begun = ends.filter((how) => how !== 'not_started').length;
  const done = ends.filter((how) => how !== 'not_started' && how !== 'running').length;
  const at = isPaused ? 'paused' : `step ${step + 1} of ${steps.length}`;
  return [
    `rollout ${rolloutId}: ${ruleset.name} revision ${ruleset.revision}, ${at}`,
    `${progressBar(done, record.hosts.length, BAR_WIDTH)} hosts done, ${begun} begun`,
    tellCounts(countEnds(ends)),
  ];
}
