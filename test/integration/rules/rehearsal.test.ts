import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerSettings } from '../../../src/config/worker-settings.ts';
import { runCommand } from '../../../src/host/run-command.ts';
import { silentLog } from '../../../src/log/logger.ts';
import { planTable } from '../../../src/ruleset/plan/plan-table.ts';
import { renderChange } from '../../../src/ruleset/plan/table-change.ts';
import { readWanted } from '../../../src/ruleset/wanted/wanted.ts';
import { runLocally } from '../../../src/worker/local/run-locally.ts';
import { badSpec, goodSpec } from '../../support/arbitrary-rules.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { isRunning } from '../../support/processes.ts';
import { LOCAL_CHECK, table } from '../../support/rulesets.ts';

describe.each(BACKENDS)('properties, %s', (backend) => {
  let namespace: TestNamespace;
  let folder: string;
  beforeAll(async () => {
    namespace = await TestNamespace.create(backend);
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-rehearsal-'));
  });
  afterAll(async () => {
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  it('exactly the bad rules among good ones are named', async () => {
    const settings = WorkerSettings.parse({
      hostId: 'properties',
      backend,
      netns: namespace.name,
      stateDir: join(folder, 'state'),
      runDir: join(folder, 'run'),
    });
    const chain = fc.constantFrom('one', 'two');
    const line = fc.oneof(
      { weight: 9, arbitrary: fc.record({ chain, spec: goodSpec, bad: fc.constant(false) }) },
      { weight: 1, arbitrary: fc.record({ chain, spec: badSpec, bad: fc.constant(true) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), async (lines) => {
        const head = [':one - [0:0]', ':two - [0:0]', '-A FORWARD -j one', '-I FORWARD -j two'];
        const ipv4 = table('mangle', ...head, ...lines.map((rule) => `-A ${rule.chain} ${rule.spec}`));
        const { failure } = await runLocally(
          { ...LOCAL_CHECK, ruleset: { name: 'random', scope: 'chains', adopt: [], ipv4 } },
          settings,
          silentLog(),
        );
        const bad = lines.flatMap((rule, index) => (rule.bad ? [index + head.length + 2] : []));
        expect(failure?.lines.map((failed) => failed.line) ?? []).toEqual(bad);
        expect(failure?.lines.every(({ confidence }) => confidence === 'verified') ?? true).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('what the kernel saves is read, and written again as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(goodSpec, { maxLength: 30 }), async (specs) => {
        const text = table(
          'mangle',
          ':FORWARD DROP [0:0]',
          ':one - [0:0]',
          ...specs.map((spec) => `-A one ${spec}`),
        );
        await namespace.run(`iptables-${backend}-restore`, ['-w', '5'], text);
        const saved = await namespace.save();
        const wanted = readWanted({ scope: 'tables', ipv4: saved.replace(/^(:\S+ \S+)$/gm, '$1 [0:0]') });
        expect(wanted.problems).toEqual([]);
        const { change } = planTable({
          name: 'again',
          scope: 'tables',
          family: 'ipv4',
          table: 'mangle',
          live: undefined,
          wanted: wanted.tables.ipv4.get('mangle'),
          own: { tables: [], chains: [], hooks: [] },
          neighbours: [],
        });
        if (change === null) throw new Error('there is a policy at least');
        await namespace.run(`iptables-${backend}-restore`, ['-w', '5', '-c'], renderChange(change));
        expect(await namespace.save()).toBe(saved);
      }),
      { numRuns: 25 },
    );
  });
});

describe.each(BACKENDS)('a rehearsal, %s', (backend) => {
  const fixture = new Fixture();

  it('knows how the kernel spells a rule, from the first push on', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.run('ipset', [
      'create',
      'allowed',
      'hash:net',
      'maxelem',
      '100',
      'timeout',
      '60',
      'comment',
    ]);
    await host.namespace.run('ipset', ['add', 'allowed', '10.0.0.0/8']);
    const ipv4 = table(
      'filter',
      ':edge - [0:0]',
      '-I INPUT -s 10.0.0.1 -j edge',
      '-A edge -p 6 --dport ssh -m state --state NEW -j ACCEPT',
      '-A edge -m mac --mac-source aa:bb:cc:dd:ee:ff -j DROP',
      '-A edge -m set --match-set allowed src -j ACCEPT',
      '-A edge --protocol udp --destination-port 53:54 --jump ACCEPT',
    );
    // It is live already, in the kernel's spelling: to adopt it changes nothing.
    await host.namespace.restore(ipv4);
    const ruleset = { name: 'edge', ipv4, adopt: ['edge'] };
    const first = await client.run(host.id, { ruleset: { ...ruleset, revision: 1 } });
    expect(first.data).toMatchObject({ outcome: 'unchanged', changed: false, diff: { unchanged: 5 } });
    const second = await client.run(host.id, {
      ruleset: { ...ruleset, revision: 2, ipv4: ipv4.replace('ssh', 'http') },
    });
    expect(second.data).toMatchObject({ outcome: 'applied', diff: { added: 1, removed: 1, unchanged: 4 } });
  });

  it('accepts a hook in a foreign chain, and knows from where that chain is reached', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const { namespace } = host;
    await namespace.restore(
      table(
        'nat',
        ':THEIRS - [0:0]',
        ':theirs-too - [0:0]',
        '-A POSTROUTING -s 10.0.0.0/8 -j THEIRS',
        '-A THEIRS -j theirs-too',
      ),
    );
    const nat = (target: string) =>
      table('nat', ':mine - [0:0]', '-A theirs-too -j mine', `-A mine -j ${target}`);
    const before = await namespace.save();
    const refused = await client.run(host.id, {
      ruleset: { name: 'mine', revision: 1, ipv4: nat('DNAT --to-destination 10.0.0.1') },
    });
    expect(refused.data).toMatchObject({
      outcome: 'failed',
      // Without the hook before it, the kernel would accept this line.
      failure: { code: 'rule_rejected', stage: 'rehearse', lines: [{ line: 4, confidence: 'verified' }] },
    });
    expect(await namespace.save()).toBe(before);
    const applied = await client.run(host.id, {
      ruleset: { name: 'mine', revision: 1, ipv4: nat('MASQUERADE') },
    });
    expect(applied.data).toMatchObject({ outcome: 'applied', diff: { added: 2 } });
    const nowhere = table('filter', ':mine - [0:0]', '-A nowhere -j mine');
    const missing = await client.run(host.id, { ruleset: { name: 'mine', revision: 2, ipv4: nowhere } });
    expect(missing.data.failure).toMatchObject({
      code: 'rule_rejected',
      lines: [{ line: 3, chain: 'nowhere' }],
    });
  });

  it('blames no rule for a module that the kernel does not have', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ipv4 = table('filter', ':edge - [0:0]', '-A edge -j LED --led-trigger-id x', '-A edge -j DROP');
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'module_missing', stage: 'host', lines: [], message: expect.stringContaining('LED') },
    });
  });

  it('is left out for what is known, and made only for what is new', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ruleset = (revision: number, ...specs: string[]) => ({
      name: 'edge',
      revision,
      ipv4: table('filter', ':edge - [0:0]', '-A INPUT -j edge', ...specs.map((spec) => `-A edge ${spec}`)),
    });
    const times = [
      await client.run(host.id, { action: 'check', ruleset: ruleset(1, '-s 10.0.0.1 -j DROP') }),
      await client.run(host.id, { ruleset: ruleset(1, '-s 10.0.0.1 -j DROP') }),
      await client.run(host.id, { ruleset: ruleset(2, '-s 10.0.0.1 -j DROP') }),
    ];
    expect(times.map(({ data }) => data.outcome)).toEqual(['checked', 'applied', 'unchanged']);
    await host.end();
    await host.start();
    const opened = async () => ((await host.log()).match(/"msg":"Rehearsed"/g) ?? []).length;
    const before = await opened();
    await client.run(host.id, { ruleset: ruleset(3, '-s 10.0.0.1 -j DROP') });
    expect(await opened()).toBe(before);
    const more = await client.run(host.id, {
      ruleset: ruleset(4, '-s 10.0.0.1 -j DROP', '-s 10.0.0.2 -j DROP'),
    });
    expect(more.data).toMatchObject({ outcome: 'applied', diff: { added: 1, unchanged: 2 } });
    expect(await opened()).toBe(before + 1);
  });

  it('leaves nothing behind, not even if the worker is killed in the middle of it', async () => {
    const host = await fixture.host(backend, { holdable: true });
    const client = await fixture.client();
    const ipv4 = table('filter', ':edge - [0:0]', '-A edge -j DROP');
    await host.holdNextRestore('rehearsal');
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    const pids = await inNamespaceOf(restore);
    expect(pids.length).toBeGreaterThan(1);
    await host.end('SIGKILL');
    process.kill(restore, 'SIGCONT');
    await expect.poll(async () => await Promise.all(pids.map(isRunning))).toEqual(pids.map(() => false));
    await host.start();
    expect((await client.completed(job.id)).data.outcome).toBe('applied');
  });
});

async function inNamespaceOf(pid: number): Promise<number[]> {
  const { stdout } = await runCommand({
    file: '/usr/bin/lsns',
    args: ['--noheadings', '--output', 'NS', '--task', String(pid), '--type', 'net'],
    timeoutMs: 10_000,
  });
  const all = await runCommand({
    file: '/usr/bin/lsns',
    args: ['--noheadings', '--output', 'PID', stdout.trim()],
    timeoutMs: 10_000,
  });
  return all.stdout.trim().split(/\s+/).map(Number);
}
