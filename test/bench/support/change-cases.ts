/** A small change of a large ruleset, and the bare restore that does the same. */
export interface Change {
  what: string;
  change: (text: string) => string;
  /** @param count how many rules the chain has. What is written is taken back by the next job. */
  edit: (count: number) => string;
}

const CHAIN = 'bench-0';
const ODD = '-s 192.0.2.1/32 -j DROP';

function edited(text: string, edit: (rules: string[]) => void): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`-A ${CHAIN} `));
  const last = lines.findLastIndex((line) => line.startsWith(`-A ${CHAIN} `));
  const rules = lines.slice(first, last + 1);
  edit(rules);
  return [...lines.slice(0, first), ...rules, ...lines.slice(last + 1)].join('\n');
}

const replaceAt = (place: (count: number) => number): Pick<Change, 'change' | 'edit'> => ({
  change: (text) => edited(text, (rules) => (rules[place(rules.length)] = `-A ${CHAIN} ${ODD}`)),
  edit: (count) => `*filter\n-R ${CHAIN} ${place(count) + 1} ${ODD}\nCOMMIT\n`,
});

export const changeCases: readonly Change[] = [
  { what: 'first rule changed', ...replaceAt(() => 0) },
  { what: 'middle rule changed', ...replaceAt((count) => Math.floor(count / 2)) },
  { what: 'last rule changed', ...replaceAt((count) => count - 1) },
  {
    what: 'a rule removed',
    change: (text) => edited(text, (rules) => rules.splice(Math.floor(rules.length / 2), 1)),
    edit: (count) => `*filter\n-D ${CHAIN} ${Math.floor(count / 2) + 1}\nCOMMIT\n`,
  },
  {
    what: 'a hook moved',
    change: (text) => text.replace(`-A INPUT -j ${CHAIN}`, `-A FORWARD -j ${CHAIN}`),
    edit: () => `*filter\n-D INPUT -j ${CHAIN}\n-A FORWARD -j ${CHAIN}\nCOMMIT\n`,
  },
];
