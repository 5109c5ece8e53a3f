/**
 * Rollouts of every kind over a simulated fleet (its workers and their connections are real), with hosts that are slow, fail,
 * take their change back, or do not answer.
 *
 * npm run chaos -- fleet [--hosts 1000] [--rollouts 10]
 */
import { parseArgs } from 'node:util';
import { FleetClient } from '../../src/central/fleet-client.ts';
import { printTable } from '../bench/support/figures.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { type RolloutTrial, tryRollout } from '../support/rollout-trial.ts';
import { SimulatedFleet } from '../support/simulated-fleet.ts';

const SECONDS = 30;
const CHOICES = ['stop', 'rollback', 'continue'] as const;

const { values } = parseArgs({
  options: { hosts: { type: 'string', default: '1000' }, rollouts: { type: 'string', default: '10' } },
});
const rows: string[][] = [['hosts', 'steps', 'budgets', 'on failure', 'seconds', 'ends']];
const broker = await Rabbitmq.start();
const client = await FleetClient.connect({ url: broker.url });
const count = Number(values.hosts);
const fleet = await SimulatedFleet.start(client, broker.url, count);
console.error(`${count} hosts are there`);
try {
  for (let number = 0; number < Number(values.rollouts); number += 1) {
    const trial = draw(number);
    const since = performance.now();
    const ends = await tryRollout(client, fleet, trial);
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    const told = Object.entries(ends).map(([end, hosts]) => `${hosts} ${end}`);
    const { steps, budgets, onFailure } = trial;
    const allowed = `${budgets.failed}/${budgets.rolledBack}/${budgets.silent}`;
    rows.push([String(count), [...steps, count].join(','), allowed, onFailure, seconds, told.join(', ')]);
    console.error(rows.at(-1)?.join(' | '));
  }
} finally {
  await fleet.stop();
  await client.close();
  await broker.stop();
}
printTable(rows);

function draw(number: number): RolloutTrial {
  const most = number % 5;
  const budgets = { failed: upTo(most * 10), rolledBack: upTo(most * 10), silent: upTo(most * 10) };
  const steps = [0.02, 0.1, 0.4].map((part) => Math.ceil(part * count)).slice(0, upTo(3));
  const onFailure = CHOICES[number % CHOICES.length] ?? 'stop';
  const chances = {
    slow: 0.2,
    failing: upTo(20) / 1000,
    rolled_back: upTo(20) / 1000,
    deaf: 0.01,
    stuck: 0.01,
  };
  return { chances: number === 0 ? {} : chances, steps: [1, ...steps], budgets, onFailure, seconds: SECONDS };
}

function upTo(most: number): number {
  return Math.floor(Math.random() * (most + 1));
}
