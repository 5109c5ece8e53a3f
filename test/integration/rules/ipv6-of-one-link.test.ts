import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS } from '../../support/namespace.ts';

describe.each(BACKENDS)('where IPv6 is off but for one link (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    const { namespace } = engine;
    await layGatewayNetwork(namespace);
    await namespace.run('sysctl', ['-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
    await namespace.run('sysctl', ['-qw', 'net.ipv6.conf.eth0.disable_ipv6=0']);
    await namespace.run('ip', ['address', 'add', '2001:db8:1::1/64', 'dev', 'eth0', 'nodad']);
  });
  afterAll(async () => await engine.close());

  it('packets come by that link, and by the others with IPv4', async () => {
    const table =
      '*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -p tcp --dport 22 -j ACCEPT\n-A edge -p tcp -j DROP\nCOMMIT\n';
    const sources = { ssh6: '2001:db8:1::5', ssh4: '192.0.2.5', inner: '10.1.0.5' };
    const tests = Object.entries(sources).flatMap(([name, from]) => {
      const packet = { direction: 'in', protocol: 'tcp', from } as const;
      return [
        { ...packet, name, port: 22, expect: 'accept' } as const,
        { ...packet, name: `${name} other`, port: 23, expect: 'drop' } as const,
      ];
    });
    const { end } = await engine.run('check', { name: 'edge', ipv4: table, ipv6: table, tests });
    expect(end.failure).toBeNull();
    expect(end.tests).toEqual({ passed: tests.length, notes: [] });
  });
});
