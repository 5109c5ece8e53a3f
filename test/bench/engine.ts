/**
 * Whole jobs, without a broker, compared with bare tools: `iptables-save` of the table, `iptables-restore` of all of it into an
 * empty namespace, and the restore that replaces one chain. They take turns in one run; it prints medians in ms, and ratios.
 *
 * npm run bench -- engine [--rules 10,1000] [--rounds 5] [--json]
 */
import { parseArgs } from 'node:util';
import { Engine } from '../support/engine.ts';
import { BACKENDS, type Backend } from '../support/namespace.ts';
import { bareRestore } from './support/bare-restore.ts';
import { median, printTable } from './support/figures.ts';
import { type Layout, rulesetText } from './support/rulesets.ts';

const { values } = parseArgs({
  options: {
    rules: { type: 'string', default: '10,100,1000,10000,50000,50000/500' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);

interface Figure {
  backend: Backend;
  rules: string;
  what: string;
  ms: number;
  /** The bare tool that it is compared with; `ratio` is how many times as long it takes. */
  against: string;
  ratio: number;
  stages: Record<string, number>;
}

const figures: Figure[] = [];
for (const backend of BACKENDS) {
  for (const rules of values.rules.split(',')) figures.push(...(await measure(backend, rules)));
}
if (values.json) console.log(JSON.stringify(figures, null, 2));
else {
  const rows = figures.map(({ backend, rules, what, ms, against, ratio, stages }) => {
    const parts = Object.entries(stages).map(([stage, duration]) => `${stage} ${duration.toFixed(0)}`);
    return [backend, rules, what, ms.toFixed(0), against, ratio.toFixed(2), parts.join(', ')];
  });
  printTable([['variant', 'rules', 'job', 'ms', 'against', 'ratio', 'of that, ms'], ...rows]);
}

async function measure(backend: Backend, rules: string): Promise<Figure[]> {
  const [count = 0, chains = 1] = rules.split('/').map(Number);
  const layout = (change: Partial<Layout> = {}) =>
    rulesetText({ count, chains, salt: 0, odd: null, ...change });
  const times = new Map<string, number[]>();
  const stages = new Map<string, Record<string, number>>();
  const note = (what: string, ms: number) => times.set(what, [...(times.get(what) ?? []), ms]);
  const job = async (engine: Engine, what: string, text: string, expected: string) => {
    const { ms, timings, end } = await engine.apply(text);
    if (end.outcome !== expected)
      throw new Error(`${what}: ${end.outcome}, not ${expected}: ${end.failure?.message ?? ''}`);
    const { lockMs, snapshotMs, rehearseMs, planMs, applyMs, verifyMs } = timings;
    note(what, ms);
    stages.set(what, {
      lock: lockMs,
      snapshot: snapshotMs,
      rehearse: rehearseMs,
      plan: planMs,
      apply: applyMs,
      verify: verifyMs,
    });
  };
  for (let round = 0; round < rounds; round += 1) {
    note('bare restore', await bareRestore(backend, layout()));
    const engine = await Engine.open(backend);
    await job(engine, 'first apply', layout(), 'applied');
    note('bare save', await engine.bare(`iptables-${backend}-save`, ['-c', '-t', 'filter']));
    await job(engine, 'nothing to do', layout(), 'unchanged');
    await job(engine, 'one rule changed', layout({ odd: '-s 192.0.2.1/32 -j DROP' }), 'applied');
    await job(engine, 'all rules changed', layout({ salt: 1 }), 'applied');
    await job(engine, 'failing line', layout({ salt: 1, odd: '-j MASQUERADE' }), 'failed');
    const replace = ['-n', '-w', '5'];
    note(
      'bare chain replace',
      await engine.bare(`iptables-${backend}-restore`, replace, layout({ salt: 2 }), true),
    );
    await engine.close();
  }
  const of = (what: string) => median(times.get(what) ?? []);
  const pairs = [
    ['bare save', 'bare restore'],
    ['bare chain replace', 'bare restore'],
    ['nothing to do', 'bare save'],
    ['one rule changed', 'bare save'],
    ['first apply', 'bare restore'],
    ['all rules changed', 'bare restore'],
    ['failing line', 'bare restore'],
  ] as const;
  return pairs.map(([what, against]) => ({
    backend,
    rules,
    what,
    ms: of(what),
    against,
    ratio: of(what) / of(against),
    stages: stages.get(what) ?? {},
  }));
}
