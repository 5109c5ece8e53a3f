import type { HostAnswer, HostAnswers } from '../../central/ask/options.ts';
import { inNaturalOrder } from '../../central/messages/names.ts';
import { plural } from '../../central/messages/plural.ts';
import type { Failure } from '../../contract/events/failure.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { paint, paintEnd } from '../terminal/paint.ts';
import { layRow } from '../terminal/table.ts';
import { describeCounts } from './describe-counts.ts';
import { showFailure } from './show-failure.ts';

const MOST_NAMED = 8;
const END_WIDTH = 11;
/** Of a host whose message the broker has not confirmed to have. */
export const UNTAKEN =
  'the broker did not take the message: its queue cannot be had, as on a node that is down, or is full, as a policy limits it; send it again when that is over';

/** How a push ended, for a person: hosts that ended alike are one line, and the same failure is shown once, as a compiler shows it. */
export function showAnswers(answers: HostAnswers, file: RulesetFile | null): string[] {
  const failures = new Map<
    string,
    { lines: string[]; blocks: Map<string, { head: string[]; hosts: string[] }> }
  >();
  for (const [host, answer] of answers) {
    const failure = answer.result?.failure ?? null;
    const lines = failure === null ? [] : describeFailure(failure, file);
    const head = headOf(answer);
    const alike = failures.get(lines.join('\n')) ?? { lines, blocks: new Map() };
    failures.set(lines.join('\n'), alike);
    const block = alike.blocks.get(head.join('\n')) ?? { head, hosts: [] };
    block.hosts.push(host);
    alike.blocks.set(head.join('\n'), block);
  }
  return [...failures.values()].flatMap(({ lines, blocks }) => [
    ...[...blocks.values()].map(({ head, hosts }) =>
      layRow([...head, paint.bold(nameHosts(hosts.toSorted(inNaturalOrder)))], [END_WIDTH]),
    ),
    // What is wrong with a file begins with FILE:LINE, where editors and CI look for it.
    ...(file === null ? lines.map((line) => `    ${line}`) : lines),
  ]);
}

/** How a host ended, what that changed, and what is live there now. */
function headOf({ end, result, untaken }: HostAnswer): string[] {
  if (untaken === true) return [paintEnd(end), UNTAKEN];
  const diff = result?.diff == null ? '' : describeCounts(result.diff, end !== 'checked');
  const live =
    end === 'unchanged' && result === null
      ? 'it is live already: nothing was sent'
      : describeLive(end, result?.ruleset ?? null);
  return [paintEnd(end), ...[diff, live].filter((part) => part !== '')];
}

/** `web-1, web-2 and 298 more (300 hosts)` */
export function nameHosts(hosts: readonly string[]): string {
  if (hosts.length <= MOST_NAMED) return hosts.join(', ');
  const named = hosts.slice(0, MOST_NAMED).join(', ');
  return `${named} and ${hosts.length - MOST_NAMED} more (${plural(hosts.length, 'host')})`;
}

function describeFailure(failure: Failure, file: RulesetFile | null): string[] {
  const again = failure.retryable ? '; it may succeed if it is sent again' : '';
  return [...showFailure(failure, file), `${failure.code}, at the stage ${failure.stage}${again}`];
}

function describeLive(
  end: string,
  ruleset: { name: string; revision: number; liveRevision: number | null } | null,
): string {
  if (ruleset === null) return '';
  const { name, revision, liveRevision } = ruleset;
  if (isGoodEnd(end) && end !== 'superseded') return `${name} revision ${revision}`;
  return liveRevision === null
    ? `no revision of ${name} is live`
    : `${name} revision ${liveRevision} is live`;
}

export function tellCounts(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([end, count]) => `${count} ${end}`)
    .join(', ');
}
