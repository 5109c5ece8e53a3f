import { describe, expect, it } from 'vitest';
import { MATCH_OPTIONS, TARGET_OPTIONS } from '../../src/ruleset/text/extension-options.ts';
import { matchOptions, targetOptions } from '../../src/ruleset/text/option-table.ts';
import { readDump } from '../support/extensions/read-dump.ts';

/** XTTYPE_HOST and XTTYPE_HOSTMASK of iptables' `xtables.h`. */
const ADDRESS_TYPES = new Set(['t14', 't15']);

const DUMP = readDump();

/** Every option that iptables' extensions of one kind register, under names such as `tcp --dport`. */
function dumpedOptions(kind: 'match' | 'target') {
  const read = new Map<string, { takesValue: boolean; isAddress: boolean }>();
  for (const { name, options } of DUMP.filter((extension) => extension.kind === kind))
    for (const [option, { takesValue, type }] of options)
      read.set(`${name} --${option}`, { takesValue, isAddress: ADDRESS_TYPES.has(type) });
  return Object.fromEntries(read);
}

function knownOptions(names: string[], optionsOf: typeof matchOptions) {
  return Object.fromEntries(
    names.flatMap((name) =>
      [...(optionsOf(name) ?? [])].map(([option, { takes, isAddress }]) => [
        `${name} --${option}`,
        // For getopt, a word that may be missing is no value: the extension itself looks for it after the option.
        { takesValue: takes !== 0 && takes !== 'maybe', isAddress },
      ]),
    ),
  );
}

describe('the known options of extensions', () => {
  it.each([
    ['match', MATCH_OPTIONS, matchOptions],
    ['target', TARGET_OPTIONS, targetOptions],
  ] as const)('are exactly those that iptables registers for each %s', (kind, table, optionsOf) => {
    const names = Object.keys(table);
    const dumped = DUMP.filter((extension) => extension.kind === kind).map(({ name }) => name);
    expect(names.toSorted()).toEqual([...new Set(dumped)].toSorted());
    expect(knownOptions(names, optionsOf)).toEqual(dumpedOptions(kind));
  });
});
