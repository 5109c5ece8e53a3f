/** What tests with packets cost: 100 of them, at 100, 1,000 and 10,000 rules, on both variants of iptables. */
import { Engine } from '../support/engine.ts';
import { layGatewayNetwork } from '../support/gateway-network.ts';
import { BACKENDS } from '../support/namespace.ts';

const TESTS = 100;
const tests = Array.from({ length: TESTS }, (_, index) => ({
  name: `test ${index}`,
  from: '203.0.113.9',
  protocol: index % 2 === 0 ? ('tcp' as const) : ('udp' as const),
  port: 1_000 + index,
  expect: index % 4 < 2 ? 'accept' : 'drop',
}));

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
    const apart: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const without = await engine.run('check', { ipv4 });
      const withTests = await engine.run('check', { ipv4, tests });
      if (withTests.end.failure !== null) throw withTests.end.failure;
      apart.push(withTests.ms - without.ms);
    }
    const median = apart.toSorted((one, other) => one - other)[2] ?? 0;
    console.log(`${backend}, ${rules} rules: ${TESTS} tests take ${median.toFixed(0)} ms more`);
  }
  await engine.close();
}
