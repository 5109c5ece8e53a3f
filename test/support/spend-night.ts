import { EventReader } from '../../src/central/log/event-reader.ts';
import { NoSuchRollout, RolloutIsRun } from '../../src/central/messages/errors.ts';
import { RolloutLog } from '../../src/central/rollout/rollout-log.ts';
import type { GateWatch } from '../../src/central/rollout/rollout-options.ts';
import type { RolloutEnd } from '../../src/central/rollout/rollout-state.ts';
import { runRollout } from '../../src/central/rollout/run-rollout.ts';
import type { RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import { ImaginedFleet, type ImaginedLink } from './imagined-fleet.ts';
import { recordOf } from './imagined-rollout.ts';
import { gateOf, type Night } from './rollout-night.ts';

/** Runs the rollout of a night to its end, by one process after the other. To be called with fake timers. */
export async function spendNight(
  night: Night,
): Promise<{ fleet: ImaginedFleet; record: RolloutStarted; end: RolloutEnd }> {
  const fleet = new ImaginedFleet(night.fates);
  const gates = gateOf(night);
  const { steps, budgets, onFailure, soakSeconds } = night;
  const plan = { steps, budgets, onFailure, soakSeconds, fates: [], lives: [] };
  const plain = await recordOf(plan, [...night.fates.keys()]);
  const record = gates === undefined ? plain : { ...plain, gates: gates.rules };
  const endBeats = fleet.beat();
  for (const { what, ms } of night.requests)
    setTimeout(() => void request(fleet, record.rolloutId, what), ms);
  try {
    return { fleet, record, end: await untilItEnds(fleet, record, gates, night) };
  } finally {
    endBeats();
  }
}

async function untilItEnds(
  fleet: ImaginedFleet,
  record: RolloutStarted,
  gates: GateWatch | undefined,
  { deaths, isContested }: Night,
): Promise<RolloutEnd> {
  for (const death of [...deaths, undefined]) {
    const { link, died } = fleet.connect(death);
    const own = run(link, record, gates);
    const isRival = isContested && hasBegun(fleet);
    const rival = isRival ? run(fleet.connect().link, record, gates) : Promise.resolve('run elsewhere');
    const ends = await Promise.all([Promise.race([own, died]), rival]);
    const end = ends.find((each) => typeof each === 'object');
    if (end !== undefined) return end;
    if (ends.every((each) => each === 'run elsewhere')) throw new Error('nobody ran it, and nobody could');
  }
  throw new Error('the last process does not die');
}

/** Goes on with it where it was begun; another process may be the one that does. */
async function run(
  link: ImaginedLink,
  record: RolloutStarted,
  gates: GateWatch | undefined,
): Promise<RolloutEnd | 'run elsewhere'> {
  try {
    const log = await RolloutLog.find(link, new EventReader(undefined), record.rolloutId, 'first').catch(
      async (error: unknown) => {
        if (!(error instanceof NoSuchRollout)) throw error;
        return await RolloutLog.begin(link, new EventReader(undefined), record);
      },
    );
    return await runRollout(link, log, gates);
  } catch (error) {
    if (error instanceof RolloutIsRun) return 'run elsewhere';
    throw error;
  }
}

function hasBegun({ log }: ImaginedFleet): boolean {
  return log.some(({ key }) => key.endsWith('.started') && key.startsWith('rollout.'));
}

/** An operator, who is not the one that runs it. */
async function request(
  fleet: ImaginedFleet,
  rolloutId: string,
  what: 'pause' | 'resume' | 'abort',
): Promise<void> {
  if (!hasBegun(fleet)) return;
  const log = await RolloutLog.find(fleet.connect().link, new EventReader(undefined), rolloutId, 'first');
  if (log.state.ended === null) await log.say('fleetwall.rollout.requested', { rolloutId, request: what });
  await log.close();
}
