import { PACKET_MATCHES } from './matches-of-packets.ts';
import { STATE_MATCHES } from './matches-of-state.ts';
import { SURROUNDING_MATCHES } from './matches-of-surroundings.ts';
import { PLAIN_RULES } from './plain-rules.ts';
import { type Extension, readDump } from './read-dump.ts';
import { FAMILIES, type Family, type Need, type Setting, type Settings } from './setting.ts';
import { TARGETS } from './targets.ts';
import { ADDRESS_TARGETS } from './targets-of-addresses.ts';
import { valuesOfType } from './values.ts';

/** A rule to be tried, without a result. */
export interface UntriedCase {
  /** `match ah`, `target LOG`, or `plain` for a rule without an extension. */
  extension: string;
  /** The option that the rule is to try; empty: none in particular. */
  option: string;
  family: Family;
  table: string;
  chain: string;
  /** The part of a line of iptables-restore after `-A CHAIN `; each character is a byte. */
  spec: string;
  needs: readonly Need[];
}

const SETTINGS: Settings = {
  ...PACKET_MATCHES,
  ...STATE_MATCHES,
  ...SURROUNDING_MATCHES,
  ...TARGETS,
  ...ADDRESS_TARGETS,
};

const OWN_OPTIONS = (
  'append delete check insert replace list list-rules flush zero new-chain delete-chain rename-chain policy source ' +
  'destination src dst protocol in-interface jump table match numeric out-interface verbose wait wait-interval exact ' +
  'version help line-numbers modprobe set-counters goto ipv4 ipv6 fragments'
).split(' ');

/** Every rule to try, each once: rules for every option of every extension in the dump, and rules without an extension. */
export function generateCases(): UntriedCase[] {
  const cases = [...plainCases(), ...readDump().flatMap((extension) => casesOf(extension))];
  const unique = new Map<string, UntriedCase>();
  for (const one of cases) {
    const key = `${one.family} ${one.table} ${one.chain} ${one.spec}`;
    if (!unique.has(key)) unique.set(key, one);
  }
  // `{n}` in a name becomes a number: each text has its own, and the same in both families.
  const numbers = new Map<string, number>();
  return [...unique.values()].map((one) => {
    const number = numbers.get(one.spec) ?? numbers.size;
    numbers.set(one.spec, number);
    return { ...one, spec: one.spec.replaceAll('{n}', String(number)) };
  });
}

function plainCases(): UntriedCase[] {
  return FAMILIES.flatMap((family) =>
    [...PLAIN_RULES.both, ...PLAIN_RULES[family]].map(([chain, spec]) => ({
      extension: 'plain',
      option: '',
      family,
      table: 'filter',
      chain,
      spec,
      needs: [],
    })),
  );
}

function casesOf(extension: Extension): UntriedCase[] {
  const { kind, name, family } = extension;
  const setting = SETTINGS[`${kind} ${name} ${family}`] ?? SETTINGS[`${kind} ${name}`] ?? {};
  const { table = 'filter', chain = 'INPUT', needs = [] } = setting;
  const begin = `${setting.before ?? ''} ${kind === 'match' ? '-m' : '-j'} ${name}`;
  return [
    ...(setting.more ?? []).map((text) => ['', text]),
    ...[...extension.options].flatMap(([option, { type }]) =>
      optionTexts(extension, setting, option, type).map((text) => [option, text]),
    ),
  ].map(([option = '', text = '']) => ({
    extension: `${kind} ${name}`,
    option,
    family,
    table,
    chain,
    spec: `${begin} ${text}`.trim(),
    needs,
  }));
}

function optionTexts(extension: Extension, setting: Setting, option: string, type: string): string[] {
  const values = setting.values?.[option] ?? valuesOfType(type, extension.family);
  if (values === undefined)
    throw new Error(`${extension.kind} ${extension.name} has no values for --${option}`);
  const others = othersOf(setting, option);
  const texts = values.flatMap((value, at) => {
    const positive = `${others} --${option} ${value}`.trim();
    // Targets have no negation. It is enough to try that once for each option.
    if (extension.kind === 'target' && at > 0) return [positive];
    return [positive, `${others} ! --${option} ${value}`.trim()];
  });
  const short = shortestName(option, [...extension.options.keys()]);
  return short === option ? texts : [...texts, `${others} --${short} ${values[0] ?? ''}`.trim()];
}

/** The other options that this option cannot be used without. */
function othersOf(setting: Setting, option: string): string {
  const own = setting.withFor?.[option];
  if (own !== undefined) return own;
  const all = setting.with ?? '';
  return all.replace(new RegExp(`(^| )--${option}( [^-"]\\S*)?(?= |$)`), '').trim();
}

/** The shortest abbreviation that no other option starts with, neither of the extension nor of iptables itself. */
function shortestName(option: string, all: readonly string[]): string {
  for (let length = 1; length < option.length; length += 1) {
    const short = option.slice(0, length);
    if ([...all, ...OWN_OPTIONS].every((other) => other === option || !other.startsWith(short))) return short;
  }
  return option;
}
