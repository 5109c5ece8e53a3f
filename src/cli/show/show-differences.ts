import type { HostAnswers } from '../../central/ask/options.ts';
import { inNaturalOrder } from '../../central/messages/names.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import { paint } from '../terminal/paint.ts';
import { nameHosts, showAnswers } from './show-answers.ts';
import { showDiff } from './show-diff.ts';

/** Hosts with the same difference together; those without an answer, or with a failure, as a push shows them. */
export function showDifferences(answers: HostAnswers, file: RulesetFile | null): string[] {
  const checked = new Map<string, string[]>();
  const others: HostAnswers = new Map();
  for (const [host, answer] of answers) {
    if (answer.end !== 'checked') others.set(host, answer);
    else {
      const text = showDiff(answer.result?.diff ?? null, file);
      checked.set(text, [...(checked.get(text) ?? []), host]);
    }
  }
  const blocks = [...checked]
    .map(([text, hosts]) => ({ text, hosts: hosts.toSorted(inNaturalOrder) }))
    .toSorted((one, other) => inNaturalOrder(one.hosts[0] ?? '', other.hosts[0] ?? ''))
    .map(({ text, hosts }) => `${paint.bold(nameHosts(hosts))}\n${text}\n`);
  return [...blocks, ...showAnswers(others, file)];
}
