import { describe, expect, it } from 'vitest';
import { readWanted } from '../../../src/ruleset/wanted/wanted.ts';
import {
  EXTENSION_CASES,
  type ExtensionCase,
  type Need,
  scriptOfNeeds,
} from '../../support/extension-cases.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, type Backend, IS_LONG_RUN, TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const FAMILIES = ['ipv4', 'ipv6'] as const;
/** How rules are saved is a matter of the extension, not of the variant: each family is read with one of them. */
const READ_WITH = IS_LONG_RUN
  ? ({ nft: FAMILIES, legacy: FAMILIES } as const)
  : ({ nft: ['ipv4'], legacy: ['ipv6'] } as const);
/** Of the rules of one kind that are refused, every other one is tried, and all in a longer run. */
const STRIDE = 2;
type Family = (typeof FAMILIES)[number];

/** Objects that these tests make. Time-out policies are left out, as they need the program nfct of another package. */
const NEEDS: Need[] = ['ipset', 'nfacct', 'rateest'];

const places = [...new Set(EXTENSION_CASES.map(({ table: name, chain }) => `${name} ${chain}`))];

function casesOf(place: string, family: Family): ExtensionCase[] {
  return EXTENSION_CASES.filter(
    ({ table: name, chain, families, needs }) =>
      `${name} ${chain}` === place &&
      families.includes(family) &&
      needs.every((need) => NEEDS.includes(need)),
  );
}

function rulesetText(place: string, specs: readonly string[]): string {
  const [name = '', chain = ''] = place.split(' ');
  return table(name, ':ext - [0:0]', `-A ${chain} -j ext`, ...specs.map((spec) => `-A ext ${spec}`));
}

/**
 * Options that say "never", of which iptables makes "always" (nft: negated full ranges; connbytes: a range of one number), and
 * which it restores to the same. Nobody means such a rule, and so it is refused.
 */
const NEGATES_ALL =
  / ! --\S+ (:|0*:|:?(65535|4294967295|255)|0:(65535|4294967295|255|18446744073709551615)|5:5|NONE NONE)( |$)/;

/** Rules for which the kernel has other bytes after a save and a restore, although they still match the same packets. */
const KEEPS_ITS_MEANING =
  /^-[io] \+( -o \+)?$|^-p (all|0)$|^-m frag.* --fragid (:|0:\d*)$|^-m rt --rt-segsleft (:|0:\d*)$|--right-shift-mark 0$|^-p (?:tcp|udp) -m (?:tcp|udp) ! --(?:[sd]|source-|destination-)port :80$/;

/** Reasons to refuse a line that iptables takes: iptables would do something else than the line says. */
const LINTED = /would be cut|control character|"!" goes before|an option of the program/;

function linted(place: string, family: Family, spec: string): boolean {
  const { problems } = readWanted({ scope: 'chains', [family]: rulesetText(place, [spec]) });
  expect(problems.every(({ reason }) => LINTED.test(reason))).toBe(true);
  return problems.length > 0;
}

async function withNeeds(namespace: TestNamespace, family: Family): Promise<void> {
  await namespace.run('bash', ['-c', scriptOfNeeds(NEEDS, namespace.backend, family)]);
}

async function bareSave(backend: Backend, family: Family, texts: readonly string[]): Promise<string[]> {
  const bare = await TestNamespace.create(backend);
  try {
    await withNeeds(bare, family);
    const saves: string[] = [];
    for (const text of texts) {
      await bare.restore(text, family);
      saves.push(await bare.save());
    }
    return saves;
  } finally {
    await bare.remove();
  }
}

describe.each(BACKENDS)('every option of every extension, %s', (backend) => {
  it.each(READ_WITH[backend])(
    'is applied, kept, repaired, changed and removed as by bare iptables, %s',
    async (family) => {
      const host = await fixture.host(backend);
      const client = await fixture.client();
      await withNeeds(host.namespace, family);
      const nothing = await host.namespace.save();
      let tried = 0;
      for (const [index, place] of places.entries()) {
        const good = casesOf(place, family).filter((one) => one[backend].roundTrips);
        // A name that is not UTF-8 cannot be sent in a job.
        const sendable = good.filter(({ spec, needs }) => needs.length === 0 || /^[ -~]*$/.test(spec));
        const specs = sendable
          .map(({ spec }) => spec)
          .filter((spec) => !NEGATES_ALL.test(spec) && !linted(place, family, spec));
        if (specs.length === 0) continue;
        tried += specs.length;
        const name = `ext-${index}`;
        const text = rulesetText(place, specs);
        const changed = rulesetText(place, specs.with(specs.length >> 1, '-m comment --comment other'));
        const [chain = ''] = place.split(' ').slice(1);
        const again = changed.replace(`-A ${chain} -j ext\n`, '');
        const [first, second] = await bareSave(backend, family, [text, again]);

        const push = async (revision: number, ipv: string) =>
          (
            await client.run(host.id, {
              ruleset: { name, revision, [family]: ipv },
              confirm: { mode: 'none' },
            })
          ).data;
        const applied = await push(1, text);
        expect(applied.failure, place).toBeNull();
        expect(applied.outcome).toBe('applied');
        expect(await host.namespace.save(), place).toBe(first);
        expect(await push(2, text)).toMatchObject({ outcome: 'unchanged', diff: { added: 0, removed: 0 } });
        const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
        const [tableName = ''] = place.split(' ');
        await host.namespace.run(`${program}-${backend}`, ['-w', '5', '-t', tableName, '-D', 'ext', '1']);
        await push(3, text);
        expect(await host.namespace.save(), place).toBe(first);
        expect(await push(4, changed)).toMatchObject({ outcome: 'applied' });
        expect(await host.namespace.save(), place).toBe(second);
        const removed = await client.run(host.id, { action: 'remove', ruleset: { name, revision: 5 } });
        expect(removed.data.outcome).toBe('removed');
        expect(await host.namespace.save(), place).toBe(nothing);
      }
      expect(tried).toBeGreaterThan(1_000);
    },
  );

  it.each(READ_WITH[backend])(
    'is refused with its line if it would be saved as another rule, %s',
    async (family) => {
      const host = await fixture.host(backend);
      const client = await fixture.client();
      await withNeeds(host.namespace, family);
      const wrong: string[] = [];
      for (const [index, place] of places.entries()) {
        const bad = casesOf(place, family).filter(
          (one) => one[backend].broken !== null && !KEEPS_ITS_MEANING.test(one.spec),
        );
        const specs = bad.map(({ spec }) => spec);
        for (const [at, spec] of specs.entries()) {
          if (!IS_LONG_RUN && at % STRIDE !== 0) continue;
          const ruleset = { name: `bad-${index}-${at}`, revision: 1, [family]: rulesetText(place, [spec]) };
          const { data } = await client.run(host.id, { action: 'check', ruleset });
          const lines = data.failure?.lines.map(({ line }) => line).join() ?? 'none';
          if (lines !== '4')
            wrong.push(
              `${place} ${family}: ${spec} | ${bad[at]?.[backend].broken?.why} | ${bad[at]?.[backend].broken?.saved} | ${data.failure?.message}`,
            );
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});
