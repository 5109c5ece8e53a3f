import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endsChain } from '../../../src/ruleset/trial/ends-chain.ts';
import { readWanted } from '../../../src/ruleset/wanted/wanted.ts';
import { Engine } from '../../support/engine.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

/** In mangle, the kernel refuses what matches an owner where INPUT reaches it. */
const HEAD = [':x - [0:0]', ':y - [0:0]', '-A INPUT -j x'];
const OWNER = '-m owner --uid-owner 0';
const mangle = (...rules: string[]) => table('mangle', ...HEAD, ...rules);

describe('rules behind a verdict without a condition, which the legacy kernel does not look at', () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await Engine.open('legacy');
  });
  afterEach(async () => {
    await engine.close();
  });
  const apply = async (...rules: string[]) => (await engine.apply(mangle(...rules))).end;

  it.each([
    ['an owner in INPUT', '-A x -j RETURN', `-A x ${OWNER} -j y`],
    ['an owner in a chain that is jumped to there', '-A x -j ACCEPT', '-A x -j y', `-A y ${OWNER} -j DROP`],
    ['a loop', '-A x -j DROP', '-A x -j y', '-A y -j x'],
  ])('are taken, also when only others are new: %s', async (_, ...rules) => {
    expect(await apply(...rules)).toMatchObject({ outcome: 'applied' });
    expect(await apply(...rules, '-A y -p tcp -j DROP')).toMatchObject({ outcome: 'applied' });
    const bad = await apply(...rules, '-A y -j NOPE');
    expect(bad.failure?.lines).toMatchObject([{ line: HEAD.length + rules.length + 2 }]);
    expect(await apply(...rules)).toMatchObject({ outcome: 'applied', diff: { added: 0, removed: 1 } });
  });

  it('are not blamed for another line in a first push', async () => {
    const { failure } = await apply('-A x -j ACCEPT', `-A x ${OWNER} -g y`, '-A y -j NOPE');
    expect(failure?.lines).toMatchObject([{ line: 7, confidence: 'verified' }]);
  });

  it.each([[[`-A x ${OWNER} -j DROP`]], [[`-A x ${OWNER} -j DROP`, '-A x -j RETURN']]])(
    'are tried again when the verdict is gone from before them',
    async (rules) => {
      const before = ['-A x -j RETURN', `-A x ${OWNER} -j DROP`];
      expect(await apply(...before)).toMatchObject({ outcome: 'applied' });
      const check = (await engine.run('check', { ipv4: mangle(...rules) })).end;
      for (const { failure } of [check, await apply(...rules)])
        expect(failure).toMatchObject({ stage: 'rehearse', lines: [{ line: 5, confidence: 'verified' }] });
    },
  );
});

describe('a rule ends its chain', () => {
  it.each(['ipv4', 'ipv6'] as const)('where the legacy kernel takes a loop behind it, %s', async (family) => {
    const all = family === 'ipv4' ? ['0/0', '10.1.2.3/0', '0.0.0.0/0.0.0.0'] : ['::/0', '2001:db8::1/0'];
    // In IPv6, any protocol is a condition, too.
    const protocols = family === 'ipv4' ? ['-p all', '--proto 0', '-p ip'] : [];
    const host = family === 'ipv4' ? '0.0.0.0' : '::';
    const specs = [
      ...['ACCEPT', 'DROP', 'RETURN'].map((verdict) => `-j ${verdict}`),
      '-j "DROP"',
      '-j QUEUE',
      '--jump DROP',
      '-g y',
      '-j y',
      '-j MARK --set-mark 1',
      ...protocols.map((protocol) => `${protocol} -j DROP`),
      ...all.flatMap((network) => [`-s ${network} -j DROP`, `-d ${network} -j DROP`]),
      `-s ${host} -j DROP`,
      `! -s ${host} -j DROP`,
      '-i eth+ -j DROP',
      '-i + -j DROP',
      '-p tcp -j DROP',
      '-m comment --comment x -j DROP',
      '-p tcp --dport 1 -j DROP',
      '',
      '-m state --state NEW -j ACCEPT',
    ];
    const namespace = await TestNamespace.create('legacy');
    try {
      for (const spec of specs) {
        const text = table(
          'filter',
          ':x - [0:0]',
          ':y - [0:0]',
          '-A INPUT -j x',
          `-A x ${spec}`.trim(),
          '-A x -j x',
        );
        const restored = namespace.restore(text, family).then(
          () => true,
          () => false,
        );
        const { tables, problems } = readWanted({ scope: 'chains', [family]: text });
        expect(problems, spec).toEqual([]);
        const rule = tables[family].get('filter')?.chains.get('x')?.[0];
        expect([spec, rule !== undefined && endsChain(rule)]).toEqual([spec, await restored]);
      }
    } finally {
      await namespace.remove();
    }
  });
});
