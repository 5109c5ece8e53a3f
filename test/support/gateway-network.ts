import type { TestNamespace } from './namespace.ts';

/** A gateway: the world behind eth0, a network of its own behind eth1. */
export async function layGatewayNetwork(namespace: TestNamespace): Promise<void> {
  const commands = [
    'link add eth0 type veth peer name end0',
    'link add eth1 type veth peer name end1',
    'link set end0 up',
    'link set end1 up',
    'address add 192.0.2.1/24 dev eth0',
    'address add 10.1.0.1/24 dev eth1',
    'address add 2001:db8:1::1/64 dev eth0 nodad',
    'address add 2001:db8:2::1/64 dev eth1 nodad',
    'link set eth0 up',
    'link set eth1 up',
    'route add default via 192.0.2.254 dev eth0',
    'route add default via 2001:db8:1::fe dev eth0',
  ];
  await namespace.run('ip', ['-batch', '-'], `${commands.join('\n')}\n`);
  const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
  await namespace.run('sh', ['-c', forward]);
}
