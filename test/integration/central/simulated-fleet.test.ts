import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FleetClient } from '../../../src/central/fleet-client.ts';
import { tryRollout } from '../../support/rollout-trial.ts';
import { SimulatedFleet } from '../../support/simulated-fleet.ts';

const HOSTS = 100;
const SECONDS = 8;

describe('a rollout over a hundred hosts', () => {
  let client: FleetClient;
  let fleet: SimulatedFleet;

  beforeAll(async () => {
    client = await FleetClient.connect({ url: inject('brokerUrl') });
    fleet = await SimulatedFleet.start(client, inject('brokerUrl'), HOSTS);
  });
  afterAll(async () => {
    await fleet.stop();
    await client.close();
  });

  it('goes over all of them, and Node warns of nothing', async () => {
    const warnings: Error[] = [];
    process.on('warning', (warning) => warnings.push(warning));
    const counts = await tryRollout(client, fleet, {
      chances: { slow: 0.2 },
      steps: [1, 5, 25],
      budgets: { failed: 0, rolledBack: 0, silent: 0 },
      onFailure: 'stop',
      seconds: SECONDS,
    });
    expect(counts).toEqual({ applied: HOSTS });
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });

  it.each([
    { onFailure: 'stop', budgets: { failed: 2, rolledBack: 2, silent: 2 } },
    { onFailure: 'rollback', budgets: { failed: 1, rolledBack: 1, silent: 1 } },
    { onFailure: 'continue', budgets: { failed: 0, rolledBack: 0, silent: 0 } },
  ] as const)(
    'whatever they do, and although processes that run it are gone: $onFailure',
    async ({ onFailure, budgets }) => {
      const trial = {
        chances: { slow: 0.2, failing: 0.03, rolled_back: 0.03, deaf: 0.02, stuck: 0.02 },
        steps: [1, 10, 40],
        budgets,
        onFailure,
        seconds: SECONDS,
        lives: [700, 3_000],
      };
      const connect = async () => await FleetClient.connect({ url: inject('brokerUrl') });
      const counts = await tryRollout(client, fleet, trial, { connect });
      expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(HOSTS);
    },
  );
});
