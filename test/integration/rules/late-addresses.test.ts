import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../support/engine.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { told } from '../../support/told-reach.ts';

const MANY = 3_000;

/**
 * Makes a namespace in which a link with many IPv6 addresses goes down and up. All that the kernel does late for an address, it does one
 * after the other for the whole machine (`ipv6_addrconf` in its net/ipv6/addrconf.c): others wait for theirs.
 *
 * @returns ends that, and removes the namespace
 */
async function keepKernelBusy(): Promise<() => Promise<void>> {
  const namespace = await TestNamespace.create('nft');
  const addresses = Array.from(
    { length: MANY },
    (_, index) => `address add 2001:db8:7::${index.toString(16)}/128 dev d0 nodad noprefixroute\n`,
  );
  const all = '/proc/sys/net/ipv6/conf/all';
  await namespace.run('sh', ['-c', `echo 1 >${all}/keep_addr_on_down; echo 0 >${all}/accept_dad`]);
  await namespace.run(
    'ip',
    ['-batch', '-'],
    `link add name d0 type veth peer name d1\nlink set d1 up\nlink set d0 up\n${addresses.join('')}`,
  );
  const turn = 'while :; do ip link set d0 down; ip link set d0 up; sleep 0.05; done & cat; kill $!; wait';
  const end = new AbortController();
  const ended = namespace.send(
    'sh',
    ['-c', turn],
    once(end.signal, 'abort').then(() => undefined),
  );
  return async () => {
    end.abort();
    await ended;
    await namespace.remove();
  };
}

describe.each(BACKENDS)('where the kernel is late with IPv6 addresses (%s)', (backend) => {
  let engine: Engine;
  let endBusy: () => Promise<void>;
  beforeAll(async () => {
    engine = await Engine.open(backend);
    await layGatewayNetwork(engine.namespace);
    endBusy = await keepKernelBusy();
  });
  afterAll(async () => {
    await endBusy();
    await engine.close();
  });

  const ipv6 = (...rules: string[]) =>
    `*filter\n:six - [0:0]\n-A INPUT -j six\n${rules.map((rule) => `-A six ${rule}\n`).join('')}COMMIT\n`;
  const OFFICE = '-s 2001:db8:ffff::/48 -j DROP';
  const SSH = '-p tcp --dport 22 -j ACCEPT';

  it('what a change opens and closes is told as it is', async () => {
    await engine.run('apply', { name: 'six', ipv6: ipv6(OFFICE, SSH) });
    for (let times = 0; times < 3; times += 1) {
      const { end } = await engine.run('check', { name: 'six', ipv6: ipv6(SSH, OFFICE) });
      expect(told(end.diff?.reach)).toEqual([
        'opens 22/tcp from 2001:db8:ffff::/48 (4 moved)',
        'opens 22/tcp from 2001:db8:ffff::/48 (5 moved)',
      ]);
    }
  });

  it('tests of a ruleset come out', async () => {
    const from = '2001:db8:ffff::7';
    const tests = Array.from({ length: 6 }, (_, index) => {
      const number = index + 1;
      return [
        {
          name: `world ${number}`,
          direction: 'in',
          protocol: 'tcp',
          port: 22,
          from: `2001:db8:5::${number}`,
          expect: 'accept',
        } as const,
        {
          name: `office ${number}`,
          direction: 'in',
          protocol: 'udp',
          port: 53,
          from,
          expect: 'drop',
        } as const,
      ];
    }).flat();
    const { end } = await engine.run('check', { name: 'six', ipv6: ipv6(SSH, OFFICE), tests });
    expect(end.failure).toBeNull();
    expect(end.tests).toEqual({ passed: tests.length, notes: [] });
  });
});
