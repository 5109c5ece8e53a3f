import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ActionName, CallTrial } from '../../support/failing-calls/call-trial.ts';
import {
  CALL_FAULTS,
  type CallFault,
  type CallKind,
  FailingCalls,
} from '../../support/failing-calls/failing-calls.ts';
import { Fixture } from '../../support/fixture.ts';
import type { Backend } from '../../support/namespace.ts';

const fixture = new Fixture();
const TRIED: [ActionName, Backend, CallKind[]][] = [
  ['a change', 'nft', Object.keys(CALL_FAULTS) as CallKind[]],
  ['rollback', 'legacy', ['rename', 'unlink', 'fork']],
];
/** One error of the kind, and a kill where it can be one; `npm run chaos -- calls` tries all of each call. */
const faultsOf = (kind: CallKind): CallFault[] => {
  const error = CALL_FAULTS[kind].find((fault) => fault !== 'SIGKILL') ?? 'EIO';
  return [error, ...(kind === 'rename' ? (['SIGKILL'] as const) : [])];
};

let calls: FailingCalls;
beforeAll(async () => {
  calls = await FailingCalls.build();
});
afterAll(async () => await calls.remove());

describe('a call of the worker to the system that fails', () => {
  it.each(TRIED)(
    'leaves the host as the end says, whichever call it is, in %s, %s',
    { timeout: 300_000 },
    async (name, backend, kinds) => {
      const host = await fixture.host(backend, { environment: calls.environment });
      const trial = new CallTrial(host, await fixture.client(), calls);
      await trial.prepare();
      for (const kind of kinds) {
        const most = await trial.count(name, kind);
        if (most === 0) continue;
        // The last ones are those after the commit, which only files have.
        const places = new Set(
          kind === 'unlink' || kind === 'rename' ? [1, most - 1, most] : [1, Math.ceil(most / 2)],
        );
        for (const fault of faultsOf(kind)) {
          for (const at of places) {
            const { hasFailed, end, faults } = await trial.run(name, kind, fault, at);
            expect({ kind, fault, at, most, end, faults }).toEqual({
              kind,
              fault,
              at,
              most,
              end,
              faults: [],
            });
            if (at === 1) expect({ kind, hasFailed }).toEqual({ kind, hasFailed: true });
          }
        }
      }
    },
  );
});
