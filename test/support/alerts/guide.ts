import { join } from 'node:path';
import { anchorsOf, markdownFile, ROOT } from '../documents.ts';
import type { Alert } from '../prometheus.ts';

/** The section of the operating guide that an alert leads to. */
export interface Section {
  text: string;
  /** Its commands of fleetwall that can be typed as they stand, but for names of a host, a ruleset or a list. */
  commands: string[][];
}

/** @throws {Error} if the link of the alert leads nowhere */
export async function sectionOf({ labels, annotations }: Alert): Promise<Section> {
  const [path = '', anchor = ''] = (annotations['runbook_url'] ?? '').split('#');
  const { text, headings } = await markdownFile(path);
  if (!anchorsOf(headings).has(anchor)) throw new Error(`${join(ROOT, path)} has no section ${anchor}`);
  const heading = headings.find((title) => anchorsOf([title]).has(anchor)) ?? '';
  const [, section = ''] = text.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const own = section.split(/^#/m)[0] ?? '';
  const spans = [...own.matchAll(/`(fleetwall [^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
  const typed = spans.map((span) =>
    (span.split(' > ')[0] ?? '')
      .split(' ')
      .slice(1)
      .map((word) => filled(word, labels)),
  );
  return { text: own, commands: typed.filter(isLook) };
}

/** Commands that only look, and ask for no name that the alert does not have. */
function isLook(words: readonly string[]): boolean {
  const looks = ['status', 'watch', 'history', 'report', 'doctor'];
  return looks.includes(words[0] ?? '') || (words[0] === 'list' && words[1] === 'show');
}

function filled(word: string, labels: Readonly<Record<string, string>>): string {
  const names: Record<string, string | undefined> = {
    ID: labels['instance'],
    RULESET: labels['ruleset'],
    LIST: labels['list'],
  };
  return names[word] ?? word;
}
