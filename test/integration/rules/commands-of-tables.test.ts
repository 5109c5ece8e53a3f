import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostPolicy } from '../../../src/contract/jobs/host-policy.ts';
import { FAMILIES } from '../../../src/contract/words/identifiers.ts';
import { Engine } from '../../support/engine.ts';
import { BACKENDS } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const CASES = BACKENDS.flatMap((backend) => FAMILIES.map((family) => [backend, family] as const));
const policy = HostPolicy.parse({ targets: ['ACCEPT', 'DROP'] });

/** Texts that iptables-restore takes in any order of commands, and the lines of those that it, or the policy, does not. */
const TEXTS: [string, { lines: string[]; policy?: true; wrong?: { line: number; reason: RegExp } }][] = [
  [
    'a negation, behind a policy and before an insertion',
    {
      lines: [
        '-P INPUT DROP',
        '-A INPUT ! -i lo -p tcp -m tcp --dport 22 -j ACCEPT',
        '-I INPUT -i lo -j ACCEPT',
      ],
    },
  ],
  [
    'a flush in the midst',
    { lines: ['-A INPUT -j DROP', '-F INPUT', '-A INPUT ! -i lo -j ACCEPT', '-P INPUT DROP'] },
  ],
  [
    'a second section, and a rule at a place',
    { lines: ['-A INPUT -j DROP', 'COMMIT', '*filter', '-A INPUT -j LOG', '-I INPUT 2 ! -i e0 -j DROP'] },
  ],
  [
    'a comment of its own',
    {
      lines: [
        '-N x',
        '-I INPUT ! -i lo -m comment --comment "a \\"b" -j x',
        '-A x -m comment --comment made-by-line-9 -j DROP',
      ],
    },
  ],
  [
    'an interface that is saved as another word',
    {
      lines: [
        '-N x',
        '-P INPUT DROP',
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -i "a b" -j ACCEPT',
        '-A x -i e',
      ],
      wrong: { line: 5, reason: /Bad argument [`']b'/ },
    },
  ],
  [
    'a target that the policy does not let in',
    {
      policy: true,
      lines: ['-P INPUT DROP', '-A INPUT -i lo -j ACCEPT', '-I INPUT -p tcp -j NFLOG'],
      wrong: { line: 4, reason: /target NFLOG is not let in/ },
    },
  ],
];

describe.each(CASES)('a whole table that is written as commands, %s, %s', (backend, family) => {
  let engine: Engine;
  beforeEach(async () => (engine = await Engine.open(backend, undefined)));
  afterEach(async () => await engine.close());

  it.each(TEXTS)(
    'is taken as iptables-restore does, or named by its line: %s',
    async (_, { lines, wrong, ...more }) => {
      if (more.policy) {
        await engine.close();
        engine = await Engine.open(backend, policy);
      }
      const text = table('filter', ...lines);
      const { end } = await engine.run('apply', { scope: 'tables', [family]: text });
      const told = end.failure?.lines.map(({ line, reason }) => ({ line, reason })) ?? [];
      if (wrong !== undefined) {
        expect(told).toEqual([{ line: wrong.line, reason: expect.stringMatching(wrong.reason) }]);
        return;
      }
      expect(told).toEqual([]);
      const program = `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}`;
      const ours = await engine.namespace.run(`${program}-save`, []);
      await engine.namespace.run(`${program}-restore`, [], text);
      expect(rulesOf(ours)).toEqual(rulesOf(await engine.namespace.run(`${program}-save`, [])));
    },
  );
});

it('a rule of which no line can be told names none', async () => {
  const engine = await Engine.open('nft');
  const deleted = ['-A INPUT -j DROP', '-D INPUT -j DROP'];
  const ipv6 = table('filter', ...deleted, '-A INPUT -i "a b" -j ACCEPT');
  const { end } = await engine.run('check', { scope: 'tables', ipv6 });
  await engine.close();
  expect(end.failure).toMatchObject({ code: 'rule_rejected', lines: [] });
  expect(end.failure?.message).toMatch(
    /rule "-A INPUT -i a b -j ACCEPT" of ipv6 table filter: .*which line makes it is not known$/,
  );
});

function rulesOf(saved: string): string[] {
  return saved.split('\n').filter((line) => line.startsWith('-A') || line.startsWith(':'));
}

it.each(BACKENDS)(
  'a rule whose save is not taken is refused before anything is live: a shift of ports, %s',
  async (backend) => {
    const engine = await Engine.open(backend);
    const ipv4 =
      '*nat\n:x - [0:0]\n-A POSTROUTING -j x\n-A x -p tcp -j SNAT --to-source 10.0.0.1:1-10/2\nCOMMIT\n';
    const { end } = await engine.run('check', { ipv4 });
    await engine.close();
    expect(end.failure).toMatchObject({
      stage: 'rehearse',
      lines: [
        {
          line: 4,
          reason: expect.stringContaining(
            'iptables-save writes it as "-A x -p tcp -j SNAT --to-source 10.0.0.1:1-10/0"',
          ),
        },
      ],
    });
  },
);
