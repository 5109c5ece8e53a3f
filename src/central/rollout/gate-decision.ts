import type { RolloutState } from './rollout-state.ts';

/** Which gate has failed, and how; `null`: none. */
export function failedGate(state: RolloutState): string | null {
  const rules = state.record.gates;
  if (rules === undefined) return null;
  // Before anything is begun, there is no change of which a single look could be the noise.
  const failures = state.step === -1 ? 1 : rules.failures;
  for (const [name, { looks, failuresInRow }] of state.gates) {
    const last = looks.at(-1);
    const isFailed =
      failuresInRow >= failures || (last?.verdict === 'inconclusive' && rules.onInconclusive === 'fail');
    if (last !== undefined && isFailed) return `gate "${name}" failed at ${last.at}: ${last.reason}`;
  }
  return null;
}

/** Gates that say nothing now, each with why: a rollout waits for them. */
export function inconclusiveGates({ gates }: RolloutState): string[] {
  return [...gates].flatMap(([name, { looks }]) => {
    const last = looks.at(-1);
    return last?.verdict === 'inconclusive' ? [`gate "${name}": ${last.reason}`] : [];
  });
}

/** Gates that fail now, each with why: they are looked at again before they count as failed. */
export function failingGates({ gates, record }: RolloutState): string[] {
  return [...gates].flatMap(([name, { looks, failuresInRow }]) =>
    failuresInRow === 0
      ? []
      : [
          `gate "${name}" to pass, which has failed ${failuresInRow} of ${record.gates?.failures} times in a row: ${looks.at(-1)?.reason}`,
        ],
  );
}

/**
 * What gates have to be done for before the next step: to be looked at, or waited for. `null`: nothing any more.
 *
 * @param lookedAt when this process has looked last; what another has seen, which is no more, says nothing of now
 * @param soakedAt when the soak is over; the look that lets it go on is one after that
 */
export function heldByGates(
  state: RolloutState,
  { now, lookedAt }: { now: number; lookedAt: number | null },
  soakedAt: number,
): { kind: 'look' } | { kind: 'wait'; until: number } | null {
  const rules = state.record.gates;
  // That one has failed has been dealt with: who comes here goes on over failures.
  if (rules === undefined || failedGate(state) !== null) return null;
  const allPass = [...state.gates.values()].every(({ looks }) => looks.at(-1)?.verdict === 'pass');
  if (lookedAt === null || state.lookedStep !== state.step) return { kind: 'look' };
  if (lookedAt >= soakedAt && allPass) return null;
  const isOver = soakedAt <= now;
  const next = lookedAt + rules.everySeconds * 1000;
  if (next <= now || (isOver && lookedAt < soakedAt)) return { kind: 'look' };
  return { kind: 'wait', until: isOver ? next : Math.min(next, soakedAt) };
}
