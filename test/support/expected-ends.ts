import type { HostEnd, RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';

const SILENT: ReadonlySet<HostEnd> = new Set(['silent', 'unroutable']);

/** How each host of a rollout is to end, from how each would end if it were begun: told step by step, as src/cli/README.md tells it. */
export function expectedEnds(
  { hosts, steps, budgets, onFailure }: RolloutStarted,
  endOf: (host: string) => HostEnd,
): { ends: Record<string, HostEnd>; isStopped: boolean } {
  let begun = 0;
  let isStopped = false;
  for (const step of steps) {
    begun = step;
    const ends = hosts.slice(0, begun).map(endOf);
    const isSpent =
      ends.filter((end) => end === 'failed').length > budgets.failed ||
      ends.filter((end) => end === 'rolled_back').length > budgets.rolledBack ||
      ends.filter((end) => SILENT.has(end)).length > budgets.silent;
    isStopped = isSpent && onFailure !== 'continue';
    if (isStopped) break;
  }
  const isTakenBack = isStopped && onFailure === 'rollback';
  const entries = hosts.map((host, index): [string, HostEnd] => {
    if (index >= begun) return [host, 'not_started'];
    const end = endOf(host);
    return [host, isTakenBack && end === 'applied' ? 'rolled_back' : end];
  });
  return { ends: Object.fromEntries(entries), isStopped };
}
