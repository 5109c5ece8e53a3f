import { describe, expect, it } from 'vitest';
import { EXTENSION_CASES } from '../../support/extension-cases.ts';
import { generateCases } from '../../support/extensions/generate.ts';
import { readDump } from '../../support/extensions/read-dump.ts';

const NOT_IN_KERNEL = 'Debian 12 has it for older kernels, or this kernel was built without it';
const OLD_REVISION = 'only in a revision that kernels have not had for long';

/** Extensions and single options of which iptables accepts no rule, each with the reason. */
const NEVER_ACCEPTED: Readonly<Record<string, string>> = {
  'target CLUSTERIP': NOT_IN_KERNEL,
  'target ULOG': NOT_IN_KERNEL,
  'target LED': NOT_IN_KERNEL,
  'target SECMARK': 'takes a context of a security module, and none is loaded',
  'match ipvs': NOT_IN_KERNEL,
  'match bpf --object-pinned': 'takes a program that somebody pinned in a file system of its own',
  'match owner --pid-owner': OLD_REVISION,
  'match owner --sid-owner': OLD_REVISION,
  'match owner --cmd-owner': OLD_REVISION,
};

describe('the cases of extensions', () => {
  it('have a rule that iptables accepts for every option of every extension, or a reason why there is none', () => {
    const missing = readDump().flatMap(({ kind, name, family, options }) => {
      const extension = `${kind} ${name}`;
      const accepted = EXTENSION_CASES.filter(
        (one) =>
          one.extension === extension &&
          one.families.includes(family) &&
          (one.nft.accepted || one.legacy.accepted),
      );
      if (accepted.length === 0) return [extension];
      const had = new Set(accepted.map(({ option }) => option));
      return [...options.keys()]
        .filter((option) => !had.has(option))
        .map((option) => `${extension} --${option}`);
    });
    expect([...new Set(missing)].toSorted()).toEqual(Object.keys(NEVER_ACCEPTED).toSorted());
  });

  it('are exactly those that the generator would try', () => {
    const written = EXTENSION_CASES.flatMap(({ families, table, chain, spec }) =>
      families.map((family) => `${family} ${table} ${chain} ${spec}`),
    );
    const generated = generateCases().map(
      ({ family, table, chain, spec }) => `${family} ${table} ${chain} ${spec}`,
    );
    expect(written.toSorted()).toEqual(generated.toSorted());
  });
});
