/**
 * Rulesets that are made up, each with tests that pass: `npm run chaos -- packet-tests`, 500 for each variant of iptables; `--backend legacy`
 * for one, `--count`, `--seed`, and `--first ROUND` to go on from there. One rule of each is then given another verdict. The tests that fail
 * must be those of its packets, and name its line.
 */

import { parseArgs } from 'node:util';
import type { RulesetTest } from '../../src/contract/jobs/ruleset-test.ts';
import { Engine } from '../support/engine.ts';
import { layGatewayNetwork } from '../support/gateway-network.ts';
import { BACKENDS } from '../support/namespace.ts';
import { Random } from '../support/random.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    backend: { type: 'string' },
  },
});
const [count, first] = [Number(values.count), Number(values.first)];
const backends = BACKENDS.filter((backend) => values.backend === undefined || backend === values.backend);
if (backends.length === 0) throw new Error(`there is no variant ${values.backend}`);
let chosen = new Random(Number(values.seed));
const random = (below: number) => chosen.below(below);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

const TOLD_EVERY = 25;
const VERDICTS = ['ACCEPT', 'DROP', 'REJECT', 'REJECT --reject-with tcp-reset'] as const;
const EXPECTED: Readonly<Record<string, string>> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'reject:icmp-port-unreachable',
  'REJECT --reject-with tcp-reset': 'reject:tcp-reset',
};

interface Made {
  match: string;
  verdict: string;
  chain: string;
  test: RulesetTest;
}

/** Rules of which no two take the same packets, in chains that jump to one another. */
function makeRuleset(): Made[] {
  const rules = 2 + random(12);
  return Array.from({ length: rules }, (_, index) => {
    const direction = pick(['in', 'in', 'forward'] as const);
    const protocol = pick(['tcp', 'tcp', 'udp'] as const);
    const port = 1_000 + index * 7;
    const from = pick(['198.51.100.7', '203.0.113.9', '192.0.2.77']);
    const verdict = pick(protocol === 'tcp' ? VERDICTS : VERDICTS.slice(0, 3));
    const source = random(2) === 0 ? '' : `-s ${from.replace(/\d+$/, '0')}/24 `;
    const inner = random(2);
    const to = direction === 'forward' ? { to: '10.1.0.5' } : {};
    const test: RulesetTest = {
      name: `rule ${index}`,
      direction,
      protocol,
      port,
      from,
      ...to,
      expect: EXPECTED[verdict] ?? '',
    };
    return {
      match: `${source}-p ${protocol} --dport ${port}`,
      verdict,
      chain: `${direction === 'in' ? 'in' : 'fw'}-${inner}`,
      test,
    };
  });
}

function textOf(rules: readonly Made[]): { text: string; lines: number[] } {
  const head = ['*filter', ':in-0 - [0:0]', ':in-1 - [0:0]', ':fw-0 - [0:0]', ':fw-1 - [0:0]'];
  const known = '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT';
  const jumps = [
    '-A INPUT -j in-0',
    '-A FORWARD -j fw-0',
    `-A in-0 ${known}`,
    `-A fw-0 ${known}`,
    '-A in-0 -j in-1',
    '-A fw-0 -j fw-1',
  ];
  const own = rules.map(({ chain, match, verdict }) => `-A ${chain} ${match} -j ${verdict}`);
  const before = head.length + jumps.length;
  return {
    text: [...head, ...jumps, ...own, 'COMMIT', ''].join('\n'),
    lines: own.map((_, index) => before + index + 1),
  };
}

interface Trial {
  rules: Made[];
  /** Which of them is given another verdict. */
  victim: number;
  changed: Made[];
}

function makeTrial(): Trial {
  const rules = makeRuleset();
  const victim = random(rules.length);
  const others = VERDICTS.slice(0, 3).filter((verdict) => verdict !== rules[victim]?.verdict);
  const verdict = pick(others);
  return { rules, victim, changed: rules.map((rule, at) => (at === victim ? { ...rule, verdict } : rule)) };
}

/** @returns whether the tests pass, and the one that is to fail does, at its line; says so where they do not */
async function isToldRightly(engine: Engine, { rules, victim, changed }: Trial): Promise<boolean> {
  const tests = rules.map(({ test }) => test);
  const { text, lines } = textOf(changed);
  const { end: good } = await engine.run('apply', { ipv4: textOf(rules).text, tests });
  const { end: bad } = await engine.run('check', { ipv4: text, tests });
  const told = bad.failure?.tests?.map(
    (test) => `${test.name} at ${test.lines.map(({ line }) => line).join()}`,
  );
  const wanted = [`rule ${victim} at ${lines[victim]}`];
  if (good.failure === null && JSON.stringify(told) === JSON.stringify(wanted)) return true;
  console.error({ good: good.failure, bad: bad.failure, outcome: bad.outcome, told, wanted });
  console.error(text);
  return false;
}

let wrong = 0;
for (const backend of backends) {
  // The same rulesets for each.
  chosen = new Random(Number(values.seed));
  const engine = await Engine.open(backend);
  await layGatewayNetwork(engine.namespace);
  for (let round = 0; round < count; round += 1) {
    const trial = makeTrial();
    if (round < first) continue;
    if (round % TOLD_EVERY === 0)
      console.error(`${backend}: ${round} rulesets, ${wrong} told wrongly so far`);
    if (await isToldRightly(engine, trial)) continue;
    wrong += 1;
    console.error(`${backend}: the ruleset of round ${round} was told wrongly`);
  }
  await engine.close();
}
console.log(
  `${count - first} rulesets for ${backends.join(' and ')}, seed ${values.seed}: ${wrong} were told wrongly`,
);
process.exitCode = wrong === 0 ? 0 : 1;
