import { describe, expect, it } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();

// Spelled as people do; the kernel writes 10.0.0.1/32, and adds -m tcp.
const EDGE = table(
  'filter',
  ':edge-in - [0:0]',
  '-A INPUT -j edge-in',
  '-A edge-in -s 10.0.0.1 -p tcp --dport 22 -j ACCEPT',
  '-A edge-in -p tcp -m tcp --dport 80 -j ACCEPT',
);
const EDGE6 = table(
  'filter',
  ':edge-in - [0:0]',
  '-A INPUT -j edge-in',
  '-A edge-in -s 2001:db8::1/128 -j ACCEPT',
);
const NAT = table(
  'nat',
  ':edge-nat - [0:0]',
  '-A POSTROUTING -j edge-nat',
  '-A edge-nat -s 10.1.0.0/16 -j RETURN',
);

describe.each(BACKENDS)('scope chains, %s', (backend) => {
  it('applies both families, and does nothing on a second push', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ruleset = { name: 'edge', revision: 1, ipv4: EDGE + NAT, ipv6: EDGE6 };

    const first = await client.run(host.id, { ruleset, rolloutId: 'r-1' });
    expect(first.data).toMatchObject({
      outcome: 'applied',
      changed: true,
      rolloutId: 'r-1',
      authenticated: false,
      failure: null,
      ruleset: { name: 'edge', revision: 1, liveRevision: 1, liveDigest: first.data.ruleset?.digest },
      diff: { added: 7, removed: 0, unchanged: 0 },
      worker: { backend, iptables: '1.8.9' },
    });
    const live = await host.namespace.save({ counters: true });
    expect(live).toContain('-A edge-in -s 10.0.0.1/32 -p tcp -m tcp --dport 22 -j ACCEPT');
    expect(live).toContain('-A edge-in -s 2001:db8::1/128 -j ACCEPT');
    expect(live).toContain('-A edge-nat -s 10.1.0.0/16 -j RETURN');

    const again = await client.run(host.id, { ruleset });
    expect(again.data).toMatchObject({
      outcome: 'unchanged',
      changed: false,
      diff: { added: 0, removed: 0, unchanged: 7 },
    });
    const higher = await client.run(host.id, { ruleset: { ...ruleset, revision: 2 } });
    expect(higher.data).toMatchObject({ outcome: 'unchanged', changed: false, ruleset: { liveRevision: 2 } });
    expect(await host.namespace.save({ counters: true })).toBe(live);
  });

  it('changes nothing on check, and says what it would change', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE } });
    const before = await host.namespace.save({ counters: true });
    const ipv4 = table('filter', ':edge-in - [0:0]', '-A INPUT -j edge-in', '-A edge-in -j DROP');
    const check = await client.run(host.id, {
      action: 'check',
      ruleset: { name: 'edge', revision: 2, ipv4, ipv6: EDGE6 },
    });
    expect(check.data).toMatchObject({
      outcome: 'checked',
      changed: false,
      ruleset: { revision: 2, liveRevision: 1 },
      diff: { added: 3, removed: 2, unchanged: 1 },
    });
    expect(await host.namespace.save({ counters: true })).toBe(before);

    const bad = table('filter', ':edge-in - [0:0]', '-A edge-in -p tcp --dport 99999 -j DROP');
    const refused = await client.run(host.id, {
      action: 'check',
      ruleset: { name: 'edge', revision: 2, ipv4: bad },
    });
    expect(refused.data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'rule_rejected', stage: 'rehearse', lines: [{ line: 3, confidence: 'verified' }] },
    });
    expect(await host.namespace.save({ counters: true })).toBe(before);
  });

  it('reports what is live', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'edge', revision: 3, ipv4: EDGE, ipv6: EDGE6 } });
    await client.run(host.id, { ruleset: { name: 'other', revision: 1, ipv4: NAT } });
    const all = await client.run(host.id, { action: 'report' });
    expect(all.data).toMatchObject({ outcome: 'reported', failure: null });
    expect(
      all.data.report?.rulesets.map(({ name, revision, inSync }) => ({ name, revision, inSync })),
    ).toEqual([
      { name: 'edge', revision: 3, inSync: true },
      { name: 'other', revision: 1, inSync: true },
    ]);
    await host.namespace.iptables('-I', 'edge-in', '-s', '10.9.9.9', '-j', 'DROP');
    const one = await client.run(host.id, { action: 'report', ruleset: { name: 'edge' } });
    expect(one.data.report?.rulesets).toMatchObject([{ name: 'edge', inSync: false, ipv6: EDGE6 }]);
    expect(one.data.report?.rulesets[0]?.ipv4).toContain('-A edge-in -s 10.9.9.9/32 -j DROP');
  });

  it('puts back every table of both families when a later one is refused', async () => {
    const host = await fixture.host(backend, { holdable: true });
    const client = await fixture.client();
    const { namespace } = host;
    await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE + NAT, ipv6: EDGE6 } });
    await namespace.iptables('-A', 'INPUT', '-s', '10.7.7.7', '-j', 'DROP');
    await namespace.iptables('-I', 'edge-in', '-s', '10.8.8.8', '-j', 'DROP');
    await namespace.run('ipset', ['create', 'fleeting', 'hash:ip', 'family', 'inet6']);
    const before = await namespace.save();

    const ipv4 =
      table('filter', ':edge-new - [0:0]', '-A INPUT -j edge-new', '-A edge-new -s 10.0.0.2/32 -j DROP') +
      table('nat', ':edge-nat - [0:0]', '-A POSTROUTING -j edge-nat', '-A edge-nat -s 10.2.0.0/16 -j RETURN');
    const ipv6 = table(
      'filter',
      ':edge-in - [0:0]',
      '-A INPUT -j edge-in',
      '-A edge-in -s 2001:db8::2/128 -j ACCEPT',
      '-A edge-in -m set --match-set fleeting src -j ACCEPT',
      '-A edge-in -s 2001:db8::3/128 -j ACCEPT',
    );
    // The set still exists during the rehearsal, and is gone when the first table is about to be written.
    await host.holdNextRestore();
    const job = makeJob(host.id, { ruleset: { name: 'edge', revision: 2, ipv4, ipv6 } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await namespace.run('ipset', ['destroy', 'fleeting']);
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'failed',
      changed: false,
      ruleset: { revision: 2, liveRevision: 1 },
      rollback: {
        performed: true,
        reason: 'apply_failed',
        verified: true,
        tables: [
          { family: 'ipv4', table: 'filter', performed: true, verified: true },
          { family: 'ipv4', table: 'nat', performed: true, verified: true },
          { family: 'ipv6', table: 'filter', performed: false, verified: true },
        ],
      },
      failure: {
        code: 'rule_rejected',
        stage: 'apply',
        retryable: false,
        lines: [
          {
            family: 'ipv6',
            line: 5,
            table: 'filter',
            chain: 'edge-in',
            text: '-A edge-in -m set --match-set fleeting src -j ACCEPT',
            reason: "Set fleeting doesn't exist.",
            reportedLine: 5,
            confidence: 'verified',
            context: [
              { line: 4, text: '-A edge-in -s 2001:db8::2/128 -j ACCEPT' },
              { line: 6, text: '-A edge-in -s 2001:db8::3/128 -j ACCEPT' },
            ],
          },
        ],
      },
    });
    expect(await namespace.save()).toBe(before);
  });

  it('shows the failing line where iptables names only the COMMIT, and writes nothing', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ipv4 = table(
      'filter',
      ':edge-in - [0:0]',
      '-A edge-in -j RETURN',
      '-A edge-in -j MASQUERADE',
      '-A edge-in -j ACCEPT',
    );
    const event = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
    expect(event.data).toMatchObject({
      outcome: 'failed',
      failure: {
        code: 'rule_rejected',
        stage: 'rehearse',
        lines: [{ line: 4, reportedLine: backend === 'nft' ? 4 : 6, confidence: 'verified' }],
      },
      rollback: { performed: false, verified: null },
      timings: { applyMs: 0 },
    });
    expect(await host.namespace.save()).not.toContain('edge-in');
  });

  it('leaves foreign rules alone, and keeps the counters of rules that did not change', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const { namespace } = host;
    await namespace.restore(
      table('filter', ':theirs - [0:0]', '-A INPUT -s 10.5.0.0/16 -j theirs', '-A theirs -j DROP'),
    );
    const rules = (last: string) =>
      table(
        'filter',
        ':edge-in - [0:0]',
        '-A INPUT -j edge-in',
        '-A edge-in -i lo -j RETURN',
        `-A edge-in -s ${last} -j DROP`,
      );
    await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: rules('10.0.0.1') } });
    await namespace.run('ping', ['-c', '3', '-i', '0.01', '127.0.0.1']);
    const counted = async () => {
      const lines = (await namespace.save({ counters: true })).split('\n');
      return lines.filter((line) => /-i lo|-j edge-in|theirs/.test(line));
    };
    const before = await counted();
    expect(before.find((line) => line.includes('-i lo'))).toMatch(/^\[6:/);
    await client.run(host.id, { ruleset: { name: 'edge', revision: 2, ipv4: rules('10.0.0.2') } });
    expect(await counted()).toEqual(before);
    expect(await namespace.save()).toContain('-A edge-in -s 10.0.0.2/32 -j DROP');
  });

  it('puts -I hooks first in the order of names, and leaves -A hooks where they are', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.iptables('-A', 'INPUT', '-s', '10.3.3.3', '-j', 'DROP');
    const hook = (name: string, command: string) => ({
      name,
      revision: 1,
      ipv4: table('filter', `:${name} - [0:0]`, `${command} INPUT -j ${name}`, `-A ${name} -j RETURN`),
    });
    await client.run(host.id, { ruleset: hook('mid', '-I') });
    await client.run(host.id, { ruleset: hook('tail', '-A') });
    await client.run(host.id, { ruleset: hook('aaa', '-I') });
    await client.run(host.id, { ruleset: hook('zzz', '-I') });
    await host.namespace.iptables('-A', 'INPUT', '-s', '10.4.4.4', '-j', 'DROP');
    const inputRules = async () => (await host.namespace.iptables('-S', 'INPUT')).split('\n').slice(1, -1);
    const wanted = [
      '-A INPUT -j aaa',
      '-A INPUT -j mid',
      '-A INPUT -j zzz',
      '-A INPUT -s 10.3.3.3/32 -j DROP',
      '-A INPUT -j tail',
      '-A INPUT -s 10.4.4.4/32 -j DROP',
    ];
    expect(await inputRules()).toEqual(wanted);
    // Somebody else inserts a rule before the hooks: the next push of the same revision puts them first again.
    await host.namespace.iptables('-I', 'INPUT', '-s', '10.2.2.2', '-j', 'DROP');
    const mended = await client.run(host.id, { ruleset: hook('mid', '-I') });
    expect(mended.data).toMatchObject({ outcome: 'unchanged', changed: true });
    expect((await inputRules()).slice(0, 2)).toEqual(wanted.slice(0, 2));
    expect((await inputRules()).filter((rule) => rule !== '-A INPUT -s 10.2.2.2/32 -j DROP')).toEqual(wanted);
  });

  it('removes what a later revision does not have any more, and everything on remove', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const clean = await host.namespace.save();
    await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE + NAT, ipv6: EDGE6 } });
    const ipv4 = table('filter', ':edge-b - [0:0]', '-A INPUT -j edge-b', '-A edge-b -j RETURN');
    await client.run(host.id, { ruleset: { name: 'edge', revision: 2, ipv4 } });
    const live = await host.namespace.save();
    expect(live).not.toMatch(/edge-in|edge-nat/);
    expect(live).toContain('-A INPUT -j edge-b');
    const removed = await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 3 } });
    expect(removed.data).toMatchObject({
      outcome: 'removed',
      changed: true,
      ruleset: { liveRevision: null },
    });
    expect(await host.namespace.save()).toBe(clean);
    const again = await client.run(host.id, { action: 'remove', ruleset: { name: 'edge', revision: 4 } });
    expect(again.data).toMatchObject({ outcome: 'unchanged', changed: false });
  });

  it('takes over a chain of somebody else only if it is told to adopt it', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.restore(table('filter', ':edge-in - [0:0]', '-A edge-in -s 10.6.6.6/32 -j DROP'));
    const before = await host.namespace.save();
    const ruleset = { name: 'edge', revision: 1, ipv4: EDGE };
    const refused = await client.run(host.id, { ruleset });
    expect(refused.data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'chain_conflict', stage: 'host', lines: [{ line: 2, chain: 'edge-in' }] },
    });
    expect(await host.namespace.save()).toBe(before);
    const adopted = await client.run(host.id, { ruleset: { ...ruleset, adopt: ['edge-in'] } });
    expect(adopted.data).toMatchObject({ outcome: 'applied', diff: { removed: 1 } });
    const other = await client.run(host.id, { ruleset: { ...ruleset, name: 'other' } });
    expect(other.data.failure).toMatchObject({
      code: 'chain_conflict',
      message: expect.stringContaining("ruleset edge's"),
    });
    const jump = (chain: string) => ({
      name: 'other',
      revision: 2,
      ipv4: table('filter', ':other - [0:0]', `-A other -j ${chain}`),
    });
    const undeclared = await client.run(host.id, { ruleset: jump('edge-in') });
    expect(undeclared.data.failure).toMatchObject({ code: 'ruleset_invalid', lines: [{ line: 3 }] });
    // A name that is spelled like a target might be one, until the chains of the host are read.
    await host.namespace.iptables('-N', 'STRANGER');
    const jumping = await client.run(host.id, { ruleset: jump('STRANGER') });
    expect(jumping.data.failure).toMatchObject({ code: 'chain_conflict', lines: [{ line: 3 }] });
  });
});

describe.each(BACKENDS)('scope tables, %s', (backend) => {
  it('owns the whole table, keeps counters, and empties it on remove', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const { namespace } = host;
    await namespace.restore(table('filter', ':theirs - [0:0]', '-A INPUT -j theirs'));
    await namespace.restore(table('mangle', '-A INPUT -s 10.5.5.5/32 -j ACCEPT'));
    const rules = (last: string) =>
      table(
        'filter',
        ':INPUT DROP [0:0]',
        ':own - [0:0]',
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -j own',
        `-A own -s ${last} -j ACCEPT`,
      );
    const first = await client.run(host.id, {
      ruleset: { name: 'base', revision: 1, scope: 'tables', ipv4: rules('10.0.0.1') },
    });
    expect(first.data).toMatchObject({ outcome: 'applied', diff: { added: 4, removed: 2 } });
    expect(first.data.diff?.tables[0]?.added).toContain('-P INPUT DROP');
    await namespace.run('ping', ['-c', '3', '-i', '0.01', '127.0.0.1']);
    const second = await client.run(host.id, {
      ruleset: { name: 'base', revision: 2, scope: 'tables', ipv4: rules('10.0.0.2') },
    });
    expect(second.data).toMatchObject({ outcome: 'applied', diff: { added: 1, removed: 1, unchanged: 2 } });
    const live = await namespace.save({ counters: true });
    expect(live).toMatch(/^\[6:\d+\] -A INPUT -i lo -j ACCEPT$/m);
    expect(live).toContain('-A INPUT -s 10.5.5.5/32 -j ACCEPT');
    expect(live).not.toContain('theirs');

    const conflict = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4: EDGE } });
    expect(conflict.data.failure).toMatchObject({ code: 'chain_conflict' });
    const scope = await client.run(host.id, { ruleset: { name: 'base', revision: 3, ipv4: EDGE } });
    expect(scope.data).toMatchObject({ outcome: 'rejected', failure: { code: 'ruleset_invalid' } });
    await client.run(host.id, { action: 'remove', ruleset: { name: 'base', revision: 3 } });
    const filter = await namespace.iptables('-S');
    expect(filter).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n');
  });

  it('puts the whole table back when another is refused', async () => {
    const host = await fixture.host(backend, { holdable: true });
    const client = await fixture.client();
    await host.namespace.restore(
      table('filter', ':FORWARD DROP [0:0]', ':theirs - [0:0]', '-A INPUT -j theirs', '-A theirs -j ACCEPT'),
    );
    const before = await host.namespace.save();
    const ipv4 =
      table('filter', ':OUTPUT DROP [0:0]', '-A INPUT -j ACCEPT') +
      table('mangle', '-A INPUT -m set --match-set fleeting src');
    await host.namespace.run('ipset', ['create', 'fleeting', 'hash:ip']);
    await host.holdNextRestore();
    const job = makeJob(host.id, { ruleset: { name: 'base', revision: 1, scope: 'tables', ipv4 } });
    await client.publish(host.id, job);
    const restore = await host.heldRestore();
    await host.namespace.run('ipset', ['destroy', 'fleeting']);
    process.kill(restore, 'SIGCONT');
    expect((await client.completed(job.id)).data).toMatchObject({
      outcome: 'failed',
      rollback: { performed: true, verified: true },
      failure: { code: 'rule_rejected', lines: [{ line: 6, table: 'mangle' }] },
    });
    expect(await host.namespace.save()).toBe(before);
  });
});

describe('native nft rules', () => {
  it('that iptables prints as wider rules keep a ruleset from owning their whole table', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    const { namespace } = host;
    await namespace.iptables('-A', 'INPUT', '-s', '10.0.0.1', '-j', 'ACCEPT');
    const ruleset = { name: 'base', scope: 'tables' as const, ipv4: table('filter', '-A INPUT -j ACCEPT') };
    await namespace.run('nft', ['add', 'set', 'ip', 'filter', 'pairs', '{ type ipv4_addr . inet_service; }']);
    const rule = ['ip', 'saddr', '.', 'tcp', 'dport', '@pairs', 'accept'];
    await namespace.run('nft', ['add', 'rule', 'ip', 'filter', 'INPUT', ...rule]);
    expect(await namespace.save()).toContain('-A INPUT -p tcp -j ACCEPT');
    const before = await namespace.run('nft', ['list', 'ruleset']);
    const refused = await client.run(host.id, { ruleset: { ...ruleset, revision: 1 } });
    expect(refused.data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: {
        code: 'foreign_unrepresentable',
        stage: 'host',
        message: expect.stringContaining('@pairs accept'),
      },
    });
    expect(await namespace.run('nft', ['list', 'ruleset'])).toBe(before);
    // A ruleset with chains of its own leaves them alone, and so it is applied.
    const ipv4 = table('filter', ':mine - [0:0]', '-A INPUT -j mine');
    const chains = await client.run(host.id, { ruleset: { name: 'mine', revision: 1, ipv4 } });
    expect(chains.data.outcome).toBe('applied');
    expect(await namespace.run('nft', ['list', 'ruleset'])).toContain(rule.join(' '));
    await client.run(host.id, { action: 'remove', ruleset: { name: 'mine', revision: 2 } });
    await namespace.iptables('-F', 'INPUT');
    await namespace.run('nft', ['delete', 'set', 'ip', 'filter', 'pairs']);
    const taken = await client.run(host.id, { ruleset: { ...ruleset, revision: 1 } });
    expect(taken.data).toMatchObject({ outcome: 'applied', failure: null });
  });
});
