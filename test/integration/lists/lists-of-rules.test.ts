import { expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { entriesOf, runList, setsOf } from '../../support/lists.ts';
import { BACKENDS } from '../../support/namespace.ts';

const fixture = new Fixture();
const ipv4 = `*filter
:edge - [0:0]
-I INPUT -j edge
-A edge -m set --match-set fw4.blocked src -j DROP
-A edge -s 192.0.2.1/32 -j ACCEPT
COMMIT
`;
const rulesOf = (revision: number, more: object = {}) => ({
  ruleset: { name: 'edge', revision, ipv4, ...more },
});

it.each(BACKENDS)(
  'rules match lists that are there, and the list stays while they do, %s',
  async (backend) => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const missing = (await client.run(host.id, rulesOf(1))).data;
    expect(missing).toMatchObject({ outcome: 'rejected', failure: { code: 'list_missing', stage: 'lint' } });
    expect(missing.failure?.lines).toMatchObject([
      { family: 'ipv4', line: 4, table: 'filter', chain: 'edge', confidence: 'verified' },
    ]);
    // A check makes nothing.
    const check = (await client.run(host.id, { ...rulesOf(1, { lists: ['blocked'] }), action: 'check' }))
      .data;
    expect(check).toMatchObject({ outcome: 'checked', failure: null });
    expect(await setsOf(host.namespace)).toEqual([]);
    // Neither does what fails.
    const refused = { ipv4: ipv4.replace('ACCEPT', 'NOPE'), lists: ['blocked'] };
    expect((await client.run(host.id, rulesOf(1, refused))).data.failure?.code).toBe('rule_rejected');
    expect(await setsOf(host.namespace)).toEqual([]);

    expect((await client.run(host.id, rulesOf(1, { lists: ['blocked'] }))).data.outcome).toBe('applied');
    expect(await setsOf(host.namespace)).toEqual(['fw4.blocked', 'fw6.blocked']);
    expect(await host.namespace.save()).toContain('--match-set fw4.blocked src -j DROP');
    expect(
      await runList(client, host, 'replace', { revision: 1, entries: ['203.0.113.0/24'], kind: 'deny' }),
    ).toMatchObject({ outcome: 'applied' });
    expect(await runList(client, host, 'change', { revision: 2, add: ['198.51.100.1'] })).toMatchObject({
      outcome: 'applied',
    });
    expect(await entriesOf(host.namespace)).toEqual(['198.51.100.1', '203.0.113.0/24']);

    const used = await runList(client, host, 'remove', { revision: 3 });
    expect(used).toMatchObject({ outcome: 'failed', failure: { code: 'list_in_use', stage: 'host' } });
    expect(used.failure?.message).toContain('ruleset edge');
    // What could come back by a rollback still needs it.
    const without = ipv4.replace(/^.*match-set.*\n/m, '');
    expect((await client.run(host.id, rulesOf(2, { ipv4: without }))).data.outcome).toBe('applied');
    expect((await runList(client, host, 'remove', { revision: 3 })).failure?.message).toContain(
      'can go back to',
    );
    // And so do rules that no ruleset has.
    await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 3 } });
    await host.namespace.iptables(
      '-A',
      'FORWARD',
      '-m',
      'set',
      '--match-set',
      'fw4.blocked',
      'src',
      '-j',
      'DROP',
    );
    expect((await runList(client, host, 'remove', { revision: 3 })).failure?.code).toBe('list_in_use');
  },
);

it('a line that takes a list for another family, or would change one by packets, is refused', async () => {
  const host = await fixture.host('nft');
  const client = await fixture.client();
  const wrong = ipv4
    .replace('-s 192.0.2.1/32 -j ACCEPT', '-j SET --add-set fw4.blocked src')
    .replace('--match-set fw4', '--match-set fw6');
  const { data } = await client.run(host.id, rulesOf(1, { ipv4: wrong, lists: ['blocked'] }));
  expect(data.failure).toMatchObject({ code: 'ruleset_invalid' });
  expect(data.failure?.lines.map(({ line }) => line)).toEqual([4, 5]);
  expect(data.failure?.lines[0]?.reason).toContain('write fw4.blocked');
});
