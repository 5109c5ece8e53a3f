import type { GateWatch } from '../../src/central/rollout/rollout-options.ts';
import type { GateLook } from '../../src/contract/rollouts/gates.ts';
import type { Death, Fate } from './imagined-fleet.ts';
import { Random } from './random.ts';

/** A rollout in which everything may go wrong. */
export interface Night {
  seed: number;
  fates: Map<string, Fate>;
  steps: number[];
  budgets: { failed: number; rolledBack: number; silent: number };
  onFailure: 'stop' | 'rollback' | 'continue';
  soakSeconds: number;
  gate: { failures: number; onInconclusive: 'pause' | 'fail'; verdicts: GateLook['verdict'][] } | null;
  /** How each controller dies, but for the last one. */
  deaths: Death[];
  /** Whether another process wants to go on with it each time, too. */
  isContested: boolean;
  /** What an operator asks for, and when. */
  requests: { what: 'pause' | 'resume' | 'abort'; ms: number }[];
}

const GATE_LOOK_MS = 500;

/** The same seed gives the same night. */
export function drawNight(seed: number): Night {
  const random = new Random(seed);
  const hosts = 1 + random.below(random.pick([4, 12, 12, 40, 200]));
  const trouble = random.pick([0, 5, 20, 50]);
  const some = () => random.below(random.pick([1, 2, 4, 1 + Math.ceil(hosts / 3)]));
  const fates = new Map(
    Array.from({ length: hosts }, (_, index) => [`host-${index}`, drawFate(random, trouble)]),
  );
  return {
    seed,
    fates,
    steps: Array.from({ length: random.below(5) }, () => 1 + random.below(hosts)).toSorted((a, b) => a - b),
    budgets: { failed: some(), rolledBack: some(), silent: some() },
    onFailure: random.pick(['stop', 'rollback', 'rollback', 'continue']),
    soakSeconds: random.pick([0, 0, 7, 40, 120]),
    gate: random.chance(50) ? drawGate(random) : null,
    deaths: Array.from({ length: random.below(6) }, () => ({
      message: 1 + random.below(random.pick([4, 12, 3 * hosts + 12])),
      isAfter: random.chance(50),
    })),
    isContested: random.chance(30),
    requests: drawRequests(random),
  };
}

function drawFate(random: Random, trouble: number): Fate {
  const isTroubled = random.chance(trouble);
  const kind = isTroubled
    ? random.pick([
        'applied',
        'applied',
        'failed',
        'rolled_back',
        'silent',
        'stuck',
        'late',
        'unroutable',
      ] as const)
    : 'applied';
  const after = random.pick(['drifts', 'offline', 'dies', 'dies', 'undone'] as const);
  return {
    kind,
    startMs: random.below(5_000),
    runMs: random.below(5_000),
    had: random.chance(50),
    isTwice: random.chance(10),
    after:
      isTroubled && kind === 'applied' && random.chance(60)
        ? { kind: after, ms: random.below(random.pick([1_000, 30_000, 200_000])) }
        : undefined,
    takeBack: random.chance(trouble / 4) ? random.pick(['fails', 'silent']) : undefined,
  };
}

function drawGate(random: Random): Night['gate'] {
  const verdict = () =>
    random.pick(['pass', 'pass', 'pass', 'pass', 'pass', 'pass', 'fail', 'inconclusive'] as const);
  return {
    failures: 1 + random.below(3),
    onInconclusive: random.pick(['pause', 'fail']),
    verdicts: Array.from({ length: random.below(30) }, verdict),
  };
}

function drawRequests(random: Random): Night['requests'] {
  const at = random.below(120_000);
  const kind = random.below(10);
  if (kind === 0) return [{ what: 'abort', ms: at }];
  if (kind > 2) return [];
  return [
    { what: 'pause', ms: at },
    { what: 'resume', ms: at + random.below(200_000) },
  ];
}

/** The gate of a night. Its looks are the same ones whichever process looks. */
export function gateOf({ gate }: Night): GateWatch | undefined {
  if (gate === null) return undefined;
  const left = [...gate.verdicts];
  const { failures, onInconclusive } = gate;
  return {
    rules: { names: ['g'], digest: '0'.repeat(64), everySeconds: 3, failures, onInconclusive },
    look: async () => {
      await new Promise((resolve) => setTimeout(resolve, GATE_LOOK_MS));
      const verdict = left.shift() ?? 'pass';
      return [{ name: 'g', verdict, value: null, wanted: '', reason: verdict, at: new Date().toISOString() }];
    },
  };
}
