import type { RolloutState } from '../../central/rollout/rollout-state.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts } from './show-answers.ts';

/** One step of a rollout. */
export interface ToldStep {
  /** From 1. */
  step: number;
  status: 'done' | 'running' | 'not_started';
  hosts: string[];
}

export function toldSteps(state: RolloutState, ends: Record<string, string>): ToldStep[] {
  return state.record.steps.map((_, step) => {
    const hosts = state.hostsOf(step);
    const isRunning = hosts.some((host) => ends[host] === 'running');
    const status = step > state.step ? 'not_started' : isRunning ? 'running' : 'done';
    return { step: step + 1, status, hosts };
  });
}

export function showPlan(plan: readonly ToldStep[]): string[] {
  return plan.map(
    ({ step, status, hosts }) => `${paint.bold(`step ${step}`)}  ${status}  ${nameHosts(hosts)}`,
  );
}
