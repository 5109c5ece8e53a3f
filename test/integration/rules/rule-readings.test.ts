import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../src/contract/jobs/host-policy.ts';
import type { Scope } from '../../../src/contract/words/identifiers.ts';
import { Engine } from '../../support/engine.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();
/** Never matches. It is saved as a rule for all ports. */
const NO_PORT = '-A INPUT -p tcp ! --dport 0:65535 -j DROP';
const own = (...lines: string[]) => table('filter', ':d-in - [0:0]', ...lines);

/** Each text seems to say one thing, but iptables reads another. `line` is the line that must be named. */
const MISLEADING: [string, { scope?: Scope; ipv4: string; line: number }][] = [
  [
    'a DROP that looks like a hook, inserted',
    { ipv4: own('-I INPUT -m comment --comm -jd-in -m comment --comment "x"-j DROP'), line: 3 },
  ],
  [
    'a DROP that looks like a hook, appended',
    { ipv4: own('-A INPUT -m comment --comment "x"-j DROP -m comment --comm -jd-in'), line: 3 },
  ],
  ['an interface that looks like a jump', { ipv4: own('-I INPUT ! -i -jd-in'), line: 3 }],
  ['a name that looks like a jump', { ipv4: own('-A INPUT -m helper --helper "-jd-in"'), line: 3 }],
  ['a hook by goto', { ipv4: own('-A INPUT -g d-in'), line: 3 }],
  [
    'a built-in chain by its quoted name',
    { ipv4: table('filter', ':"INPUT" - [0:0]', '-A "INPUT" -j DROP'), line: 3 },
  ],
  [
    'a chain of others by its quoted name',
    { ipv4: table('filter', ':"theirs" - [0:0]', '-A "theirs" -j DROP'), line: 3 },
  ],
  [
    'a program behind a closing quote',
    { ipv4: own('-A d-in -m comment --comment "x"--modprobe=/p -j DROP'), line: 3 },
  ],
  ['a program between two quotes', { ipv4: own('-A d-in -m comment --comment "b""-M" /p -j DROP'), line: 3 }],
  [
    'a host name for an extension',
    { ipv4: own('-A d-in -m conntrack --ctorigsrc localhost -j DROP'), line: 3 },
  ],
  ['a host name, cut short', { ipv4: own('-A d-in -m conntrack --ctrepls localhost -j DROP'), line: 3 }],
  ['a network by its name', { ipv4: own('-A d-in -s default -j DROP'), line: 3 }],
  ['a cry for help behind a quote', { ipv4: own('-A d-in -m comment --comment "x"-h'), line: 3 }],
  ['a question for the version', { ipv4: own('-A d-in -j DROP -V'), line: 3 }],
  ['the other family', { ipv4: own('-A d-in -6 -j DROP'), line: 3 }],
  ['a quote that is never closed', { ipv4: own('-A d-in -m comment --comment "x -j DROP'), line: 3 }],
  [
    'a name with a blank',
    { ipv4: own('-A d-in -p tcp --dport 22 -m recent --set --name "ssh brute" --rsource'), line: 3 },
  ],
  [
    'the same in a whole table',
    {
      scope: 'tables',
      ipv4: table('mangle', '-A INPUT -p tcp -m recent --set --name "ssh brute" --rsource'),
      line: 2,
    },
  ],
  [
    'a hash table with a blank in its name',
    {
      ipv4: own('-A d-in -m hashlimit --hashlimit-upto 5/sec --hashlimit-name "a -j RETURN" -j DROP'),
      line: 3,
    },
  ],
  ['a negation of all ports', { ipv4: own('-A d-in -p tcp ! --dport 0:65535 -j DROP'), line: 3 }],
  [
    'a negation of all ports of an octal protocol',
    { ipv4: own('-A d-in -j ACCEPT -p 06 ! --dport 0:65535'), line: 3 },
  ],
  [
    'a negation of all ports of a hexadecimal protocol',
    { ipv4: own('-A d-in -p 0x6 ! --dport 0:65535 ! --sport 5 -j ACCEPT'), line: 3 },
  ],
  [
    'a range of codes of an octal protocol',
    { ipv4: own('-A d-in -p 01 --icmp-type 3/1:2 -j ACCEPT'), line: 3 },
  ],
  ['all types of an octal protocol', { ipv4: own('-A d-in -p 001 --icmp-type 255/3 -j DROP'), line: 3 }],
  ['a negation of all SPIs', { ipv4: own('-A d-in -p esp -m esp ! --espspi : -j DROP'), line: 3 }],
  [
    'a negation of any compression',
    { ipv4: own('-A d-in -p ipcomp -m ipcomp ! --ipcompspi : -j DROP'), line: 3 },
  ],
  [
    'a negation in a whole table of commands',
    {
      scope: 'tables',
      ipv4: table('mangle', '-N x', '-A x -p ah -m ah ! --ahspi : -j DROP', '-I INPUT -j x'),
      line: 3,
    },
  ],
  ...(
    [
      [
        'a deletion by text',
        3,
        ['-A INPUT -s 192.0.2.9 -j ACCEPT', NO_PORT, '-D INPUT -s 192.0.2.9 -j ACCEPT'],
      ],
      ['a deletion in other words', 3, ['-A INPUT -p 6 -j ACCEPT', NO_PORT, '-D INPUT -p tcp -j ACCEPT']],
      ['a policy', 2, ['-A INPUT -p icmp --icmp-type 3/0:5 -j DROP', ':INPUT ACCEPT [0:0]']],
      ['a policy that is dropped', 2, ['-A INPUT -p esp -m esp ! --espspi : -j DROP', ':INPUT DROP [0:0]']],
      ['chains that go', 2, [NO_PORT, '-N x', '-X x', '-X']],
      ['a place in octal', 3, ['-A INPUT -s 192.0.2.9 -j ACCEPT', NO_PORT, '-D INPUT 01']],
      [
        'a deletion of one of two rules',
        2,
        ['-I INPUT -s 192.0.2.1,192.0.2.2 -p tcp ! --dport 0:65535', '-A INPUT', '-D INPUT 1'],
      ],
      ['counters that are zeroed', 3, ['-A INPUT -s 192.0.2.9', NO_PORT, '-Z', '-D INPUT -s 192.0.2.9']],
      ['an empty section', 4, ['COMMIT', '*mangle', NO_PORT, '-N x']],
    ] as const
  ).map(([what, line, lines]): [string, { scope: Scope; ipv4: string; line: number }] => [
    `what the save loses of commands, with ${what}`,
    { scope: 'tables', ipv4: table('mangle', ...lines), line },
  ]),
];

async function strangersRules(namespace: TestNamespace): Promise<void> {
  await namespace.iptables('-N', 'theirs');
  await namespace.iptables('-A', 'INPUT', '-p', 'icmp', '-j', 'ACCEPT');
  await namespace.iptables('-A', 'theirs', '-s', '203.0.113.9/32', '-j', 'DROP');
}

/** Whole tables, written as commands, or in several sections. */
const COMMANDS: [string, string[]][] = [
  ['an empty section at the end', ['-A INPUT -s 192.0.2.1 -j ACCEPT', 'COMMIT', '*filter']],
  ['a section that is a comment', ['-A INPUT -s 192.0.2.1 -j ACCEPT', 'COMMIT', '*filter', '# none', '']],
  ['empty sections', ['-A INPUT', ...Array.from({ length: 3 }, () => ['COMMIT', '*filter']).flat()]],
  ['an empty section in the middle', ['-A INPUT', 'COMMIT', '*filter', 'COMMIT', '*filter', '-A OUTPUT']],
  ['an empty section at the beginning', ['COMMIT', '*filter', '-A INPUT -s 192.0.2.1']],
  ['a chain before an empty section', [':x - [0:0]', '-A INPUT -j x', 'COMMIT', '*filter']],
  ['a policy line before an empty section', [':INPUT DROP [0:0]', 'COMMIT', '*filter']],
  ['a policy before an empty section', ['-P INPUT DROP', '-A INPUT', 'COMMIT', '*filter']],
  ['a policy in the middle', ['-A INPUT -s 192.0.2.1', ':INPUT DROP [0:0]', '-A INPUT ! -s 192.0.2.2']],
  ['a deletion by text', ['-A INPUT ! -s 192.0.2.1', '-A INPUT -p 6', '-A INPUT -p tcp', '-D INPUT -p tcp']],
  ['what is lost, and deleted again', [NO_PORT, '-A INPUT -s 192.0.2.1', NO_PORT.replace('-A', '-D')]],
  ['counters that are zeroed', ['-A INPUT ! -s 192.0.2.1', '-Z', '-Z INPUT', '-D INPUT 1', '-A INPUT']],
  ['a question', ['-A INPUT -s 192.0.2.1', '-C INPUT -s 192.0.2.1', '-I INPUT ! -p tcp']],
  [
    'negated ranges of ports from 0',
    [
      '-A INPUT -p tcp ! --dport :1023 -j DROP',
      '-A INPUT -p 17 ! --sport 0:5 ! --dport :65534 ! -s 192.0.2.1',
    ],
  ],
  [
    'addresses and masks in octal and hexadecimal',
    [
      '-A INPUT -s 0x0a.0.0.1 -d 0377.0.0.1/0X20',
      '-A INPUT -s 10.0.0.0/0024 ! -d +10.1.2.3/255.255.0.0377',
      '-A INPUT -s "10.0.0.1, 10.0.0.2" -m conntrack --ctorigsrc 0x0a.0.0.0/0x8',
    ],
  ],
  ['248 words', ['-N x', `-A INPUT ${'-m comment --comment c '.repeat(61)}-j DROP`]],
];

/** What a save says beyond an empty table, which not every variant saves. */
async function saidBy(namespace: TestNamespace): Promise<string[]> {
  const lines = (await namespace.save()).split('\n');
  return lines.filter((line) => /^-A|^:\S+ (?:DROP|-)/.test(line));
}

describe.each(BACKENDS)('a table of commands, %s', (backend) => {
  it.each(COMMANDS)('has what a bare iptables-restore makes of %s', async (_, lines) => {
    const text = table('filter', ...lines);
    const bare = await TestNamespace.create(backend);
    const engine = await Engine.open(backend);
    try {
      const run = async (namespace: TestNamespace, sent: string) =>
        await namespace.run(`iptables-${backend}-restore`, ['-w', '5'], sent);
      await run(bare, text);
      await run(engine.namespace, table('filter', '-A INPUT -s 198.51.100.9 -j DROP'));
      const first = await engine.apply(text, { scope: 'tables' });
      expect(first.end).toMatchObject({ failure: null, outcome: 'applied' });
      expect(await saidBy(engine.namespace)).toEqual(await saidBy(bare));
      await run(engine.namespace, text);
      const again = await engine.apply(text, { scope: 'tables' });
      expect(again.end).toMatchObject({ failure: null, outcome: 'unchanged' });
      expect(await saidBy(engine.namespace)).toEqual(await saidBy(bare));
    } finally {
      await engine.close();
      await bare.remove();
    }
  });

  it('has its rules refused by the lines that made them', async () => {
    const LIMIT = '-m limit --limit 5/s -j ACCEPT';
    const policy = HostPolicy.parse({ matches: ['tcp'], chains: ['mine'] });
    const engine = await Engine.open(backend, policy);
    const cases: [number[], string[]][] = [
      [[3], ['-A INPUT -s 192.0.2.9', `-A INPUT ${LIMIT}`, '-D INPUT -s 192.0.2.9']],
      [[2], [`-A INPUT ${LIMIT}`, `-A INPUT ${LIMIT}`, '-A INPUT -s 192.0.2.9', '-D INPUT 2']],
      [[3], [`-A INPUT ${LIMIT}`, `-A INPUT ${LIMIT}`, '-A INPUT -s 192.0.2.9', `-D INPUT ${LIMIT}`]],
      [[2], [`-A INPUT ${LIMIT}`, ':INPUT DROP [0:0]', '-N mine', '-X']],
      [[5], [`-A INPUT ${LIMIT}`, 'COMMIT', '*filter', `-A INPUT ${LIMIT}`, ':INPUT ACCEPT [0:0]']],
      [
        [3, 3],
        ['-I INPUT -s 192.0.2.9', `-I INPUT -s 192.0.2.1,192.0.2.2 ${LIMIT}`, '-D INPUT 3'],
      ],
      [
        [2, 4],
        ['-N other', '-N mine', `-A mine ${LIMIT}`],
      ],
    ];
    try {
      for (const [lines, text] of cases) {
        const { end } = await engine.apply(table('filter', ...text), { scope: 'tables' });
        expect(end.failure?.code, text.join('\n')).toBe('policy_denied');
        const told = end.failure?.lines.map(({ line, confidence }) => [line, confidence]);
        expect(told, text.join('\n')).toEqual(lines.map((line) => [line, 'verified']));
      }
    } finally {
      await engine.close();
    }
  });
});

describe.each(BACKENDS)('what iptables-save writes and iptables-restore does not take, %s', (backend) => {
  it.each([
    [
      'more words than it takes',
      `-A d-in -p tcp ${'-mmultiport --ports 1 -mcomment --comment "a b" '.repeat(40)}`,
    ],
    ['a rate', '-A d-in -j RATEEST --rateest-name fwt --rateest-interval 1 --rateest-ewma 2s'],
  ])('is said of its line: %s', async (_, line) => {
    const engine = await Engine.open(backend);
    try {
      const { end } = await engine.apply(table('mangle', ':d-in - [0:0]', line, '-A d-in -s 192.0.2.1'));
      expect(end.failure?.lines.map((told) => told.line)).toEqual([3]);
      expect(end.failure?.lines[0]?.reason).toMatch(
        /^iptables-save writes it as "-A d-in .*does not take that/s,
      );
    } finally {
      await engine.close();
    }
  });

  it('is the name of a chain with quotes', async () => {
    const engine = await Engine.open(backend);
    try {
      const text = table(
        'filter',
        ':"x" - [0:0]',
        ':x - [0:0]',
        String.raw`-A "\"x\"" -j ACCEPT`,
        '-A x -j DROP',
      );
      for (const scope of ['chains', 'tables'] as const) {
        const { end } = await engine.apply(text, { scope });
        expect(end.failure?.lines[0]).toMatchObject({ line: 4, confidence: 'verified' });
        expect(end.failure?.lines[0]?.reason).toContain('give it one without quotes');
      }
    } finally {
      await engine.close();
    }
  });
});

describe.each(BACKENDS)('a line with its command in another place, %s', (backend) => {
  it('is what a bare iptables-restore makes of it, in scope chains', async () => {
    const text = table(
      'filter',
      ':d-in - [0:0]',
      '-s 192.0.2.1,192.0.2.2 -A d-in -j DROP',
      '-j DROP --append d-in',
      '-p tcp --app=d-in ! --dport 22 -j REJECT --reject-with tcp-reset',
      '-m comment --comment "-A d-in" -Ad-in -j RETURN',
      '-fA d-in -j DROP',
      '! -s 192.0.2.3 -A d-in -m comment --comment "a \\"b\\" c"',
      '-j d-in -I INPUT 1',
      '-i lo -A FORWARD -j d-in',
      '-A d-in -p 06 ! --dport 22 ! --sport 5 -j ACCEPT',
      '-p udp ! --dport 0:65534 -A d-in -j DROP',
    );
    const bare = await TestNamespace.create(backend);
    const engine = await Engine.open(backend);
    try {
      await bare.run(`iptables-${backend}-restore`, ['-w', '5'], text);
      const first = await engine.apply(text);
      expect(first.end).toMatchObject({ failure: null, outcome: 'applied' });
      expect(await saidBy(engine.namespace)).toEqual(await saidBy(bare));
      const again = await engine.apply(text);
      expect(again.end).toMatchObject({ failure: null, outcome: 'unchanged' });
    } finally {
      await engine.close();
      await bare.remove();
    }
  });

  it.each([
    ['negated', '! -A d-in -s 192.0.2.1 -j DROP'],
    ['in a chain of others', '-s 192.0.2.1 -A INPUT -j DROP'],
    ['a second one', '-s 192.0.2.1 -A d-in -j DROP -A d-in'],
    ['another one', '-s 192.0.2.1 -D d-in -j DROP'],
    ['with a number', '-s 192.0.2.1 -A d-in 2 -j DROP'],
    ['an insertion with a number', '-j d-in -I INPUT 2'],
    [
      'between an option and what is no value of it',
      '-m rateest --rateest a --rateest-bps -A d-in 5bps --rateest-lt',
    ],
    ['the value of an option', '-s 192.0.2.1 -m comment --comment -A d-in -j DROP'],
  ])('is refused with its line: %s', async (_, line) => {
    const engine = await Engine.open(backend);
    try {
      const { end } = await engine.apply(table('filter', ':d-in - [0:0]', '-A d-in -s 192.0.2.9', line));
      expect(end.outcome).toMatch(/^(?:failed|rejected)$/);
      expect(end.failure?.lines.map((told) => told.line)).toEqual([4]);
      expect(await saidBy(engine.namespace)).toEqual([]);
    } finally {
      await engine.close();
    }
  });
});

describe.each(BACKENDS)('rules as iptables reads them, %s', (backend) => {
  it('are refused with their line if they mislead, before anything is live', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await strangersRules(host.namespace);
    const before = await host.namespace.save({ counters: true });
    for (const [what, { scope = 'chains', ipv4, line }] of MISLEADING) {
      for (const confirm of [{ mode: 'none' }, { mode: 'manual', timeoutSeconds: 1 }, { mode: 'probe' }]) {
        const { data } = await client.run(host.id, {
          ruleset: { name: 'd', revision: 1, scope, ipv4, adopt: ['theirs', '"theirs"'] },
          confirm,
        });
        const found = data.failure?.lines.map((failed) => [failed.line, failed.confidence]);
        expect({ what, changed: data.changed, found }).toEqual({
          what,
          changed: false,
          found: [[line, 'verified']],
        });
        expect(['rejected', 'failed']).toContain(data.outcome);
        expect(await host.namespace.save({ counters: true }), what).toBe(before);
      }
    }
  });

  it('with a wildcard that never matches are refused, or kept as they are, in both families', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    let revision = 0;
    for (const [family, spec] of [
      ['ipv4', '! -i +'],
      ['ipv6', '! -o +'],
      ['ipv6', '-m frag ! --fragid :'],
      ['ipv6', '-p mh -m mh ! --mh-type :'],
    ] as const) {
      const text = own(`-A d-in ${spec} -j DROP`);
      const { data } = await client.run(host.id, {
        ruleset: { name: 'd', revision: (revision += 1), [family]: text },
      });
      if (data.outcome !== 'applied') {
        expect(data.failure, JSON.stringify(data.failure)).toMatchObject({
          lines: [{ family, line: 3, confidence: 'verified' }],
        });
        continue;
      }
      // Such a rule is applied only if its saved form restores to the very same rule.
      const saved = await host.namespace.save();
      const program = family === 'ipv4' ? 'iptables' : 'ip6tables';
      expect(saved).toContain('!');
      await host.namespace.run(
        `${program}-${backend}-restore`,
        ['-w', '5'],
        await host.namespace.run(`${program}-${backend}-save`, []),
      );
      expect(await host.namespace.save()).toBe(saved);
      revision += 1;
      const removed = await client.run(host.id, { action: 'remove', ruleset: { name: 'd', revision } });
      expect(removed.data.outcome).toBe('removed');
    }
  });

  it.each([
    ['beside a rule on which nft dies', []],
    ['without nft', ['mount --bind /dev/null /usr/sbin/nft']],
  ])(
    'with a name that contains an option are refused, those with the option itself are not, %s',
    async (_, mounts) => {
      const host = await fixture.host(backend, { holdable: true, mounts });
      const client = await fixture.client();
      const limit = '-A d-in -m hashlimit --hashlimit-upto 40/sec --hashlimit-name';
      // Both are saved as the same text.
      const option = `${limit} x --hashlimit-rate-match -j DROP`;
      const name = `${limit} "x --hashlimit-rate-match" -j DROP`;
      const harmless = String.raw`-A d-in -m recent --rcheck --name "back\\slash"`;
      const push = async (revision: number, ...lines: string[]) =>
        (await client.run(host.id, { ruleset: { name: 'd', revision, ipv6: own(...lines) } })).data;
      expect((await push(1, option, harmless)).failure).toBeNull();
      expect((await push(2, option, harmless, name)).failure).toMatchObject({
        code: 'rule_rejected',
        lines: [{ family: 'ipv6', line: 5, confidence: 'verified' }],
      });
    },
  );

  it('with an interface that looks like a RETURN do not evade a required rule', async () => {
    const policy =
      'required: [{ name: ssh, table: filter, chain: INPUT, before: [DROP], ipv4: -p tcp -m tcp --dport 22 -j ACCEPT, ipv6: null }]\n';
    const file = join(await mkdtemp(join(tmpdir(), 'fleetwall-readings-')), 'policy.yaml');
    await writeFile(file, policy);
    const host = await fixture.host(backend, { environment: { FLEETWALL_POLICY: file } });
    const client = await fixture.client();
    const ipv4 = table(
      'filter',
      ':edge-in - [0:0]',
      '-A INPUT -j edge-in',
      '-A edge-in ! -i -jRETURN -j DROP',
      '-A edge-in -p tcp --dport 22 -j ACCEPT',
    );
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
    expect(data.failure).toMatchObject({ code: 'policy_denied', lines: [{ line: 4 }] });
    await rm(dirname(file), { recursive: true });
  });

  it('may name sets by shortened options and by the old names of options', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.run('ipset', ['create', 's_ip', 'hash:ip']);
    const ipv4 = own(
      '-A INPUT -j d-in',
      '-A d-in -m set --set s_ip src -j DROP',
      '-A d-in -m set --match-s s_ip dst -j DROP',
      '-A d-in -j SET --add-s s_ip src',
    );
    const { data } = await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4 } });
    expect(data).toMatchObject({ outcome: 'applied', failure: null });
    const missing = own('-A d-in -m set --match-set nowhere src -j DROP');
    const refused = await client.run(host.id, { ruleset: { name: 'd', revision: 2, ipv4: missing } });
    expect(refused.data.failure?.lines).toMatchObject([{ line: 3, reason: "Set nowhere doesn't exist." }]);
  });

  it('may name objects that others have made, which exist in a rehearsal', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await host.namespace.run('nfacct', ['add', 'web']);
    await host.namespace.iptables(
      '-t',
      'mangle',
      '-A',
      'PREROUTING',
      '-j',
      'RATEEST',
      '--rateest-name',
      're1',
      '--rateest-interval',
      '250ms',
      '--rateest-ewmalog',
      '500ms',
    );
    const ipv4 = own(
      '-A INPUT -j d-in',
      '-A d-in -m nfacct --nfacct-name web',
      '-A d-in -m rateest --rateest re1 --rateest-gt --rateest-pps 100 -j DROP',
    );
    const { data } = await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4 } });
    expect(data).toMatchObject({ outcome: 'applied', failure: null });
    const other = own('-A d-in -m nfacct --nfacct-name nobodys');
    const refused = await client.run(host.id, { ruleset: { name: 'd', revision: 2, ipv4: other } });
    expect(refused.data.failure).toMatchObject({ code: 'rule_rejected', lines: [{ line: 3 }] });
  });

  it('may have blanks, tabs and counters where iptables-restore accepts them', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ipv4 =
      '*filter \n:d-in   -   [0:0]\n[12:345]-A INPUT   -j d-in\n\t-A "d-in" -s 192.0.2.1,192.0.2.2\t-j DROP \nCOMMIT\n';
    const { data } = await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4 } });
    expect(data).toMatchObject({ outcome: 'applied', diff: { added: 3 } });
    expect(await host.namespace.save()).toBe(
      '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:d-in -\n-A INPUT -j d-in\n-A d-in -s 192.0.2.1/32 -j DROP\n-A d-in -s 192.0.2.2/32 -j DROP\nCOMMIT\n',
    );
    const again = await client.run(host.id, { ruleset: { name: 'd', revision: 2, ipv4 } });
    expect(again.data).toMatchObject({ outcome: 'unchanged', diff: { added: 0, removed: 0, unchanged: 3 } });
  });

  it('that are written by hand as a whole table become what bare iptables-restore makes of them', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const ipv4 = [
      '*filter',
      ':INPUT   DROP   [0:0]',
      '-A INPUT -j REJECT',
      'COMMIT',
      '*filter',
      ':INPUT DROP [0:0]',
      ':a - [0:0]',
      '-N b',
      '-P FORWARD DROP',
      '--append a -s 192.0.2.1,192.0.2.2 -j ACCEPT',
      '-I INPUT -i lo -j ACCEPT',
      '-I INPUT 2 -j a',
      '-A b -j RETURN',
      '-F b',
      '-A b -p tcp --dport 22 -j ACCEPT',
      '-A INPUT -j b',
      'COMMIT',
      '',
    ].join('\n');
    const { data } = await client.run(host.id, {
      ruleset: { name: 'hand', revision: 1, scope: 'tables', ipv4 },
    });
    expect(data).toMatchObject({ outcome: 'applied', failure: null });
    const live = await host.namespace.save();
    await host.namespace.run(`iptables-${backend}-restore`, ['-w', '5'], ipv4);
    expect(live).toBe(await host.namespace.save());
    const again = await client.run(host.id, {
      ruleset: { name: 'hand', revision: 2, scope: 'tables', ipv4 },
    });
    expect(again.data).toMatchObject({ outcome: 'unchanged', diff: { added: 0, removed: 0 } });
    const wrong = ipv4
      .replace('-I INPUT 2 -j a', '-I INPUT 5 -j a')
      .replace('-A INPUT -j b', '-E b\n-A INPUT -j nowhere');
    const refused = await client.run(host.id, {
      ruleset: { name: 'hand', revision: 3, scope: 'tables', ipv4: wrong },
    });
    expect(refused.data.failure?.lines.map(({ line, confidence }) => [line, confidence])).toEqual([
      [12, 'verified'],
      [16, 'verified'],
      [17, 'verified'],
    ]);
  });

  it('that fail are all counted', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    const rules = Array.from({ length: 2_000 }, (_, index) =>
      index % 40 === 7
        ? '-A d-in -p tcp --dport 99999 -j DROP'
        : `-A d-in -s 10.0.${index >> 8}.${index & 255} -j DROP`,
    );
    const { data } = await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4: own(...rules) } });
    expect(data.failure).toMatchObject({ code: 'rule_rejected', truncated: true, lineCount: 50 });
    expect(data.failure?.message).toMatch(/^50 rules of ruleset d revision 1 were rejected/);
    expect(data.failure?.lines.map(({ line }) => line)).toEqual(
      Array.from({ length: 20 }, (_, index) => 10 + 40 * index),
    );
  });
});

describe.each(BACKENDS)('foreign rules, %s', (backend) => {
  const strange = [
    ['-A', 'INPUT', '-m', 'comment', '--comment', 'two\nlines', '-j', 'ACCEPT'],
    ['-A', 'INPUT', '-m', 'comment', '--comment', 'x\nCOMMIT\n*nat\n[0:0] -A INPUT -j d-in', '-j', 'ACCEPT'],
    [
      '-A',
      'FORWARD',
      '-m',
      'hashlimit',
      '--hashlimit-upto',
      '5/sec',
      '--hashlimit-name',
      'a\n[0:0] -A FORWARD -j DROP',
    ],
    ['-A', 'FORWARD', '-m', 'hashlimit', '--hashlimit-upto', '5/sec', '--hashlimit-name', 'b -j d-in'],
    ['-A', 'FORWARD', '-p', 'tcp', '-m', 'recent', '--set', '--name', 'ssh brute', '--rsource'],
  ];

  it('stay the same, byte for byte, through every action in scope chains', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    for (const rule of strange) await host.namespace.iptables(...rule);
    await bytes(
      host.namespace,
      String.raw`iptables-${backend} -A INPUT -m comment --comment $'\xe9' -j ACCEPT`,
    );
    const before = await raw(host.namespace, `iptables-${backend}-save -t filter | grep -v '^#'`);
    const ipv4 = own('-I INPUT -j d-in', '-A FORWARD -j d-in', '-A d-in -j RETURN');
    const first = await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4 } });
    expect(first.data.failure).toBeNull();
    expect(first.data).toMatchObject({ outcome: 'applied', diff: { added: 3 } });
    const report = await client.run(host.id, { action: 'report', ruleset: { name: 'd' } });
    expect(report.data.report?.rulesets).toMatchObject([{ name: 'd', inSync: true }]);
    const back = await client.run(host.id, {
      ruleset: { name: 'd', revision: 2, ipv4: own('-A INPUT -j d-in', '-A d-in -j DROP') },
      confirm: { mode: 'manual', timeoutSeconds: 1 },
    });
    expect(back.data).toMatchObject({ outcome: 'rolled_back', rollback: { verified: true } });
    const again = await client.run(host.id, { ruleset: { name: 'd', revision: 3, ipv4 } });
    expect(again.data).toMatchObject({ outcome: 'unchanged' });
    const removed = await client.run(host.id, { action: 'remove', ruleset: { name: 'd', revision: 4 } });
    expect(removed.data.outcome).toBe('removed');
    expect(await raw(host.namespace, `iptables-${backend}-save -t filter | grep -v '^#'`)).toBe(before);
  });

  it('are reported with escaped bytes, and the report says that it is escaped', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await client.run(host.id, { ruleset: { name: 'd', revision: 1, ipv4: own('-A INPUT -j d-in') } });
    await bytes(
      host.namespace,
      String.raw`iptables-${backend} -A d-in -m comment --comment $'\xc3\xa9 \xe9' -j DROP`,
    );
    const { data } = await client.run(host.id, { action: 'report', ruleset: { name: 'd' } });
    expect(data.report).toMatchObject({ escaped: true, rulesets: [{ escaped: true, inSync: false }] });
    expect(data.report?.rulesets[0]?.ipv4).toContain(String.raw`--comment "é \xe9"`);
  });

  it('are restored byte for byte in scope tables, or the change is not begun', async () => {
    const host = await fixture.host(backend);
    const client = await fixture.client();
    await bytes(
      host.namespace,
      String.raw`iptables-${backend} -A INPUT -m comment --comment $'\xe9' -j ACCEPT`,
    );
    const saved = async () => await raw(host.namespace, `iptables-${backend}-save -t filter | grep -v '^#'`);
    const before = await saved();
    const ruleset = {
      name: 'all',
      revision: 1,
      scope: 'tables',
      ipv4: table('filter', '-A INPUT -j ACCEPT'),
    };
    const confirm = { mode: 'manual', timeoutSeconds: 1 };
    const back = await client.run(host.id, { ruleset, confirm });
    expect(back.data).toMatchObject({ outcome: 'rolled_back', rollback: { verified: true } });
    const check = await client.run(host.id, { action: 'check', ruleset });
    expect(check.data.diff).toMatchObject({ escaped: true });
    expect(JSON.stringify(check.data.diff)).toContain(String.raw`\\xe9`);
    expect(await saved()).toBe(before);
    for (const rule of strange) {
      await host.namespace.iptables(...rule);
      const now = await saved();
      const { data } = await client.run(host.id, { ruleset, confirm });
      expect(data).toMatchObject({
        outcome: 'failed',
        failure: { code: 'foreign_unrepresentable', stage: 'host' },
      });
      expect(await saved()).toBe(now);
      await host.namespace.iptables('-D', ...rule.slice(1));
    }
  });
});

/** Runs a command with bytes that are not UTF-8, which only a shell can pass on. */
async function bytes(namespace: TestNamespace, command: string): Promise<void> {
  await namespace.run('bash', ['-c', command]);
}

async function raw(namespace: TestNamespace, command: string): Promise<string> {
  const { stdout } = await execa(
    'nsenter',
    [`--net=/run/netns/${namespace.name}`, '--', 'bash', '-c', command],
    {
      encoding: 'latin1',
    },
  );
  return stdout;
}
