import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { connect, type GetMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { hostKey, JOBS_EXCHANGE } from '../../../src/contract/words/names.ts';
import { FleetClient, type HostAnswers, RequestInvalid, type SentJob } from '../../../src/index.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { entriesOf } from '../../support/lists.ts';

const fixture = new Fixture();
const name = 'blocked';
const revision = 'next';
let client: FleetClient;
let hosts: TestHost[];

const withHosts = () =>
  beforeEach(async () => {
    client = await FleetClient.connect({ url: inject('brokerUrl') });
    hosts = await Promise.all([1, 2, 3].map(async () => await fixture.host('nft')));
    return async () => await client.close();
  });

const whom = (of = hosts) => ({ hosts: of.map(({ id }) => id) });
const endsOf = (answers: HostAnswers) => [...answers.values()].map(({ end }) => end);
const revisionsOf = (answers: HostAnswers) =>
  [...answers.values()].map(({ result }) => result?.list?.liveRevision);
const contents = async () =>
  await Promise.all(hosts.map(async ({ namespace }) => await entriesOf(namespace, name)));

/** The last job that went to a host in the meantime, as it was on the wire. */
async function passing(host: string, work: () => Promise<void>): Promise<GetMessage> {
  const connection = await connect(inject('brokerUrl'));
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, JOBS_EXCHANGE, hostKey(host));
  await work();
  let last: GetMessage | false = false;
  for (let got = await channel.get(queue); got !== false; got = await channel.get(queue)) last = got;
  await connection.close();
  if (last === false) throw new Error(`no job went to ${host}`);
  return last;
}

const thrice = <T>(value: T) => [value, value, value];

describe('lists of a fleet', () => {
  withHosts();
  it('are made, replaced, told of, taken away and made again under the next revision', async () => {
    const made = await client.lists.change({ name, revision, add: ['203.0.113.9'] }, whom());
    expect([endsOf(made), revisionsOf(made)]).toEqual([thrice('applied'), thrice(1)]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const entries = ['192.0.2.0/24', { entry: '2001:db8::1', until }];
    const whole = await client.lists.replace({ name, revision, entries, kind: 'deny' }, whom());
    expect([endsOf(whole), revisionsOf(whole)]).toEqual([thrice('applied'), thrice(2)]);
    const change = { name, revision, add: ['192.0.3.1'], remove: ['192.0.2.0/24'] } as const;
    expect(revisionsOf(await client.lists.change(change, whom()))).toEqual(thrice(3));
    const reports = await client.lists.report(name, whom());
    expect([...reports.keys()].toSorted()).toEqual(whom().hosts.toSorted());
    for (const report of reports.values()) {
      expect(report).toMatchObject({ name, revision: 3, kind: 'deny' });
      expect(report?.entries).toEqual([
        { entry: '2001:db8::1', until },
        { entry: '192.0.3.1', until: null },
      ]);
    }
    expect(endsOf(await client.lists.remove(name, revision, whom()))).toEqual(thrice('applied'));
    expect(await contents()).toEqual(thrice(null));
    const again = await client.lists.change({ name, revision, add: ['203.0.113.9'] }, whom());
    expect([endsOf(again), revisionsOf(again)]).toEqual([thrice('applied'), thrice(5)]);
    const many = Array.from({ length: 30_000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
    const sent = await passing(hosts[0]?.id ?? '', async () => {
      const answers = await client.lists.replace({ name, revision, entries: many }, whom(hosts.slice(0, 1)));
      expect(endsOf(answers)).toEqual(['applied']);
    });
    expect(sent.properties.contentEncoding).toBe('gzip');
    expect(JSON.parse(gunzipSync(sent.content).toString())).toMatchObject({ list: { entries: many } });
    expect(await entriesOf((hosts[0] as TestHost).namespace, name)).toHaveLength(many.length);
    const odd = client.lists.change({ name, revision, entries: [] } as never, whom());
    await expect(odd).rejects.toBeInstanceOf(RequestInvalid);
    await expect(odd).rejects.toThrow('a list has no field entries');
  });

  it('have all that several people add at the same time, on every host', async () => {
    const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    const answers = await Promise.all(
      addresses.map(async (address) => await client.lists.change({ name, revision, add: [address] }, whom())),
    );
    expect(answers.map(endsOf)).toEqual(thrice(thrice('applied')));
    expect(await contents()).toEqual(thrice(addresses));
  });

  it('are given whole to a host that has missed a change, as the others have them', async () => {
    const away = hosts[2] as TestHost;
    await client.lists.change({ name, revision, add: ['192.0.2.1'] }, whom());
    await away.end();
    const missed = { name, revision, add: ['192.0.2.2'], remove: ['192.0.2.1'] } as const;
    await client.lists.change(missed, whom(hosts.slice(0, 2)));
    await away.start();
    const mended: unknown[] = [];
    const sent: SentJob[] = [];
    const add = ['192.0.2.3'];
    const answers = await client.lists.change({ name, revision, add }, whom(), {
      onMended: (of) => mended.push(of),
      onSending: (job) => sent.push(job),
    });
    expect([endsOf(answers), revisionsOf(answers)]).toEqual([thrice('applied'), thrice(3)]);
    expect(mended).toMatchObject([{ hosts: [away.id], revision: 3 }]);
    expect(sent.map((job) => job.hosts.toSorted())).toEqual([
      hosts.map(({ id }) => id).toSorted(),
      [away.id],
    ]);
    expect(answers.get(away.id)?.result?.jobId).toBe(sent.at(-1)?.jobId);
    expect(await contents()).toEqual(thrice(['192.0.2.2', '192.0.2.3']));
  });

  it('are not overwritten on more hosts than agree on them, whatever revision one host says it has', async () => {
    const [one, two, odd] = hosts as [TestHost, TestHost, TestHost];
    await client.lists.replace({ name, revision: 3, entries: ['192.0.2.1'] }, whom([one, two]));
    await client.lists.replace({ name, revision: 9, entries: ['198.51.100.1'] }, whom([odd]));
    const answers = await client.lists.change({ name, revision, add: ['192.0.2.9'] }, whom());
    expect([one, two, odd].map(({ id }) => answers.get(id)?.result?.failure?.code ?? null)).toEqual([
      'revision_gap',
      'revision_gap',
      null,
    ]);
    expect((await contents()).slice(0, 2)).toEqual([['192.0.2.1'], ['192.0.2.1']]);
  });
});

describe('the commands for lists', () => {
  withHosts();
  const run = async (words: string, input?: string) =>
    await fleetwall(['list', ...words.split(' ')], {
      ...(input === undefined ? {} : { input }),
      environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') },
    });

  it('answer in one line where all is well, and name hosts where it is not', async () => {
    const all = whom()
      .hosts.map((id) => `--host ${id}`)
      .join(' ');
    const before = Date.now();
    expect(await run(`add blocked 203.0.113.9 2001:db8:0::1 --for 4h ${all}`)).toEqual({
      status: 0,
      stdout: 'blocked revision 1: 2 in, 0 out, 2 entries, on 3 hosts',
      stderr: '',
    });
    const file = '# kept by hand\n192.0.2.0/24   # a network\n\n198.51.100.7 until 2999-01-01T00:00:00Z\n';
    expect(await run(`add blocked 203.0.113.9 --until 2999-01-01T00:00:00Z ${all}`)).toMatchObject({
      stdout: 'blocked revision 2: 0 in, 0 out, 2 entries, on 3 hosts',
    });
    const shown = await run(`show blocked ${all}`);
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    const [head = '', ...lines] = shown.stdout.split('\n');
    expect(head).toMatch(/^# blocked revision 2, deny, on host-.*: 2 entries$/);
    const [, end = ''] = /^2001:db8::1 until (.*)$/m.exec(shown.stdout) ?? [];
    expect(Date.parse(end) - before).toBeGreaterThanOrEqual(4 * 3_600_000);
    expect(lines).toContain('203.0.113.9 until 2999-01-01T00:00:00.000Z');
    // What is shown can be read again, and is the same.
    expect((await run(`replace blocked - --confirm none ${all}`, shown.stdout)).stdout).toBe(
      'blocked revision 3: nothing had to change, 2 entries, on 3 hosts',
    );
    expect((await run(`replace blocked - ${all}`, file)).stdout).toBe(
      'blocked revision 4: 2 in, 2 out, 2 entries, on 3 hosts',
    );
    expect(await contents()).toEqual(thrice(['192.0.2.0/24', '198.51.100.7']));

    const found = '198.51.100.8 # seen twice\n198.51.100.9 until 2999-01-01T00:00:00Z\n';
    expect((await run(`add blocked 198.51.100.10 --file - --for 4h ${all}`, found)).stdout).toBe(
      'blocked revision 5: 3 in, 0 out, 5 entries, on 3 hosts',
    );
    expect((await run(`show blocked ${all}`)).stdout).toMatch(
      /^198\.51\.100\.8 until 2[\s\S]*^198\.51\.100\.9 until 2999-/m,
    );
    const out = '198.51.100.8\n198.51.100.9\n198.51.100.10\n';
    expect((await run(`remove blocked --file - ${all}`, out)).stdout).toBe(
      'blocked revision 6: 0 in, 3 out, 2 entries, on 3 hosts',
    );
    expect(await run(`add blocked --for 4h ${all}`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('name one, or a --file') as string,
    });

    const [odd] = hosts as [TestHost];
    const alone = await run(`remove blocked 192.0.2.0/24 --host ${odd.id} --json`);
    expect(JSON.parse(alone.stdout.split('\n').at(-1) ?? '')).toEqual({
      summary: { applied: 1 },
      hosts: { [odd.id]: 'applied' },
      stopped: false,
    });
    const differing = await run(`show blocked ${all}`);
    expect(differing.stdout).toMatch(/^192\.0\.2\.0\/24 {2}# only on host-\w+, host-\w+$/m);
    expect(differing.stderr).toContain('2 different contents on 3 hosts:');
    expect(differing.stderr).toContain(`  ${odd.id}: revision 7, 1 entry`);
    const behind = await run(`add blocked 192.0.2.9 ${all}`);
    expect(behind.status).toBe(1);
    expect(behind.stdout).toContain(`blocked revision 8: 1 in, 0 out, 2 entries, on ${odd.id}\n`);
    expect(behind.stdout).toContain('revision_gap');
    expect(behind.stdout).toContain('fleetwall list replace blocked FILE');
    expect((await run(`delete blocked ${all}`)).stdout).toBe('blocked revision 9: taken away, on 3 hosts');
    expect((await run(`show blocked ${all}`)).stderr).toMatch(/^there is no list blocked on host-/);
  });

  it('leave out what a host must never refuse only where they are told to', async () => {
    const [{ id }] = hosts as [TestHost];
    const refused = await run(`add blocked 192.0.2.9 127.0.0.5 --host ${id}`);
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('policy_denied');
    expect(await run(`add blocked 192.0.2.9 127.0.0.5 --skip-never --host ${id}`)).toMatchObject({
      status: 0,
      stdout: `blocked revision 1: 1 in, 0 out, 1 entry, on 1 host\nleft out, as it must never be in it: 127.0.0.5 (${id})`,
    });
    const environment = { FLEETWALL_AMQP_URL: inject('brokerUrl') };
    const watched = await fleetwall(['watch', '--since', '600', '--host', id, '--for', '8'], { environment });
    expect(watched.stdout).toContain('list.change blocked revision 1 started');
    expect(watched.stdout).toContain('blocked revision 1 applied: 1 in, 0 out, 1 entry');
  });
});

describe('a file of entries that cannot be taken', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'fleetwall-list-'))));
  afterEach(async () => await rm(folder, { recursive: true }));

  it.each<[string, string, number, string[]]>([
    [
      'lines',
      '192.0.2.1\n\n# 010.0.0.1\n010.0.0.1\n10.0.0.1/8 until 2999-01-01T00:00:00Z\n192.0.2.2 until noon\nhost a',
      1,
      [
        ':4: 010.0.0.1 is no address',
        ':5: 10.0.0.1/8 has bits set',
        ':6: noon must be an RFC 3339 time',
        ':7: host a is no address',
      ],
    ],
    [
      'JSON',
      '{"entries": [\n"192.0.2.1",\n{"entry": "192.0.2"},\n7]}',
      1,
      [':3: 192.0.2 is', ':4: 7 is no entry'],
    ],
    ['JSON that is none', '["192.0.2.1",\n"192.0.2.2"\n', 1, [':3: Expected']],
    ['a report that was cut', '{"entries": [], "truncated": true}', 1, [':1: is a report that was cut']],
    ['nothing', '# all gone\n', 2, [': has no entries']],
  ])('is told with its lines, before anything is sent: %s', async (_, text, status, problems) => {
    const file = join(folder, 'blocked.txt');
    await writeFile(file, text);
    const ended = await fleetwall(['list', 'replace', 'blocked', file, '--host', 'web-1']);
    expect(ended).toMatchObject({ status, stdout: '' });
    const lines = ended.stderr.split('\n');
    expect(lines).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(lines[index]).toContain(`${file}${problem}`);
  });
});
