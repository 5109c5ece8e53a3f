/**
 * What a job costs beside the least that it could cost: the bare tools that any careful script would run for the same. Each case
 * has a goal, in ratios. Job and bare tools take turns in one run; it prints medians.
 *
 * npm run bench [-- goals [--rules 10000] [--rounds 5] [--large RULES] [--json]]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Engine } from '../support/engine.ts';
import { BACKENDS, type Backend } from '../support/namespace.ts';
import { bareRestore } from './support/bare-restore.ts';
import { type Change, changeCases } from './support/change-cases.ts';
import { median, printTable } from './support/figures.ts';
import { rulesetText } from './support/rulesets.ts';

const { values } = parseArgs({
  options: {
    rules: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    large: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.rules);
const SMALL = 10;
const LARGE = Number(values.large ?? 5 * count);
const SMALL_JOBS = 15;
const STALL_GOAL_MS = 50;

interface Goal {
  what: string;
  floor: string;
  nft: number;
  legacy: number;
}

const GOALS: readonly Goal[] = [
  { what: 'cold', floor: '2 restores, 2 saves', nft: 1.15, legacy: 1.5 },
  { what: 'nothing to do', floor: 'save', nft: 1.25, legacy: 1.5 },
  ...changeCases.map(({ what }) => ({ what, floor: 'that restore, 2 saves', nft: 1.35, legacy: 1.6 })),
  { what: 'all changed', floor: '2 restores, 3 saves', nft: 1.3, legacy: 1.6 },
  { what: `${SMALL} rules, all changed`, floor: 'save, restore, save', nft: 1.8, legacy: 2.2 },
  { what: `${SMALL} rules after ${LARGE}`, floor: 'the same before', nft: 1.2, legacy: 1.2 },
];

/** Milliseconds of each round, of the job and of the bare tools. */
class Figures {
  readonly #ours = new Map<string, number[]>();
  readonly #floor = new Map<string, number[]>();

  note(what: string, ours: number, floor: number): void {
    this.#ours.set(what, [...(this.#ours.get(what) ?? []), ours]);
    this.#floor.set(what, [...(this.#floor.get(what) ?? []), floor]);
  }

  of(what: string): { ours: number; floor: number; ratio: number } {
    const ours = median(this.#ours.get(what) ?? []);
    const floor = median(this.#floor.get(what) ?? []);
    return { ours, floor, ratio: ours / floor };
  }
}

const delay = monitorEventLoopDelay({ resolution: 1 });
const results: Record<string, string | number | boolean>[] = [];
for (const backend of BACKENDS) {
  const figures = new Figures();
  const stalls: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await large(backend, figures, stalls);
    await small(backend, figures);
  }
  for (const goal of GOALS) {
    const { what, floor: against } = goal;
    const { ours, floor, ratio } = figures.of(what);
    results.push({ backend, what, against, floor, ours, ratio, goal: goal[backend] });
  }
  const stall = median(stalls);
  results.push({
    backend,
    what: 'longest stall of a round, ms',
    against: '',
    floor: 0,
    ours: stall,
    ratio: stall,
    goal: STALL_GOAL_MS,
  });
}
if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const rows = results.map(({ backend, what, against, floor, ours, ratio, goal }) => [
    String(backend),
    String(what),
    String(against),
    Number(floor).toFixed(0),
    Number(ours).toFixed(0),
    Number(ratio).toFixed(2),
    String(goal),
    Number(ratio) <= Number(goal) ? 'yes' : 'no',
  ]);
  printTable([['variant', 'job', 'floor', 'ms', 'ours, ms', 'ratio', 'goal', 'reached'], ...rows]);
}

async function large(backend: Backend, figures: Figures, stalls: number[]): Promise<void> {
  const engine = await Engine.open(backend);
  const [restoreProgram, saveProgram] = [`iptables-${backend}-restore`, `iptables-${backend}-save`];
  const save = async () => await engine.bare(saveProgram, ['-c', '-t', 'filter']);
  const text = (salt: number) => rulesetText({ count, chains: 1, salt, odd: null });
  const job = async (ruleset: string, expected: string) => {
    delay.reset();
    delay.enable();
    const { timings, end } = await engine.apply(ruleset);
    delay.disable();
    stalls[stalls.length - 1] = Math.max(stalls.at(-1) ?? 0, delay.max / 1e6);
    if (end.outcome !== expected) throw new Error(`${end.outcome}: ${end.failure?.message ?? ''}`);
    return timings.totalMs;
  };
  stalls.push(0);
  const whole = await bareRestore(backend, text(0));
  const cold = await job(text(0), 'applied');
  const saved = await save();
  figures.note('cold', cold, 2 * whole + 2 * saved);
  figures.note('nothing to do', await job(text(0), 'unchanged'), await save());
  for (const { what, change, edit } of changeCases) {
    const changed = await job(change(text(0)), 'applied');
    await engine.apply(text(0));
    const restored = await bareEdit(engine, restoreProgram, edit);
    await engine.apply(text(0));
    figures.note(what, changed, restored + 2 * (await save()));
  }
  const all = await job(text(1), 'applied');
  figures.note('all changed', all, 2 * whole + 3 * (await save()));
  await engine.close();
}

async function bareEdit(engine: Engine, program: string, edit: Change['edit']): Promise<number> {
  return await engine.bare(program, ['-n', '-w', '5'], edit(count));
}

async function small(backend: Backend, figures: Figures): Promise<void> {
  const engine = await Engine.open(backend);
  const text = (salt: number) => rulesetText({ count: SMALL, chains: 1, salt, odd: null });
  const bare = async (salt: number) =>
    (await engine.bare(`iptables-${backend}-save`, ['-c', '-t', 'filter'])) +
    (await engine.bare(`iptables-${backend}-restore`, ['-n', '-w', '5'], text(salt), true)) +
    (await engine.bare(`iptables-${backend}-save`, ['-c', '-t', 'filter']));
  const jobs = async () => {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let job = 1; job <= SMALL_JOBS; job += 1) {
      ours.push((await engine.apply(text(job % 8))).timings.totalMs);
      floor.push(await bare(job % 8));
    }
    return [median(ours), median(floor)] as const;
  };
  await jobs();
  const [before, floor] = await jobs();
  figures.note(`${SMALL} rules, all changed`, before, floor);
  await engine.apply(rulesetText({ count: LARGE, chains: 1, salt: 0, odd: null }));
  await engine.apply(text(0));
  const [after] = await jobs();
  figures.note(`${SMALL} rules after ${LARGE}`, after, before);
  await engine.close();
}
