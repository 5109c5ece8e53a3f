import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { FleetClient, type HostAnswers, RequestInvalid } from '../../../src/index.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf } from '../../support/lists.ts';

const fixture = new Fixture();
const name = 'blocked';
const revision = 'next';
let client: FleetClient;
let hosts: TestHost[];

beforeEach(async () => {
  client = await FleetClient.connect({ url: inject('brokerUrl') });
  hosts = await Promise.all([1, 2, 3].map(async () => await fixture.host('nft')));
});
afterEach(async () => await client.close());

const whom = (of = hosts) => ({ hosts: of.map(({ id }) => id) });
const endsOf = (answers: HostAnswers) => [...answers.values()].map(({ end }) => end);
const revisionsOf = (answers: HostAnswers) =>
  [...answers.values()].map(({ result }) => result?.list?.liveRevision);
const contents = async () =>
  await Promise.all(hosts.map(async ({ namespace }) => await entriesOf(namespace, name)));
const thrice = <T>(value: T) => [value, value, value];

describe('lists of a fleet', () => {
  it('are made, replaced, told of, taken away and made again under the next revision', async () => {
    const made = await client.changeList({ name, revision, add: ['203.0.113.9'] }, whom());
    expect([endsOf(made), revisionsOf(made)]).toEqual([thrice('applied'), thrice(1)]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const entries = ['192.0.2.0/24', { entry: '2001:db8::1', until }];
    const whole = await client.replaceList({ name, revision, entries, kind: 'deny' }, whom());
    expect([endsOf(whole), revisionsOf(whole)]).toEqual([thrice('applied'), thrice(2)]);
    const change = { name, revision, add: ['192.0.3.1'], remove: ['192.0.2.0/24'] } as const;
    expect(revisionsOf(await client.changeList(change, whom()))).toEqual(thrice(3));
    const reports = await client.reportList(name, whom());
    expect([...reports.keys()].toSorted()).toEqual(whom().hosts.toSorted());
    for (const report of reports.values()) {
      expect(report).toMatchObject({ name, revision: 3, kind: 'deny' });
      expect(report?.entries).toEqual([
        { entry: '2001:db8::1', until },
        { entry: '192.0.3.1', until: null },
      ]);
    }
    expect(endsOf(await client.removeList(name, revision, whom()))).toEqual(thrice('applied'));
    expect(await contents()).toEqual(thrice(null));
    const again = await client.changeList({ name, revision, add: ['203.0.113.9'] }, whom());
    expect([endsOf(again), revisionsOf(again)]).toEqual([thrice('applied'), thrice(5)]);
    const odd = client.changeList({ name, revision, entries: [] } as never, whom());
    await expect(odd).rejects.toBeInstanceOf(RequestInvalid);
    await expect(odd).rejects.toThrow('a list has no field entries');
  });

  it('have all that several people add at the same time, on every host', async () => {
    const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    const answers = await Promise.all(
      addresses.map(async (address) => await client.changeList({ name, revision, add: [address] }, whom())),
    );
    expect(answers.map(endsOf)).toEqual(thrice(thrice('applied')));
    expect(await contents()).toEqual(thrice(addresses));
  });

  it('are given whole to a host that has missed a change, as the others have them', async () => {
    const away = hosts[2] as TestHost;
    await client.changeList({ name, revision, add: ['192.0.2.1'] }, whom());
    await away.end();
    const missed = { name, revision, add: ['192.0.2.2'], remove: ['192.0.2.1'] } as const;
    await client.changeList(missed, whom(hosts.slice(0, 2)));
    await away.start();
    const mended: unknown[] = [];
    const add = ['192.0.2.3'];
    const answers = await client.changeList({ name, revision, add }, whom(), {
      onMended: (of) => mended.push(of),
    });
    expect([endsOf(answers), revisionsOf(answers)]).toEqual([thrice('applied'), thrice(3)]);
    expect(mended).toMatchObject([{ hosts: [away.id], revision: 3 }]);
    expect(await contents()).toEqual(thrice(['192.0.2.2', '192.0.2.3']));
  });

  it('are not overwritten on more hosts than agree on them, whatever revision one host says it has', async () => {
    const [one, two, odd] = hosts as [TestHost, TestHost, TestHost];
    await client.replaceList({ name, revision: 3, entries: ['192.0.2.1'] }, whom([one, two]));
    await client.replaceList({ name, revision: 9, entries: ['198.51.100.1'] }, whom([odd]));
    const answers = await client.changeList({ name, revision, add: ['192.0.2.9'] }, whom());
    expect([one, two, odd].map(({ id }) => answers.get(id)?.result?.failure?.code ?? null)).toEqual([
      'revision_gap',
      'revision_gap',
      null,
    ]);
    expect((await contents()).slice(0, 2)).toEqual([['192.0.2.1'], ['192.0.2.1']]);
  });
});
