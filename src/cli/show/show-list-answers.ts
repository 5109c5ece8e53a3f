import type { HostAnswer, HostAnswers } from '../../central/ask/options.ts';
import { plural } from '../../central/messages/plural.ts';
import { countEnds } from '../../central/rollout/told-ends.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import { nameHosts, showAnswers, tellCounts } from './show-answers.ts';

/** How a change of a list ended, for a person: one line if all is well; else also the hosts where it is not, and why. */
export function showListAnswers(answers: HostAnswers): string[] {
  const well = new Map<string, string[]>();
  const bad: HostAnswers = new Map();
  const skipped = new Map<string, string[]>();
  for (const [host, answer] of answers) {
    const line = isGoodEnd(answer.end) ? describeList(answer) : null;
    if (line === null) bad.set(host, answer);
    else well.set(line, [...(well.get(line) ?? []), host]);
    const { skipped: left = [], skippedCount } = answer.result ?? {};
    if (left.length === 0) continue;
    const more = skippedCount === undefined ? '' : ` and more (${skippedCount} in all)`;
    const what = `left out, as it must never be in it: ${left.join(', ')}${more}`;
    skipped.set(what, [...(skipped.get(what) ?? []), host]);
  }
  const isOne = well.size + bad.size === 1;
  const lines = [...well].map(
    ([line, hosts]) => `${line}, on ${isOne ? plural(hosts.length, 'host') : nameHosts(hosts)}`,
  );
  for (const [what, hosts] of skipped) lines.push(`${what} (${nameHosts(hosts)})`);
  if (bad.size === 0) return lines;
  return [
    ...lines,
    ...showAnswers(bad, null),
    ...adviseBehind(bad),
    tellCounts(countEnds([...answers.values()].map(({ end }) => end))),
  ];
}

/** `blocked revision 8: 1 in, 0 out, 214 entries`; `null`: it says nothing of a list. */
function describeList({ end, result }: HostAnswer): string | null {
  if (result?.list == null) return null;
  const { name, revision, liveRevision } = result.list;
  if (end === 'superseded') return `${name} revision ${revision}: superseded by a newer one`;
  if (liveRevision === null && end === 'unchanged')
    return `${name} revision ${revision}: there was no such list`;
  if (liveRevision === null) return `${name} revision ${revision}: taken away`;
  const { added, removed, entries } = result.counts ?? { added: 0, removed: 0, entries: result.list.entries };
  const content = plural(entries, 'entry', 'entries');
  if (end === 'unchanged') return `${name} revision ${revision}: nothing had to change, ${content}`;
  return `${name} revision ${revision}: ${added} in, ${removed} out, ${content}`;
}

function adviseBehind(bad: HostAnswers): string[] {
  const behind = [...bad].filter(([, { result }]) => result?.failure?.code === 'revision_gap');
  const name = behind[0]?.[1].result?.list?.name;
  if (name === undefined) return [];
  return [
    `what ${nameHosts(behind.map(([host]) => host))} should have is not sure: look with fleetwall list show ${name}, and send all of it with fleetwall list replace ${name} FILE`,
  ];
}
