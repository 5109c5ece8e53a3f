import type { GateLook } from '../../contract/rollouts/gates.ts';

/** What is known of one gate. */
export interface GateProgress {
  /** Newest last; no more than the last hundred. */
  looks: GateLook[];
  /** Failing looks since the last that passed; an inconclusive one is not counted. */
  failuresInRow: number;
}

const MOST_LOOKS = 100;

export function takeLook(gates: ReadonlyMap<string, GateProgress>, look: GateLook): void {
  const gate = gates.get(look.name);
  if (gate === undefined) return;
  gate.looks.push(look);
  if (gate.looks.length > MOST_LOOKS) gate.looks.shift();
  if (look.verdict === 'pass') gate.failuresInRow = 0;
  if (look.verdict === 'fail') gate.failuresInRow += 1;
}
