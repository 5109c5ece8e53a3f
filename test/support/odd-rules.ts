import type { Backend, TestNamespace } from './namespace.ts';
import {
  ODD_CHAINS,
  ODD_COMMENTS,
  ODD_INTERFACES,
  ODD_LONG_NAMES,
  ODD_NAMES,
  ODD_PREFIXES,
  ODD_SETS,
  type Some,
} from './odd-words.ts';
import { Random } from './random.ts';
import { commandOf, runScript } from './raw-words.ts';

/** A rule as the words for one call of iptables, a character for each byte. */
export type OddRule = readonly string[];

const TARGETS: Some = ['ACCEPT', 'DROP', 'RETURN', 'LOG', 'MARK', 'none'];

/**
 * Rules of the table mangle that somebody else may have made. Bare iptables accepts all of them in the
 * chains that `makeOddSurroundings` makes, and in INPUT, FORWARD and OUTPUT. The same seed gives the same rules.
 */
export function oddRules(seed: number, count: number, backend: Backend): string[][] {
  const random = new Random(seed);
  const rules: string[][] = [];
  while (rules.length < count) {
    const last = rules.at(-1);
    // Now and then the same rule twice in a row.
    if (last !== undefined && random.chance(5)) rules.push(last);
    else rules.push(oddRule(random, backend, `${seed.toString(36)}${rules.length.toString(36)}`));
  }
  return rules;
}

function oddRule(random: Random, backend: Backend, unique: string): string[] {
  const chain = random.chance(60) ? random.pick(['INPUT', 'FORWARD', 'OUTPUT']) : random.pick(ODD_CHAINS);
  const rule = ['-t', 'mangle', '-A', chain];
  if (random.chance(25)) rule.push(...interfaceOf(random, backend, chain));
  if (random.chance(20)) rule.push('-p', 'tcp', '--dport', String(1 + random.below(65_535)));
  if (random.chance(60)) rule.push('-m', 'comment', '--comment', random.pick(ODD_COMMENTS));
  if (random.chance(40)) rule.push(...namedMatch(random));
  // iptables accepts a second comment, too.
  if (random.chance(5)) rule.push('-m', 'comment', '--comment', random.pick(ODD_COMMENTS));
  if (random.chance(15)) rule.push(...namedTarget(random, unique));
  else rule.push(...verdict(random, chain));
  return rule;
}

function interfaceOf(random: Random, backend: Backend, chain: string): string[] {
  const option = chain === 'OUTPUT' ? '-o' : '-i';
  // An interface that can never match: the nft variant refuses it.
  if (backend === 'legacy' && random.chance(5)) return ['!', option, '+'];
  return [...(random.chance(20) ? ['!'] : []), option, random.pick(ODD_INTERFACES)];
}

function namedMatch(random: Random): string[] {
  switch (random.below(4)) {
    case 0:
      return [
        '-m',
        'recent',
        random.pick(['--set', '--rcheck', '--update']),
        '--name',
        random.pick(ODD_LONG_NAMES),
      ];
    case 1:
      return [
        '-m',
        'hashlimit',
        '--hashlimit-upto',
        '5/sec',
        '--hashlimit-name',
        random.pick(ODD_LONG_NAMES),
      ];
    case 2:
      return ['-m', 'set', ...(random.chance(30) ? ['!'] : []), '--match-set', random.pick(ODD_SETS), 'src'];
    default:
      return ['-m', 'string', '--algo', 'bm', '--string', random.pick(ODD_LONG_NAMES)];
  }
}

/** Targets with a name of their own: IDLETIMER labels are shared by the whole machine, and each estimator has one rate. */
function namedTarget(random: Random, unique: string): string[] {
  switch (random.below(4)) {
    case 0: {
      const name = random.pick(ODD_NAMES).slice(0, 15 - unique.length);
      return [
        '-j',
        'RATEEST',
        '--rateest-name',
        `${name}${unique}`,
        '--rateest-interval',
        '1s',
        '--rateest-ewmalog',
        '2s',
      ];
    }
    case 1:
      return ['-j', 'IDLETIMER', '--timeout', '600', '--label', `${random.pick(ODD_NAMES)}${unique}`];
    case 2:
      return ['-j', 'NFLOG', '--nflog-prefix', random.pick(ODD_PREFIXES)];
    default:
      return ['-j', 'LOG', '--log-prefix', random.pick(ODD_PREFIXES)];
  }
}

function verdict(random: Random, chain: string): string[] {
  // A chain jumps only to the next one, so that there is no loop.
  const next = ODD_CHAINS[ODD_CHAINS.indexOf(chain) + 1];
  if (next !== undefined && random.chance(25)) return [random.pick(['-j', '-g', '--jump', '--goto']), next];
  const target = random.pick(TARGETS);
  if (target === 'none') return [];
  return target === 'MARK' ? ['-j', 'MARK', '--set-mark', '7'] : ['-j', target];
}

/** Makes the chains and sets that the rules name. */
export async function makeOddSurroundings(namespace: TestNamespace): Promise<void> {
  const commands = [
    ...ODD_SETS.map((name) => ['ipset', 'create', name, 'bitmap:port', 'range', '0-99']),
    ...ODD_CHAINS.map((name) => [`iptables-${namespace.backend}`, '-w', '5', '-t', 'mangle', '-N', name]),
  ];
  const refusals = await runAll(namespace, commands);
  const [first] = refusals;
  if (first !== undefined) throw new Error(`${JSON.stringify(commands[first.at])}: ${first.error}`);
}

export interface OddRefusal {
  /** The index of the rule, from 0. */
  at: number;
  error: string;
}

/** Adds rules with iptables itself, by one call for each. @returns those that it refused */
export async function addOddRules(
  namespace: TestNamespace,
  rules: readonly OddRule[],
): Promise<OddRefusal[]> {
  return await runAll(
    namespace,
    rules.map((rule) => [`iptables-${namespace.backend}`, '-w', '5', ...rule]),
  );
}

/** Runs commands one after the other in one shell, and goes on after one that fails. */
async function runAll(namespace: TestNamespace, commands: readonly string[][]): Promise<OddRefusal[]> {
  const lines = commands.map(
    (words, at) => `errors=$(${commandOf(words)} 2>&1 >/dev/null) || printf '%s\\0%s\\0' ${at} "$errors"`,
  );
  const { stdout } = await runScript(namespace.name, `${lines.join('\n')}\nexit 0\n`);
  const fields = stdout.split('\0');
  return Array.from({ length: (fields.length - 1) / 2 }, (_, pair) => ({
    at: Number(fields[pair * 2]),
    error: fields[pair * 2 + 1] ?? '',
  }));
}
