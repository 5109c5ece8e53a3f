import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS } from '../../support/namespace.ts';
import {
  CASES,
  CASES6,
  expectTold,
  failingOf,
  IPV4,
  IPV6,
  named,
  testOf,
} from '../../support/packet-cases.ts';

describe.each(BACKENDS)('tests of a ruleset, all that have to fail (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layGatewayNetwork(engine.namespace);
  });
  afterAll(async () => await engine.close());

  it.each([
    ['IPv4', CASES],
    ['IPv6', CASES6],
  ])('do, each with the line that decides it (%s)', async (_family, all) => {
    await expectTold(engine, failingOf(all));
  });

  it.each([
    ['IPv4', CASES],
    ['IPv6', CASES6],
  ])('do so where the opposite is asked of those that pass (%s)', async (_family, all) => {
    // Of a refusal and a destination, what is got says more than what was asked for.
    const passing = named(all).filter(
      (one) => one.got === undefined && /^(?:accept|drop|.*:.*:.*|reject:.*)$/.test(one.expect),
    );
    const opposite = passing.map((one) => ({ ...one, expect: one.expect === 'drop' ? 'accept' : 'drop' }));
    const tests = opposite.map(testOf);
    const { end } = await engine.run('check', { scope: 'tables', ipv4: IPV4, ipv6: IPV6, tests });
    expect(end.failure?.tests?.map(({ name, expected, got }) => ({ name, expected, got }))).toEqual(
      passing.map(({ name, expect: got }, index) => ({ name, expected: opposite[index]?.expect, got })),
    );
  });
});
