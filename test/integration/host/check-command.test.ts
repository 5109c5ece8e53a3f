import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFor } from '../../support/command-line.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

const CLI = join(import.meta.dirname, '../../../dist/cli/main.js');
const GOOD = table('filter', ':edge - [0:0]', '-A INPUT -j edge', '-A edge -s 10.0.0.1 -j ACCEPT');
const BAD = table(
  'filter',
  ':edge - [0:0]',
  '-A INPUT -j edge',
  '-A edge -j MASQUERADE',
  '-A edge -s www.example.com -j DROP',
  '-A edge -j ACCEPT',
);
const indent = (text: string) => text.replace(/^(?=.)/gm, '  ');

describe('fleetwall check', () => {
  let namespace: TestNamespace;
  let folder: string;
  beforeAll(async () => {
    namespace = await TestNamespace.create('nft');
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-check-'));
  });
  afterAll(async () => {
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  const check = async (args: string[], input = '', command = 'check') =>
    await execa(process.execPath, [CLI, command, ...args], {
      cwd: folder,
      reject: false,
      input,
      extendEnv: false,
      env: settingsFor(namespace, folder),
    });
  const checkFile = async (name: string, text: string, ...flags: string[]) => {
    await writeFile(join(folder, name), text);
    return await check([name, ...flags]);
  };

  it('says what would change, and changes nothing', async () => {
    const { exitCode, stdout, stderr } = await checkFile('edge.rules', GOOD);
    expect(stderr).toBe('');
    expect(stdout).toBe('edge.rules: ruleset edge can be applied: 2 rules in, 0 out, 0 unchanged');
    expect(exitCode).toBe(0);
    expect(await namespace.save()).toBe('');
  });

  it('notes rules that can never match by the lines of the file, and succeeds', async () => {
    const rules = table(
      'filter',
      ':edge - [0:0]',
      '-A INPUT -j edge',
      '-A edge -p tcp -j ACCEPT',
      '-A edge -p tcp --dport 22 -j DROP',
    );
    const file = `revision: 3\nipv4: |\n${indent(rules)}ipv6: |\n${indent(rules)}`;
    const { exitCode, stdout, stderr } = await checkFile('edge.yaml', file, '--json');
    expect(stderr.split('\n')).toEqual([
      'edge.yaml:7: note: can never match: line 6 (-j ACCEPT) takes all of it before (ipv4)',
      'edge.yaml:14: note: can never match: line 13 (-j ACCEPT) takes all of it before (ipv6)',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'checked', failure: null });
    expect(exitCode).toBe(0);
    await writeFile(join(folder, 'both.yaml'), `both: |\n${indent(rules)}`);
    const both = await check(['both.yaml', '--name', 'edge'], '', 'plan');
    expect(both.stderr).toBe(
      'both.yaml:6: note: can never match: line 5 (-j ACCEPT) takes all of it before (ipv4, ipv6)',
    );
  });

  it('shows every bad line as a compiler does', async () => {
    const { exitCode, stderr } = await checkFile('edge.rules', BAD);
    expect(stderr.split('\n')).toEqual([
      'edge.rules:4: RULE_APPEND failed (Invalid argument) (ipv4)',
      '      3 | -A INPUT -j edge',
      '>     4 | -A edge -j MASQUERADE',
      '      5 | -A edge -s www.example.com -j DROP',
      expect.stringMatching(/^edge\.rules:5: "www\.example\.com" is no IPv4 address/),
      '      4 | -A edge -j MASQUERADE',
      '>     5 | -A edge -s www.example.com -j DROP',
      '      6 | -A edge -j ACCEPT',
      'edge.rules: 2 lines of ruleset edge revision 1 cannot be taken',
    ]);
    expect(exitCode).toBe(1);
  });

  it('reads standard input, if it is given a name for the ruleset', async () => {
    const named = await check(
      ['-', '--name', 'edge', '--family', 'ipv6'],
      table('filter', ':a - [0:0]', '-A a --no'),
    );
    expect(named.stderr).toContain('-:3: unknown option "--no" (ipv6)');
    expect(named.exitCode).toBe(1);
    const nameless = await check(['-'], GOOD);
    expect(nameless.stderr).toBe('-:1: the ruleset has no name: give it with --name');
    expect(nameless.exitCode).toBe(1);
  });

  it('points at the line of a YAML file', async () => {
    const text = `# the edge\nname: edge\nrevision: 7\nipv6: "${GOOD.replace('10.0.0.1', '::1').replaceAll('\n', '\\n')}"\nipv4: |\n${indent(BAD)}`;
    const { stderr } = await checkFile('rules.yaml', text);
    expect(stderr).toMatch(/^rules\.yaml:9: RULE_APPEND/m);
    expect(stderr).toMatch(/^> +9 \| -A edge -j MASQUERADE$/m);
    expect(stderr).toMatch(/^rules\.yaml:10: "www/m);
    expect(stderr).toMatch(/^rules\.yaml: 2 lines of ruleset edge revision 7/m);
  });

  it('points at the line of a JSON file, and says the line of the text', async () => {
    const text = JSON.stringify({ name: 'edge', revision: 1, ipv4: BAD }, null, 2);
    const { stderr } = await checkFile('rules.json', text);
    expect(stderr).toMatch(/^rules\.json:4: RULE_APPEND failed \(Invalid argument\) \(ipv4 line 4\)$/m);
    expect(stderr).toMatch(/^> +4 \| -A edge -j MASQUERADE$/m);
  });

  it.each([
    ['what is no ruleset', 'hello: [', /^rules\.yaml:1: /],
    ['a wrong type', 'name: edge\nrevision: many\n', /^rules\.yaml:2: revision: /],
    ['a name that is none', 'name: Edge!\n', /^rules\.yaml:1: name: /],
    ['a list', '- a\n', /^rules\.yaml:1: is neither/],
  ])('names the line of %s', async (_, text, message) => {
    const { exitCode, stderr } = await checkFile('rules.yaml', text);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('at ');
    expect(exitCode).toBe(1);
  });

  it('tells once what is wrong with a line for both families, and which name was meant', async () => {
    const both = indent(GOOD).replace('-s 10.0.0.1 -j ACCEPT', '-j ACCETP');
    const own = indent(table('filter', '-A edge -s 10.0.0.1 -j DROP'));
    const { stderr, exitCode } = await checkFile('rules.yaml', `name: edge\nboth: |\n${both}ipv4: |\n${own}`);
    expect(stderr.split('\n')).toEqual([
      "rules.yaml:6: Chain 'ACCETP' does not exist: did you mean ACCEPT? (ipv4, ipv6)",
      '      5 | -A INPUT -j edge',
      '>     6 | -A edge -j ACCETP',
      'rules.yaml: 2 rules of ruleset edge revision 1 were rejected (a line for both families counts twice)',
    ]);
    expect(exitCode).toBe(1);
  });

  it('says how a chain that is there is taken over', async () => {
    await namespace.restore(table('filter', ':edge - [0:0]', '-A edge -j DROP'));
    const plain = await checkFile('edge.rules', GOOD);
    expect(plain.stderr).toMatch(/^edge\.rules:2: chain edge is on the host already/);
    expect(plain.stderr).toMatch(
      /a ruleset in YAML, with adopt: \[edge\], and these rules under "ipv4: \|"$/,
    );
    expect(plain.stderr.match(/is on the host already/g)).toHaveLength(1);
    const text = `name: edge\nadopt: [other]\nipv4: |\n${indent(GOOD)}`;
    const yaml = await checkFile('rules.yaml', text);
    expect(yaml.stderr).toMatch(/write adopt: \[other, edge\] in the file$/);
    expect(await checkFile('rules.yaml', text.replace('other', 'other, edge'))).toMatchObject({
      exitCode: 0,
    });
    await namespace.restore(table('filter'));
  });

  it('shows where a file is no YAML, and says of each field what it has to be', async () => {
    const broken = await checkFile('rules.yaml', 'name: edge\nipv4: |\n  *filter\n:edge - [0:0]\n');
    expect(broken.stderr.split('\n')).toEqual([
      'rules.yaml:4: is not YAML: Implicit map keys need to be followed by map values',
      '      *filter',
      '    :edge - [0:0]',
      '    ^^^^^^^^^^^^^',
    ]);
    const wrong = await checkFile(
      'rules.yaml',
      'name: edge\nscope: tabels\nrevision: many\nadopt: [a, ""]\nipv5: x\n',
    );
    expect(wrong.stderr.split('\n')).toEqual([
      'rules.yaml:2: scope: is "tabels", and must be one of chains, tables: did you mean tables?',
      'rules.yaml:3: revision: is "many", and must be a whole number from 1',
      'rules.yaml:4: adopt.1: is empty',
      'rules.yaml:5: there is no field ipv5: did you mean ipv4?',
    ]);
    expect([broken.exitCode, wrong.exitCode]).toEqual([1, 1]);
  });

  it('prints the result as one object, if asked to', async () => {
    const { stdout, exitCode } = await checkFile('edge.rules', BAD, '--json', '--revision', '9');
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'rejected',
      ruleset: { name: 'edge', revision: 9 },
      failure: { code: 'ruleset_invalid', lines: [{ line: 4 }, { line: 5 }] },
    });
    expect(exitCode).toBe(1);
  });

  it('ends with 2 for bad usage, and for a host that it cannot work on', async () => {
    for (const [args, message] of [
      [['nofile'], 'nofile: cannot be read'],
      [['edge.rules', '--revision', '0'], 'A revision is a whole number from 1'],
      [['edge.rules', '--scope', 'all'], 'Allowed choices are chains, tables'],
      [['edge.rules', '--netns', 'nowhere'], 'network namespace nowhere does not exist'],
      [['edge.rules', '--backend', 'pf'], '--backend: must be nft, legacy or auto'],
    ] as const) {
      const { exitCode, stderr } = await check([...args]);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    }
  });

  it('has a companion, fleetwall plan, which shows the difference by family and table', async () => {
    await namespace.restore(
      table('filter', ':edge - [0:0]', '-A INPUT -j edge', '-A edge -s 10.0.0.9/32 -j DROP'),
    );
    const text = `name: edge\nadopt: [edge]\nipv4: |\n${indent(GOOD)}ipv6: |\n${indent(GOOD.replace('10.0.0.1', '::1'))}`;
    await writeFile(join(folder, 'plan.yaml'), text);
    const before = await namespace.save();
    const { stdout, stderr, exitCode } = await check(['plan.yaml'], '', 'plan');
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'ipv4 filter',
      '- -A edge -s 10.0.0.9/32 -j DROP',
      '+ -A edge -s 10.0.0.1/32 -j ACCEPT',
      '',
      'ipv6 filter',
      '+ -A edge -s ::1/128 -j ACCEPT',
      '+ -A INPUT -j edge',
      '',
      // This host has no network but its own.
      'no packet that we could send tells the difference: line 7, -A edge -s 10.0.0.9/32 -j DROP gone, line 13',
      '',
      '3 rules in, 1 out, 1 unchanged',
    ]);
    expect(exitCode).toBe(0);
    expect(await namespace.save()).toBe(before);
    const json = await check(['plan.yaml', '--json'], '', 'plan');
    expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'checked', diff: { added: 3, removed: 1 } });
  });

  it('has a companion, fleetwall convert, which prints a text written by hand as iptables-save would', async () => {
    const hand = [
      '*nat',
      '-A POSTROUTING -s 10.0.0.0/8,192.0.2.0/24 -j MASQUERADE',
      'COMMIT',
      '*filter',
      '-N ssh',
      '-P INPUT DROP',
      '-I INPUT -i lo -j ACCEPT',
      '--append INPUT -p tcp --dport ssh -j ssh',
      '-A ssh -m comment --comment "from the office \u00e9" -j ACCEPT',
      'COMMIT',
      '',
    ].join('\n');
    const converted = await check(['-'], hand, 'convert');
    expect(converted.stderr).toBe('');
    const bare = await TestNamespace.create('nft');
    try {
      await bare.restore(hand);
      const wanted = await bare.save();
      await bare.run('iptables-nft-restore', ['-w', '5'], `${converted.stdout}\n`);
      expect(await bare.save()).toBe(wanted);
    } finally {
      await bare.remove();
    }
    expect(converted.stdout).not.toMatch(/-[NPI] |--append|,192/);
    const wrong = await check(['-'], hand.replace('-P INPUT DROP', '-P INPUT NOPE'), 'convert');
    expect(wrong.stderr).toMatch(/^-:6: /);
    expect(wrong.exitCode).toBe(1);
  });
});
