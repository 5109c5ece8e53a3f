import type { GateLook } from '../../contract/rollouts/gates.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import { paint } from '../terminal/paint.ts';
import { describeLook } from './describe-event.ts';

const MOST_RUNS = 8;

/** How a gate was found last, and over time: looks in a row that found the same are one. */
export function showGate(looks: readonly GateLook[]): string[] {
  const last = looks.at(-1);
  if (last === undefined) return [];
  const runs: { verdict: string; value: string; at: string; times: number }[] = [];
  for (const { verdict, value, at } of looks) {
    const run = runs.at(-1);
    if (run !== undefined && run.verdict === verdict && run.value === (value ?? 'nothing')) run.times += 1;
    else runs.push({ verdict, value: value ?? 'nothing', at, times: 1 });
  }
  if (runs.length === 1) return [describeLook(last)];
  const told = runs.slice(-MOST_RUNS).map(({ verdict, value, at, times }) => {
    const often = times === 1 ? '' : ` (${times} looks)`;
    return escapeControl(`${at.slice(11, 19)} ${verdict} ${value}${often}`);
  });
  return [describeLook(last), `    ${paint.dim(told.join(', '))}`];
}
