import { randomBytes } from 'node:crypto';
import type { Rehearsal } from '../../job/ports/sandbox.ts';
import { readOptions } from '../../ruleset/text/read-options.ts';
import { quoteWord, splitWords } from '../../ruleset/text/split-words.ts';

/** The length of the random part, in hexadecimal digits. A label has at most 27 bytes (linux/netfilter/xt_IDLETIMER.h). */
const LABEL_BYTES = 12;

/**
 * Gives each `IDLETIMER` label of a rehearsal a new name, and takes it back out of what is read. These timers belong to the
 * machine, not to a namespace: a rehearsal with a live label would restart the live timer.
 */
export function withOwnTimers(rehearsal: Rehearsal): Rehearsal {
  const labels = new Map<string, string>();
  const shown = async (text: Promise<string>) => {
    let own = await text;
    for (const [label, stand] of labels) own = own.replaceAll(stand, () => label);
    return own;
  };
  return {
    restore: async (family, text) => await rehearsal.restore(family, relabel(text, labels)),
    save: async (family, table) => await shown(rehearsal.save(family, table)),
    saveAll: async (family, more) => await shown(rehearsal.saveAll(family, more)),
    listNatively: async (family, table) => await shown(rehearsal.listNatively(family, table)),
  };
}

function relabel(text: string, labels: Map<string, string>): string {
  if (!mayHaveTimer(text)) return text;
  return text
    .split('\n')
    .map((line) => (mayHaveTimer(line) ? relabelLine(line, labels) : line))
    .join('\n');
}

/** Says whether a text may name IDLETIMER. Quotes and backslashes may stand inside the word. */
function mayHaveTimer(text: string): boolean {
  return (
    text.includes('IDLETIMER') || (text.includes('"') && text.replace(/["\\]/g, '').includes('IDLETIMER'))
  );
}

function relabelLine(line: string, labels: Map<string, string>): string {
  const words = splitWords(line);
  const option = readOptions(words).options.find(
    ({ owner, name }) => owner === 'IDLETIMER' && name === 'label',
  );
  const label = option?.values[0];
  if (option === undefined || label === undefined) return line;
  const stand = labels.get(label) ?? `fleetwall${randomBytes(LABEL_BYTES / 2).toString('hex')}`;
  labels.set(label, stand);
  const glued = `${option.written}=${label}`;
  const own = words.map((word, index) => {
    if (word === glued) return `${option.written}=${stand}`;
    return word === label && words[index - 1] === option.written ? stand : word;
  });
  return own.map(quoteWord).join(' ');
}
