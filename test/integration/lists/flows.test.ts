import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../../../src/host/run-command.ts';
import { parseNetwork } from '../../../src/list/network.ts';
import { Ranges } from '../../../src/list/ranges.ts';
import { Flows } from '../../../src/netfilter/sets/flows.ts';
import { TestNamespace } from '../../support/namespace.ts';

let namespace: TestNamespace;
beforeEach(async () => {
  namespace = await TestNamespace.create('nft');
  await namespace.run('ip', ['link', 'set', 'lo', 'up']);
});
afterEach(async () => {
  await namespace.remove();
});

function flowsWith(more: object = {}): Flows {
  const prefix = ['/usr/bin/nsenter', `--net=/run/netns/${namespace.name}`, '--'];
  const programs = { conntrack: '/usr/sbin/conntrack', ss: '/usr/bin/ss' };
  return new Flows({ ...programs, namespace: { prefix }, timeoutMs: 30_000, run: runCommand, ...more });
}

function rangesOf(...texts: string[]): Ranges {
  return new Ranges(texts.map(parseNetwork).filter((network) => typeof network !== 'string'));
}

/** Connects to a host's own server from one of its own addresses, and waits for its standard input to end. */
const TALK = `
import socket, sys
family, server, client = sys.argv[1:]
kind = socket.AF_INET if family == '4' else socket.AF_INET6
address = lambda text, port: (text.split('%')[0], port) + ((0, socket.if_nametoindex('lo')) if '%' in text else ())
s = socket.socket(kind)
if family == 'mapped': s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(address(server, 4243)); s.listen()
c = socket.socket(kind)
c.bind(address(client, 0)); c.connect(address(server, 4243))
t = s.accept()
print('connected', flush=True)
sys.stdin.read()
`;

const sockets = async () => (await namespace.run('ss', ['-Htn'])).trim();

it.each([
  ['an address', '4', '127.0.0.1', '127.0.0.9', '127.0.0.9'],
  ['a network', '4', '127.0.0.1', '127.0.0.9', '127.0.0.8/29'],
  ['an address of IPv6', '6', '2001:db8:1::1', '2001:db8:1::9', '2001:db8:1::9'],
  ['a network of IPv6', '6', '2001:db8:1::1', '2001:db8:1::9', '2001:db8:1::8/125'],
  ['a wide network of IPv6', '6', '2001:db8:1::1', '2001:db8:1::9', '2001:db8::/32'],
  ['an address of one link', '6', 'fe80::1%lo', 'fe80::9%lo', 'fe80::9'],
  ['a network of one link', '6', 'fe80::1%lo', 'fe80::9%lo', 'fe80::8/125'],
  ['IPv4 at a socket of IPv6', 'mapped', '::ffff:127.0.0.1', '::ffff:127.0.0.9', '127.0.0.8/29'],
])('closes the sockets to %s', async (_, family, server, client, entry) => {
  for (const address of ['2001:db8:1::1/64', '2001:db8:1::9/64', 'fe80::1/64', 'fe80::9/64'])
    await namespace.run('ip', ['address', 'add', address, 'dev', 'lo', 'nodad']);
  let stop = () => {};
  const until = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const talking = namespace.send('python3', ['-c', TALK, family, server, client], until);
  await expect.poll(async () => (await sockets()).split('\n').length).toBe(2);
  const cut = flowsWith();
  await cut.cut(rangesOf('192.0.2.0/24', '2001:db8:2::/48'));
  expect((await sockets()).split('\n')).toHaveLength(2);
  expect((await cut.cut(rangesOf(entry))).addresses).toBeGreaterThan(0);
  expect(await sockets()).toBe('');
  stop();
  await talking;
});

it('says so if a program does not do what it is told', async () => {
  await flowsWith().cut(rangesOf('192.0.2.1'));
  const failing = flowsWith({ ss: '/usr/bin/false' });
  await expect(failing.cut(rangesOf('192.0.2.1'))).rejects.toThrow('/usr/bin/false -Htn failed');
});
