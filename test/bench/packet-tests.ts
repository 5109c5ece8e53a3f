/** What tests with packets cost: 100 of them, at 100, 1,000 and 10,000 rules, on both variants of iptables. */
import { Engine } from '../support/engine.ts';
import { layGatewayNetwork } from '../support/gateway-network.ts';
import { BACKENDS } from '../support/namespace.ts';

const TESTS = 100;
const ROUNDS = 5;
const tests = Array.from({ length: TESTS }, (_, index) => ({
  name: `test ${index}`,
  from: '203.0.113.9',
  protocol: index % 2 === 0 ? ('tcp' as const) : ('udp' as const),
  port: 1_000 + index,
  expect: index % 4 < 2 ? 'accept' : 'drop',
}));

function medianOf(times: readonly number[] = []): number {
  return Math.round(times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0);
}

for (const backend of BACKENDS) {
  const engine = await Engine.open(backend);
  await layGatewayNetwork(engine.namespace);
  for (const rules of [100, 1_000, 10_000]) {
    const own = Array.from(
      { length: rules - TESTS },
      (_, index) => `-A m -s 10.9.${index >> 8}.${index & 255} -j DROP`,
    );
    const decided = tests.map(
      ({ protocol, port, expect }) => `-A m -p ${protocol} --dport ${port} -j ${expect.toUpperCase()}`,
    );
    const ipv4 = ['*filter', ':m - [0:0]', '-A INPUT -j m', ...own, ...decided, 'COMMIT', ''].join('\n');
    // What is live already opens and closes nothing, which a check would try as well.
    await engine.apply(ipv4);
    const [bare, tested, changed]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare?.push((await engine.run('check', { ipv4 })).ms);
      const withTests = await engine.run('check', { ipv4, tests });
      if (withTests.end.failure !== null) throw withTests.end.failure;
      tested?.push(withTests.ms);
      changed?.push((await engine.run('check', { ipv4: ipv4.replace('-j DROP', '-j ACCEPT') })).ms);
    }
    const [without, withTests, withReach] = [medianOf(bare), medianOf(tested), medianOf(changed)];
    const told = `${withTests - without} ms more with ${TESTS} tests, ${withReach - without} ms more with a rule that changes`;
    console.log(`${backend}, ${rules} rules: a check takes ${without} ms; ${told}`);
  }
  await engine.close();
}
