import { endOf } from './rollout-decision.ts';
import type { RolloutState } from './rollout-state.ts';

/** How each host has ended, as far as is known: `running` or `not_started` where it has not. */
export function endsOf(state: RolloutState, now = Date.now()): Record<string, string> {
  return Object.fromEntries(
    [...state.hosts].map(([host, progress]) => [
      host,
      endOf(progress, state, now) ?? (progress.step === null ? 'not_started' : 'running'),
    ]),
  );
}

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

/** How many ended how: `11 applied, 1 failed`. */
export function countEnds(ends: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}
