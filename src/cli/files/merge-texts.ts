/** A line of a merged text: which of the texts it is from, and where it stands there, from 1. */
export interface MergedLine {
  text: string;
  from: 'both' | 'own';
  line: number;
}

interface Section {
  open: MergedLine;
  chains: MergedLine[];
  rules: MergedLine[];
  commit: MergedLine | null;
}

/**
 * Rules for both families, and those of one: a table that is in both texts is one, with the rules of the former first. Lines that stand
 * outside a table come first; whoever reads the text says what is wrong with them.
 */
export function mergeTexts(both: string, own: string): MergedLine[] {
  const outside: MergedLine[] = [];
  const sections = new Map<string, Section>();
  readInto(both, 'both', outside, sections);
  readInto(own, 'own', outside, sections);
  const tables = [...sections.values()].flatMap(({ open, chains, rules, commit }) => [
    open,
    ...chains,
    ...rules,
    ...(commit === null ? [] : [commit]),
  ]);
  return [...outside, ...tables];
}

function readInto(
  text: string,
  from: MergedLine['from'],
  outside: MergedLine[],
  sections: Map<string, Section>,
): void {
  let current: Section | null = null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, content] of lines.entries()) {
    const line: MergedLine = { text: content, from, line: index + 1 };
    if (content.startsWith('*')) {
      current = sections.get(content) ?? { open: line, chains: [], rules: [], commit: null };
      sections.set(content, current);
    } else if (current === null) outside.push(line);
    else if (content === 'COMMIT') {
      current.commit = line;
      current = null;
    } else if (content.startsWith(':')) current.chains.push(line);
    else current.rules.push(line);
  }
}
