import { expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { entriesOf, runList, setsOf } from '../../support/lists.ts';

const fixture = new Fixture();
const BESIDE = '*filter\n:beside - [0:0]\n-A beside -s 192.0.2.1/32 -j ACCEPT\nCOMMIT\n';
const REPAIRS = { FLEETWALL_DRIFT: 'repair', FLEETWALL_DRIFT_INTERVAL_SECONDS: '1' };
/** What others may have made before there is a list of that name. */
const STRANGERS = [
  ['fw4.blocked', 'hash:ip'],
  ['fw4.blocked', 'hash:net'],
  ['fw4.blocked', 'hash:net', 'family', 'inet6', 'timeout', '0'],
  ['fw6.blocked', 'list:set'],
  ['fw4.blocked', 'hash:net', 'timeout', '0', 'counters'],
  ['fw4.blocked', 'bitmap:ip', 'range', '198.51.100.0/24'],
  ['fw4.blocked.2', 'hash:ip'],
];

it('a set of others that has the name of a list that there is not stays as it is, and the job says so', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const { namespace } = host;
  let revision = 0;
  for (const isMatched of [false, true]) {
    for (const [set = '', ...made] of STRANGERS) {
      revision += 1;
      await namespace.run('ipset', ['create', set, ...made]);
      const match = ['INPUT', '-m', 'set', '--match-set', set, 'src', '-j', 'DROP'];
      const isOfIpv4 = set.startsWith('fw4') && !made.includes('inet6');
      if (isMatched && isOfIpv4) await namespace.iptables('-A', ...match);
      const before = await namespace.run('ipset', ['save']);
      for (const action of ['replace', 'change'] as const) {
        const list = { revision, [action === 'replace' ? 'entries' : 'add']: ['192.0.2.1'] };
        expect(await runList(client, host, action, list)).toMatchObject({
          outcome: 'failed',
          changed: false,
          failure: { code: 'chain_conflict', stage: 'host', message: expect.stringContaining(`${set} (`) },
          rollback: { performed: false },
        });
      }
      const ruleset = { name: 'beside', revision: 1, ipv4: BESIDE, lists: ['blocked'] };
      expect((await client.run(host.id, { ruleset })).data).toMatchObject({
        outcome: 'failed',
        failure: { code: 'chain_conflict' },
      });
      expect((await runList(client, host, 'remove', { revision })).outcome).toBe('unchanged');
      expect(await namespace.run('ipset', ['save'])).toBe(before);
      if (isMatched && isOfIpv4) await namespace.iptables('-D', ...match);
      await namespace.run('ipset', ['destroy']);
    }
  }
  const ruleset = { name: 'beside', revision: 1, ipv4: BESIDE };
  expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
});

it.each([[['hash:ip', 'timeout', '0']], [['hash:net', 'timeout', '0', 'counters', 'comment', 'skbinfo']]])(
  'what others have put in the place of a set of a list is drift, and gives way to the list: %s',
  async (made) => {
    const host = await fixture.host('nft', { environment: REPAIRS });
    const client = await fixture.client();
    const { namespace } = host;
    await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1', '2001:db8::/48'] });
    await namespace.run('ipset', ['destroy', 'fw4.blocked']);
    await namespace.run('ipset', ['create', 'fw4.blocked', ...made]);
    // As it should be, but for what it is made with.
    await namespace.run('ipset', ['add', 'fw4.blocked', '192.0.2.1']);
    await client.event(host.id, 'fleetwall.drift.repaired');
    expect(await entriesOf(namespace)).toEqual(['192.0.2.1', '2001:db8::/48']);
    const header = await namespace.run('ipset', ['list', '-terse', 'fw4.blocked']);
    expect(header).toContain('Type: hash:net');
    expect(header).toMatch(/timeout 0 (bucketsize|$)/m);
    await expect.poll(async () => await setsOf(namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
  },
);

it.each([[['hash:ip']], [['hash:ip', 'timeout', '0']], [['list:set']]])(
  'a change mends what others have put in the place of a set, unless something refers to that: %s',
  async (made) => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const { namespace } = host;
    await runList(client, host, 'replace', { revision: 1, entries: ['192.0.2.1', '2001:db8::/48'] });
    await namespace.run('ipset', ['destroy', 'fw4.blocked']);
    await namespace.run('ipset', ['create', 'fw4.blocked', ...made]);
    const match = ['INPUT', '-m', 'set', '--match-set', 'fw4.blocked', 'src', '-j', 'DROP'];
    await namespace.iptables('-A', ...match);
    const before = await namespace.run('ipset', ['save']);
    const list = { revision: 2, add: ['192.0.2.2', '2001:db8:1::/48'] };
    const failure = { code: 'list_in_use', message: expect.stringContaining('fw4.blocked (') };
    expect(await runList(client, host, 'change', list)).toMatchObject({ outcome: 'failed', failure });
    const entries = ['192.0.2.9'];
    expect(await runList(client, host, 'replace', { revision: 3, entries })).toMatchObject({ failure });
    expect(await runList(client, host, 'remove', { revision: 3 })).toMatchObject({
      failure: { code: 'list_in_use' },
    });
    expect(await namespace.run('ipset', ['save'])).toBe(before);
    // No undo is owed.
    const ruleset = { name: 'beside', revision: 1, ipv4: BESIDE };
    expect((await client.run(host.id, { ruleset })).data.outcome).toBe('applied');
    await namespace.iptables('-D', ...match);
    expect(await runList(client, host, 'change', list)).toMatchObject({ outcome: 'applied' });
    expect(await entriesOf(namespace)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '2001:db8:1::/48',
      '2001:db8::/48',
    ]);
    expect(await setsOf(namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
  },
);
