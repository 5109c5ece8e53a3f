import type { ToldStep } from '../../central/rollout/told-ends.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts } from './show-answers.ts';

export function showPlan(plan: readonly ToldStep[]): string[] {
  return plan.map(
    ({ step, status, hosts }) => `${paint.bold(`step ${step}`)}  ${status}  ${nameHosts(hosts)}`,
  );
}
