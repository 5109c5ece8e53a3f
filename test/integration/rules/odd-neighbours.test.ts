import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { BACKENDS, type TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
const own = (...lines: string[]) => table('filter', ':x - [0:0]', ...lines);
const MANUAL = { mode: 'manual', timeoutSeconds: 1 };
const NONE = { mode: 'none' };

async function inputOf(host: TestHost): Promise<string[]> {
  return (await host.namespace.iptables('-S', 'INPUT')).trimEnd().split('\n').slice(1);
}

async function bash(namespace: TestNamespace, script: string): Promise<string> {
  return await namespace.run('bash', ['-c', script]);
}

describe.each(BACKENDS)('names with bytes that are blanks to JavaScript, %s', (backend) => {
  it('do not hide a foreign chain, whose rules stay', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    for (const words of ['-N déjà', '-N theirs', '-A theirs -s 203.0.113.9 -j DROP', '-A INPUT -j theirs'])
      await host.namespace.iptables(...words.split(' '));
    const before = await host.namespace.save();
    const ipv4 = table('filter', ':theirs - [0:0]', '-A theirs -j RETURN', '-A INPUT -j theirs');
    const { data } = await client.run(host.id, { ruleset: { name: 'x', revision: 1, ipv4 }, confirm: NONE });
    expect(data.failure).toMatchObject({ code: 'chain_conflict', lines: [{ line: 2 }] });
    expect(await host.namespace.save()).toBe(before);
  });

  it('are accepted for chains, comments and adopted chains', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.iptables('-N', 'a-là');
    await host.namespace.iptables('-A', 'a-là', '-p', 'icmp', '-j', 'DROP');
    const ipv4 = table(
      'filter',
      ':Рус - [0:0]',
      ':a-là - [0:0]',
      '-A INPUT -j Рус',
      '-A Рус -p tcp -j a-là',
      '-A Рус -j DROP -m comment --comment voilà',
    );
    const ruleset = { name: 'x', revision: 1, ipv4, adopt: ['a-là'] };
    const { data } = await client.run(host.id, { ruleset, confirm: NONE });
    expect(data).toMatchObject({ outcome: 'applied', failure: null });
    const saved = await host.namespace.save();
    expect(saved).toContain('--comment "voilà" -j DROP');
    expect(saved).toContain('-A INPUT -j Рус\n');
    const again = await client.run(host.id, { ruleset: { ...ruleset, revision: 2 }, confirm: NONE });
    expect(again.data.outcome).toBe('unchanged');
    expect(JSON.stringify(data.diff)).toContain('Рус');
  });
});

describe.each(BACKENDS)('a rule that would be saved as another rule is refused, %s', (backend) => {
  it.each([
    ['ipv4', '-p tcp -m tcp --dport 22 -m tcp --dport 80 -j DROP'],
    ['ipv4', '-p udp -m udp --sport 1 -m udp --sport 2 -j DROP'],
    ['ipv4', '-p tcp -m tcp --dport 22 -m tcp --dpo 80 -j DROP'],
    ['ipv4', '-p tcp --syn -m tcp --tcp-flags ALL NONE -j DROP'],
    ['ipv4', '-m connbytes --connbytes 0:0 --connbytes-dir both --connbytes-mode bytes -j DROP'],
    ['ipv4', '-p tcp --tcp-flags NONE SYN -j DROP'],
    ['ipv6', '-p icmpv6 -m icmp6 --icmpv6-type 1/2:4 -j DROP'],
    ['ipv6', '-p 58 --ic 1/2:4 -j DROP'],
  ] as const)('%s: %s', async (family, spec) => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const text = own('-A INPUT -j x', `-A x ${spec}`);
    const { data } = await client.run(host.id, {
      ruleset: { name: 'x', revision: 1, [family]: text },
      confirm: NONE,
    });
    if (data.outcome === 'applied') {
      // Legacy keeps both values of an option that is given twice.
      expect([backend, family]).toEqual(['legacy', 'ipv4']);
      expect((await host.namespace.save()).match(/--(dport|sport|tcp-flags)/g)).toHaveLength(2);
    } else expect(data.failure?.lines).toMatchObject([{ family, line: 4, confidence: 'verified' }]);
  });
});

describe.each(BACKENDS)('neighbours of a hook, %s', (backend) => {
  it('that were appended stay where they are when hooks are inserted', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.iptables('-A', 'INPUT', '-p', 'icmp', '-j', 'ACCEPT');
    const a = table('filter', ':a-in - [0:0]', '-I INPUT -i lo -j a-in', '-A INPUT -j a-in');
    await client.run(host.id, { ruleset: { name: 'a', revision: 1, ipv4: a }, confirm: NONE });
    const b = table('filter', ':b-in - [0:0]', '-I INPUT -j b-in');
    const order = ['-A INPUT -i lo -j a-in', '-A INPUT -p icmp -j ACCEPT', '-A INPUT -j a-in'];
    expect(await inputOf(host)).toEqual(order);
    await client.run(host.id, { ruleset: { name: 'b', revision: 1, ipv4: b }, confirm: MANUAL });
    expect(await inputOf(host)).toEqual(order);
    await client.run(host.id, { ruleset: { name: 'b', revision: 1, ipv4: b }, confirm: NONE });
    expect(await inputOf(host)).toEqual(order.toSpliced(1, 0, '-A INPUT -j b-in'));
    const again = await client.run(host.id, { ruleset: { name: 'a', revision: 2, ipv4: a }, confirm: NONE });
    expect(again.data.outcome).toBe('unchanged');
  });

  it('that are gone do not keep the hook from being put back', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    for (const port of [1, 2, 3, 4, 5])
      await host.namespace.iptables('-A', 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'ACCEPT');
    await client.run(host.id, {
      ruleset: { name: 'x', revision: 1, ipv4: own('-A INPUT -j x') },
      confirm: NONE,
    });
    const job = client.run(host.id, {
      ruleset: { name: 'x', revision: 2, ipv4: own('-A FORWARD -j x') },
      confirm: { mode: 'manual', timeoutSeconds: 3 },
    });
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await bash(host.namespace, `for i in 1 2 3 4 5; do iptables-${backend} -w 5 -D INPUT 1; done`);
    expect((await job).data).toMatchObject({ outcome: 'rolled_back', rollback: { verified: true } });
    expect(await inputOf(host)).toEqual(['-A INPUT -j x']);
  });

  it('may have names that need quotes', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const before = await host.namespace.save();
    await bash(
      host.namespace,
      `i="iptables-${backend} -w 5"; $i -N 'ch"q'; $i -N mid; $i -A 'ch"q' -j mid; $i -A INPUT -j 'ch"q'`,
    );
    const text = table('filter', ':x - [0:0]', ':o"wn - [0:0]', '-A mid -j x');
    const { data } = await client.run(host.id, {
      ruleset: { name: 'x', revision: 1, ipv4: text },
      confirm: NONE,
    });
    expect(data.failure).toBeNull();
    const removed = await client.run(host.id, {
      action: 'remove',
      ruleset: { name: 'x', revision: 2 },
      confirm: NONE,
    });
    expect(removed.data).toMatchObject({ outcome: 'removed', failure: null });
    await bash(host.namespace, `iptables-${backend} -w 5 -F; iptables-${backend} -w 5 -X`);
    expect(await host.namespace.save()).toBe(before);
  });
});

describe.each(BACKENDS)('odd rules of others, %s', (backend) => {
  it('are found before anything is written, if an undo could not restore them', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await bash(
      host.namespace,
      `i="iptables-${backend} -w 5"; $i -N theirs; $i -A theirs -p tcp -m recent --set --name "ssh brute" --rsource; $i -A theirs -p udp -j DROP; $i -A theirs -p udp -j DROP`,
    );
    const before = await host.namespace.save();
    const ipv4 = table('filter', ':theirs - [0:0]', '-A INPUT -j theirs', '-A theirs -j RETURN');
    const ruleset = { name: 'x', revision: 1, ipv4, adopt: ['theirs'] };
    const { data } = await client.run(host.id, { ruleset, confirm: MANUAL });
    expect(data.failure).toMatchObject({ code: 'foreign_unrepresentable', stage: 'host' });
    expect(await host.namespace.save()).toBe(before);
  });

  it('may name chains that do not exist, and have an interface that looks like a rule', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await bash(
      host.namespace,
      `i="iptables-${backend} -w 5"; $i -N A; $i -N b
       $i -A INPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-name $'a\\n[0:0] -A nochain -j DROP'
       $i -A INPUT -i $'x -j A\\n-A b' -j DROP`,
    );
    const before = await host.namespace.save();
    const ipv4 = table('filter', ':b - [0:0]', '-A INPUT -j b', '-A b -p tcp -j RETURN');
    const { data } = await client.run(host.id, {
      ruleset: { name: 'x', revision: 1, ipv4, adopt: ['b'] },
      confirm: NONE,
    });
    expect(data).toMatchObject({ outcome: 'applied', failure: null, diff: { added: 2, removed: 0 } });
    const removed = await client.run(host.id, {
      action: 'remove',
      ruleset: { name: 'x', revision: 2 },
      confirm: NONE,
    });
    expect(removed.data.outcome).toBe('removed');
    expect(await host.namespace.save()).toBe(before.replace(':b -\n', ''));
  });

  it('may be very many', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const rules = Array.from(
      { length: 1_500 },
      (_, index) => `-A INPUT -m recent --rcheck --name n${index} -s 10.0.${index >> 8}.${index & 255} -j t`,
    );
    await host.namespace.restore(table('filter', ':t - [0:0]', ...rules));
    const { data } = await client.run(host.id, {
      ruleset: { name: 'x', revision: 1, ipv4: own('-A INPUT -j x') },
      confirm: NONE,
    });
    expect(data).toMatchObject({ outcome: 'applied', failure: null });
  });
});

describe.each(BACKENDS)('odd cases around a change, %s', (backend) => {
  it('the counters of policies are restored when a change is taken back', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.run(
      `iptables-${backend}-restore`,
      ['-c', '-w', '5'],
      '*filter\n:INPUT ACCEPT [100:2000]\n:FORWARD ACCEPT [3:4]\n:OUTPUT ACCEPT [0:0]\n[5:6] -A INPUT -p icmp -j ACCEPT\nCOMMIT\n',
    );
    const before = await host.namespace.save({ counters: true });
    const ruleset = {
      name: 'all',
      revision: 1,
      scope: 'tables',
      ipv4: '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n',
    };
    const { data } = await client.run(host.id, { ruleset, confirm: MANUAL });
    expect(data).toMatchObject({ outcome: 'rolled_back', rollback: { verified: true } });
    expect(await host.namespace.save({ counters: true })).toBe(before);
  });

  it('a check does not restart the timers of the machine, however it spells them', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const label = `fw${Date.now().toString(36)}`;
    await host.namespace.iptables('-A', 'INPUT', '-j', 'IDLETIMER', '--timeout', '600', '--label', label);
    const left = async () => Number(await readFile(`/sys/class/xt_idletimer/timers/${label}`, 'utf8'));
    while ((await left()) >= 599) await sleep(200);
    for (const target of ['IDLETIMER', '"IDLE\\TIMER"']) {
      const before = await left();
      const ipv4 = own('-A INPUT -j x', `-A x -j ${target} --timeout 600 --lab ${label}`);
      const { data } = await client.run(host.id, {
        action: 'check',
        ruleset: { name: 'x', revision: 1, ipv4 },
      });
      expect(data.failure).toBeNull();
      expect(JSON.stringify(data.diff)).toContain(`--label ${label}`);
      expect(await left()).toBeLessThanOrEqual(before);
    }
  });

  it('a chain with the name of a target is refused', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ipv4 = table('filter', ':REJECT - [0:0]', '-A OUTPUT -j REJECT');
    const { data } = await client.run(host.id, { ruleset: { name: 'x', revision: 1, ipv4 }, confirm: NONE });
    expect(data.failure).toMatchObject({ code: 'ruleset_invalid', lines: [{ line: 2 }] });
  });

  it('a required rule is demanded also where live hooks stand in another order than in the text', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'fleetwall-policy-')), 'policy.yaml');
    await writeFile(
      file,
      'required: [{ name: ssh, table: filter, chain: INPUT, before: [DROP], ipv4: -p tcp -m tcp --dport 22 -j ACCEPT, ipv6: null }]\n',
    );
    const host = await fixture.host(backend, { environment: { FLEETWALL_POLICY: file } });
    const client = await fixture.client();
    const first = table('filter', ':b - [0:0]', '-A INPUT -j b');
    await client.run(host.id, { ruleset: { name: 'x', revision: 1, ipv4: first }, confirm: NONE });
    const second = table(
      'filter',
      ':a - [0:0]',
      ':b - [0:0]',
      '-A INPUT -j a',
      '-A INPUT -j b',
      '-A a -p tcp --dport 22 -j ACCEPT',
      '-A b -j DROP',
    );
    const { data } = await client.run(host.id, {
      ruleset: { name: 'x', revision: 2, ipv4: second },
      confirm: NONE,
    });
    expect(data.failure).toMatchObject({ code: 'policy_denied', lines: [{ line: 7 }] });
    await rm(dirname(file), { recursive: true });
  });
});
