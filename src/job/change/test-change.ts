import type { JobEnd } from '../outcome/job-end.ts';
import type { Proposal } from '../plan/proposal.ts';
import type { HostSession } from '../ports/session.ts';
import { tryTests } from '../rehearse/try-tests.ts';
import type { PreparedChange } from './prepare-change.ts';

/**
 * Sends the packets of tests to what the host would have after the change. Without tests, nothing is done.
 *
 * @throws {JobFailure} `test_failed` or `test_inconclusive`
 */
export async function testChange(
  { tests }: Pick<Proposal, 'tests'>,
  { intent, changes }: PreparedChange,
  { ports, watch }: HostSession,
): Promise<Pick<JobEnd, 'tests'>> {
  if (tests.length === 0) return {};
  return {
    tests: await watch.time('rehearseMs', async () => await tryTests(tests, intent, changes, ports.packets)),
  };
}
