import assert from 'node:assert/strict';
import type { FleetClient } from '../../src/central/fleet-client.ts';
import { ClientClosed, NoSuchRollout } from '../../src/central/messages/errors.ts';
import type { RolloutEnd, RolloutState } from '../../src/central/rollout/rollout-state.ts';
import type { HostEnd, RolloutStarted } from '../../src/contract/rollouts/rollout-events.ts';
import { expectedEnds } from './expected-ends.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import type { Character, SimulatedHost } from './simulated-host.ts';

export interface RolloutTrial {
  /** The share of hosts with each character, from 0 to 1; the others are `well`. */
  chances: Partial<Record<Character, number>>;
  /** The number of hosts of each step. */
  steps: readonly number[];
  budgets: { failed: number; rolledBack: number; silent: number };
  onFailure: 'stop' | 'rollback' | 'continue';
  /** How long a host has to begin a job, and again to end it. */
  seconds: number;
  /** After how many milliseconds each process that runs it is gone, but for the last one; default: there is one. */
  lives?: readonly number[];
}

const LOOK_BACK_MS = 600_000;
const ENDS: Record<Character, HostEnd> = {
  well: 'applied',
  slow: 'applied',
  failing: 'failed',
  rolled_back: 'rolled_back',
  deaf: 'silent',
  stuck: 'silent',
};

/** Rolls a ruleset out over a simulated fleet, and checks the ends that it reports and the rules that the hosts have then. */
export async function tryRollout(
  client: FleetClient,
  fleet: SimulatedFleet,
  { chances, steps, budgets, onFailure, seconds, lives = [] }: RolloutTrial,
  { random = Math.random, connect }: { random?: () => number; connect?: () => Promise<FleetClient> } = {},
): Promise<Record<string, number>> {
  for (const host of fleet.hosts) host.become(draw(chances, random));
  const before = new Map(fleet.hosts.map((host) => [host.id, host.firewall.rules()]));
  const mark = Math.random().toString(36).slice(2, 10);
  const plan = {
    id: `trial-${mark}`,
    ruleset: { name: fleet.group, revision: 'next' as const, ipv4: edge(mark) },
    whom: { groups: [fleet.group] },
    steps: [...steps.map((count) => ({ count })), { percent: 100 }],
    budgets: {
      failed: { count: budgets.failed },
      rolledBack: { count: budgets.rolledBack },
      silent: { count: budgets.silent },
    },
    onFailure,
    confirm: { mode: 'probe' as const, timeoutSeconds: seconds },
    deliverySeconds: seconds,
    executionSeconds: seconds,
  };
  const known: { state: RolloutState | null } = { state: null };
  const onEvent = (_: unknown, state: RolloutState) => void (known.state = state);
  const ends = await runByTurns(client, plan, { onEvent, lives, connect });

  const record = known.state?.record;
  if (record === undefined) throw new Error('nothing was said of the rollout');
  const characterOf = new Map(fleet.hosts.map((host) => [host.id, host.character]));
  const expected = expectedEnds(record, (host) => ENDS[characterOf.get(host) ?? 'well']);
  assert.deepEqual(ends, expected.ends);

  for (const host of fleet.hosts) host.become('well');
  // Each host runs its jobs in order: one that answers this job has ended all jobs before it.
  const reports = await client.report(fleet.group, { groups: [fleet.group] }, { timeoutSeconds: 60 });
  assert.ok(
    [...reports.values()].every((report) => report !== null),
    'a host does not answer',
  );
  const isTakenBack = expected.isStopped && onFailure === 'rollback';
  for (const { id, firewall } of fleet.hosts) {
    // A silent host has applied the job by now, unless the job that takes it back came after it.
    const isNew = ends[id] === 'applied' || (ends[id] === 'silent' && !isTakenBack);
    const rules = firewall.rules();
    if (isNew) assert.ok(rules.includes(mark), `${id} has not what was rolled out:\n${rules}`);
    else assert.equal(rules, before.get(id), `${id} is not as it was`);
  }
  await assertOnce(client, record);
  return countsOf(ends);
}

/** One process after the other: each is gone after its time, in the midst of whatever it does. */
async function runByTurns(
  client: FleetClient,
  plan: Parameters<FleetClient['rollout']>[0] & { id: string },
  {
    onEvent,
    lives,
    connect,
  }: {
    onEvent: (event: unknown, state: RolloutState) => void;
    lives: readonly number[];
    connect: (() => Promise<FleetClient>) | undefined;
  },
): Promise<Record<string, HostEnd>> {
  for (const life of connect === undefined ? [] : lives) {
    const mortal = await connect?.();
    if (mortal === undefined) break;
    const death = setTimeout(() => void mortal.close(), life);
    try {
      return (await goOn(mortal, plan, onEvent)).hosts;
    } catch (error) {
      if (!(error instanceof ClientClosed)) throw error;
    } finally {
      clearTimeout(death);
      await mortal.close();
    }
  }
  return (await goOn(client, plan, onEvent)).hosts;
}

async function goOn(
  client: FleetClient,
  plan: Parameters<FleetClient['rollout']>[0] & { id: string },
  onEvent: (event: unknown, state: RolloutState) => void,
): Promise<RolloutEnd> {
  try {
    return await client.resumeRollout(plan.id, { onEvent });
  } catch (error) {
    if (!(error instanceof NoSuchRollout)) throw error;
    return await client.rollout(plan, { onEvent });
  }
}

/** However often a job was sent, a host has ended it once. */
async function assertOnce(client: FleetClient, record: RolloutStarted): Promise<void> {
  const ids = new Map<string, Set<string>>();
  const since = new Date(Date.now() - LOOK_BACK_MS);
  for await (const event of client.past({ since })) {
    if (event.type !== 'fleetwall.job.completed' || event.data.rolloutId !== record.rolloutId) continue;
    const key = `${event.data.hostId} ${event.subject}`;
    ids.set(key, (ids.get(key) ?? new Set()).add(event.id));
  }
  for (const [key, own] of ids) assert.equal(own.size, 1, `${key} has ended ${own.size} times`);
}

function countsOf(ends: Record<string, HostEnd>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const end of Object.values(ends)) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

function draw(chances: RolloutTrial['chances'], random: () => number): SimulatedHost['character'] {
  let left = random();
  for (const [character, chance] of Object.entries(chances)) {
    left -= chance;
    if (left < 0) return character as Character;
  }
  return 'well';
}

function edge(mark: string): string {
  return `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -m comment --comment ${mark} -j DROP\nCOMMIT\n`;
}
