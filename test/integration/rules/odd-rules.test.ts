import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { addOddRules, makeOddSurroundings, oddRules } from '../../support/odd-rules.ts';

/** The seed of the random rules; set it to repeat a run that failed. */
const SEED = Number(process.env['FLEETWALL_SEED'] ?? Date.now() % 2 ** 31);

describe.each(BACKENDS)('odd rules of strangers, %s', (backend) => {
  let namespace: TestNamespace;
  beforeEach(async () => {
    namespace = await TestNamespace.create(backend);
    await makeOddSurroundings(namespace);
  });
  afterEach(async () => {
    await namespace.remove();
  });

  it(`are all accepted by iptables itself (FLEETWALL_SEED=${SEED})`, async () => {
    const rules = oddRules(SEED, 400, backend);
    const refused = await addOddRules(namespace, rules);
    expect(refused.map(({ at, error }) => ({ rule: rules[at], error }))).toEqual([]);
  });

  it('are the same for the same seed', () => {
    expect(oddRules(5, 100, backend)).toEqual(oddRules(5, 100, backend));
    expect(oddRules(5, 100, backend)).not.toEqual(oddRules(6, 100, backend));
  });
});
