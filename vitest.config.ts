import { defineConfig } from 'vitest/config';
import { closingLine } from './test/support/closing-line.ts';

/** What goes through hundreds of cases of one kind, through each step of a job, or waits for minutes: `npm test` leaves it to `npm run test:exhaustive`. */
const EXHAUSTIVE = [
  'test/integration/broker/{deep-headers,refused-events,silent-broker}.test.ts',
  'test/integration/central/{gates,operators-day,raw-ends,rollout-watch,simulated-fleet}.test.ts',
  'test/integration/console/one-host.test.ts',
  'test/integration/job/{crash,failing-calls,saboteurs,undo,until}.test.ts',
  'test/integration/host/operating-guide.test.ts',
  'test/integration/lists/{foreign-sets,list-crash,list-faults}.test.ts',
  'test/integration/packaging/npm-package.test.ts',
  'test/integration/rules/{extensions,odd-neighbours,packet-cases,reach-senders,rule-readings,ruleset-tests,strangers,unreached-rules}.test.ts',
  'test/e2e/day.test.ts',
];
/** A fresh build, and a broker for all that do not harm it. */
const globalSetup = ['test/support/fresh-build.ts', 'test/support/broker-setup.ts'];

export default defineConfig({
  test: {
    reporters: ['default', closingLine],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // How long a thing takes is no question of a test: a busy machine is slow.
    expect: { poll: { timeout: 20_000 } },
    // More than there are cores: much of the time of these tests is waiting, for a broker or for a deadline.
    maxWorkers: 4,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/differential/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: EXHAUSTIVE,
          globalSetup,
        },
      },
      { extends: true, test: { name: 'exhaustive', include: EXHAUSTIVE, globalSetup } },
    ],
  },
});
