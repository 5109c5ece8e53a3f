import { expect, inject, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();
const WELL = 9;

/** It closes the way to the broker where that is behind a link. */
function edge(address: number): string {
  return `*filter
:edge - [0:0]
-A INPUT -j edge
-A edge -s 192.0.2.${address}/32 -j DROP
-A edge -p tcp -s 10.77.0.1/32 -j DROP
COMMIT
`;
}

async function live({ namespace }: TestHost): Promise<string | null> {
  return /192\.0\.2\.(\d+)/.exec(await namespace.save())?.[1] ?? null;
}

it('twelve hosts, of which one fails, one is locked out and one is gone: a rollout of each kind accounts for all', async () => {
  const well = await Promise.all(
    Array.from({ length: WELL }, async (_, index) => await fixture.host(index % 2 === 0 ? 'nft' : 'legacy')),
  );
  const { host: lockedOut } = await fixture.linkedHost('nft');
  const failing = await fixture.host('legacy');
  const gone = await fixture.host('nft');
  await failing.namespace.iptables('-N', 'edge');
  await gone.end('SIGKILL');
  const hosts = [...well, lockedOut, failing, gone];
  const roll = async (address: number, ...flags: string[]) => {
    const whom = hosts.flatMap(({ id }) => ['--host', id]);
    const { status, stdout } = await fleetwall(
      [
        'rollout',
        '-',
        '--name',
        'edge',
        '--json',
        '--confirm-timeout',
        '3',
        // Besides the window, what a busy machine takes to apply, to undo and to find the broker again.
        '--execution-timeout',
        '20',
        '--timeout',
        '5',
        ...whom,
        ...flags,
      ],
      { input: edge(address), environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') } },
    );
    const { hosts: ends } = JSON.parse(stdout.split('\n').at(-1) ?? '') as { hosts: Record<string, string> };
    return { status, ends: hosts.map(({ id }) => ends[id]) };
  };
  const all = async () => await Promise.all(hosts.map(live));
  const times = <T>(count: number, what: T) => Array<T>(count).fill(what);

  expect(await roll(1, '--steps', '1,5,100%', '--on-failure', 'continue')).toEqual({
    status: 1,
    ends: [...times(WELL, 'applied'), 'rolled_back', 'failed', 'silent'],
  });
  expect(await all()).toEqual([...times(WELL, '1'), null, null, null]);

  expect(await roll(2, '--steps', '4,10,100%')).toEqual({
    status: 1,
    ends: [...times(WELL, 'applied'), 'rolled_back', 'not_started', 'not_started'],
  });
  expect(await all()).toEqual([...times(WELL, '2'), null, null, null]);

  expect(await roll(3, '--steps', '4,100%', '--on-failure', 'rollback')).toEqual({
    status: 1,
    ends: [...times(WELL, 'rolled_back'), 'rolled_back', 'failed', 'silent'],
  });
  expect(await all()).toEqual([...times(WELL, '2'), null, null, null]);
});
