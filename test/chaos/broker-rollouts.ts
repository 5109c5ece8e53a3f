/**
 * Rollouts over a real broker, each drawn from its seed: hosts (real workers with simulated rules) that are slow, fail, take back or do
 * not answer, and processes that are gone in the midst of it.
 *
 * npm run chaos -- broker-rollouts [--seed 1] [--rollouts 50] [--hosts 24]; with --seed alone, that one
 */
import { parseArgs } from 'node:util';
import { FleetClient } from '../../src/central/fleet-client.ts';
import { Rabbitmq } from '../support/rabbitmq.ts';
import { Random } from '../support/random.ts';
import { type RolloutTrial, tryRollout } from '../support/rollout-trial.ts';
import { SimulatedFleet } from '../support/simulated-fleet.ts';

const SECONDS = 5;
const LONGEST_LIFE_MS = 8_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    rollouts: { type: 'string' },
    hosts: { type: 'string', default: '24' },
  },
});
const first = Number(values.seed ?? 1);
const rollouts = Number(values.rollouts ?? (values.seed === undefined ? 50 : 1));
const hosts = Number(values.hosts);
const broker = await Rabbitmq.start();
const connect = async () => await FleetClient.connect({ url: broker.url });
const client = await connect();
const fleet = await SimulatedFleet.start(client, broker.url, hosts);
let failed = 0;
try {
  for (let seed = first; seed < first + rollouts; seed += 1) {
    const random = new Random(seed);
    const trial = draw(random);
    const since = performance.now();
    const told = await tryRollout(client, fleet, trial, {
      random: () => random.below(1_000_000) / 1_000_000,
      connect,
    }).then(
      (ends) => Object.entries(ends).map(([end, count]) => `${count} ${end}`),
      (error: Error) => {
        failed += 1;
        return [`FAILED: ${error.message}; it alone: npm run chaos -- broker-rollouts --seed ${seed}`];
      },
    );
    const took = ((performance.now() - since) / 1000).toFixed(1);
    console.log(
      `seed ${seed}: ${trial.onFailure}, ${trial.lives?.length} killed, ${took} s: ${told.join(', ')}`,
    );
  }
} finally {
  await fleet.stop();
  await client.close();
  await broker.stop();
}
console.log(`${rollouts - failed} of ${rollouts} as they should be`);
process.exitCode = failed === 0 ? 0 : 1;

function draw(random: Random): RolloutTrial {
  const some = () => random.below(random.pick([1, 1, 3, 6]));
  const share = (percent: number) => random.below(percent + 1) / 100;
  return {
    chances: {
      slow: 0.2,
      failing: share(8),
      rolled_back: share(8),
      deaf: share(5),
      stuck: share(5),
    },
    steps: Array.from({ length: random.below(4) }, () => 1 + random.below(hosts)),
    budgets: { failed: some(), rolledBack: some(), silent: some() },
    onFailure: random.pick(['stop', 'rollback', 'rollback', 'continue'] as const),
    seconds: SECONDS,
    lives: Array.from({ length: random.below(4) }, () => random.below(LONGEST_LIFE_MS)),
  };
}
