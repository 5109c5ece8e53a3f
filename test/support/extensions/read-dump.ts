import { readFileSync } from 'node:fs';
import { FAMILIES, type Family } from './setting.ts';

/** An option; the type of its value is `t0` to `t21` of libxtables, or `c`: read by the extension itself. */
interface DumpedOption {
  takesValue: boolean;
  type: string;
}

/** An extension in one family, with the options of all its revisions. */
export interface Extension {
  kind: 'match' | 'target';
  name: string;
  family: Family;
  options: ReadonlyMap<string, DumpedOption>;
}

const FAMILY_NUMBERS: Readonly<Record<string, readonly Family[]>> = {
  '0': FAMILIES,
  '2': ['ipv4'],
  '10': ['ipv6'],
};

/**
 * Reads what the extensions of Debian 12's iptables answered when they were loaded into a program that asked each for its
 * options: a line is the kind, the name, the number of the address family (0 is any), the revision, the library, and
 * for each option its name, whether it takes a value, and the type: `t0` to `t21` are libxtables' own, `c` is read by
 * the extension.
 */
export function readDump(): Extension[] {
  const text = readFileSync(new URL('./option-dump.txt', import.meta.url), 'utf8');
  const extensions = new Map<string, Extension & { options: Map<string, DumpedOption> }>();
  for (const line of text.trim().split('\n')) {
    const [kind, name = '', number = '', , , ...options] = line.split(' ');
    // `standard` stands for the verdicts of a chain: it is no extension that can be named.
    if (name === 'standard' || (kind !== 'match' && kind !== 'target')) continue;
    for (const family of FAMILY_NUMBERS[number] ?? []) {
      const key = `${kind} ${name} ${family}`;
      const extension = extensions.get(key) ?? {
        kind,
        name,
        family,
        options: new Map<string, DumpedOption>(),
      };
      extensions.set(key, extension);
      for (const option of options) {
        const [optionName = '', takes, type = ''] = option.split(':');
        extension.options.set(optionName, { takesValue: takes !== '0', type });
      }
    }
  }
  return [...extensions.values()];
}
