import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../support/engine.ts';
import { BACKENDS } from '../../support/namespace.ts';

describe.each(BACKENDS)('where IPv6 is off but for one link (%s)', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    const { namespace } = engine;
    const links = [
      'link add eth0 type veth peer name end0',
      'link add eth1 type veth peer name end1',
      'link set end0 up',
      'link set end1 up',
      'address add 192.0.2.1/24 dev eth0',
      'address add 10.1.0.1/24 dev eth1',
      'link set eth0 up',
      'link set eth1 up',
    ];
    await namespace.run('ip', ['-batch', '-'], `${links.join('\n')}\n`);
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
