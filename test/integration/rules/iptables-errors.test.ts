import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { readError } from '../../../src/netfilter/tables/read-error.ts';
import { makeJob } from '../../support/client.ts';
import { Fixture } from '../../support/fixture.ts';
import { BACKENDS, type Backend, TestNamespace } from '../../support/namespace.ts';
import { table } from '../../support/rulesets.ts';

/** A text that makes Debian's iptables 1.8.9 print one of its forms of errors, and what is read from that. */
interface Provocation {
  form: string;
  text: string;
  kind: Partial<Record<Backend, string>>;
  line: Partial<Record<Backend, number | null>>;
}

const both = <T>(value: T) => ({ nft: value, legacy: value });
const PROVOCATIONS: Provocation[] = [
  { form: 'A', text: table('filter', ':e - [0:0]', '-A e --bogus'), kind: both('rule'), line: both(3) },
  { form: 'B', text: table('filter', ':e - [0:0]', '-A e garbage'), kind: both('rule'), line: both(3) },
  {
    form: 'C',
    text: table('filter', ':e - [0:0]', '-A e -j NOSUCH', '-A e -j ACCEPT'),
    kind: both('rule'),
    line: { nft: 5, legacy: 3 },
  },
  {
    form: 'D, E',
    text: table('filter', ':e - [0:0]', '-A e -j ACCEPT', '-D e -s 1.2.3.4 -j ACCEPT'),
    kind: both('rule'),
    line: both(4),
  },
  {
    form: 'D, F',
    text: table('filter', ':e - [0:0]', '-A e -j ACCEPT', '-A e -j MASQUERADE', '-A e -j ACCEPT'),
    kind: { nft: 'rule', legacy: 'commit' },
    line: { nft: 4, legacy: 6 },
  },
  { form: 'E', text: table('filter', '-A e -j ACCEPT'), kind: both('rule'), line: both(2) },
  { form: 'H', text: table('filter', ':INPUT BOGUS [0:0]'), kind: both('rule'), line: both(2) },
  { form: 'I', text: '*filter\n:e - [0:0]\n-A e -j ACCEPT\n', kind: both('rule'), line: both(4) },
  { form: 'J', text: table('bogus', ':e - [0:0]'), kind: both('rule'), line: both(1) },
];

describe.each(BACKENDS)('what %s prints', (backend) => {
  describe.each(['iptables', 'ip6tables'])('as %s', (program) => {
    it.each(PROVOCATIONS)('form $form', async ({ text, kind, line }) => {
      const namespace = await TestNamespace.create(backend);
      try {
        const input = program === 'ip6tables' ? text.replaceAll('1.2.3.4', '::1') : text;
        const { exitCode, stderr } = await namespace.try(
          `${program}-${backend}-restore`,
          ['-n', '-w', '5'],
          input,
        );
        const commitLine = input.split('\n').indexOf('COMMIT') + 1;
        const read = readError({ exitCode: exitCode ?? null, stderr, commitLine });
        expect({ kind: read.kind, lines: read.lines.map((named) => named.line) }).toEqual({
          kind: kind[backend],
          lines: [line[backend]],
        });
      } finally {
        await namespace.remove();
      }
    });

    it('form M: without the privilege', async () => {
      const namespace = await TestNamespace.create(backend);
      try {
        const drop = ['--bounding-set=-net_admin', '--inh-caps=-net_admin'];
        for (const [verb, args, input] of [
          ['restore', ['-n', '-w', '5'], table('filter', ':e - [0:0]')],
          ['save', ['-t', 'filter'], ''],
        ] as const) {
          const { exitCode, stderr } = await namespace.try(
            'setpriv',
            [...drop, `${program}-${backend}-${verb}`, ...args],
            input,
          );
          const read = readError({
            exitCode: exitCode ?? null,
            stderr,
            commitLine: verb === 'save' ? null : 3,
          });
          expect(read).toMatchObject({
            kind: backend === 'nft' ? 'privilege' : 'table-unavailable',
            lines: [],
          });
        }
      } finally {
        await namespace.remove();
      }
    });
  });
});

describe('faults for which no rule is to blame', () => {
  const fixture = new Fixture();
  const ruleset = { name: 'edge', revision: 1, ipv4: table('filter', ':edge - [0:0]', '-A edge -j ACCEPT') };

  it('forms K and L: the xtables lock is held, or its file cannot be opened', async () => {
    const host = await fixture.host('legacy', { environment: { FLEETWALL_LOCK_TIMEOUT_SECONDS: '1' } });
    const client = await fixture.client();
    // The lock belongs to a file and not to a namespace: it is held in the usual place while the job runs.
    const holder = spawn('/usr/bin/flock', ['-x', '/run/xtables.lock', 'sh', '-c', 'echo held; read _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const { data } = await client.run(host.id, { ruleset });
    holder.stdin.end();
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'xtables_lock_timeout', stage: 'host', retryable: true, lines: [], exitCode: 4 },
    });
    expect(await host.namespace.save()).not.toContain('edge');

    const { exitCode, stderr } = await host.namespace.try(
      'env',
      ['XTABLES_LOCKFILE=/nowhere/lock', 'iptables-legacy-restore', '-w', '1'],
      ruleset.ipv4,
    );
    expect(readError({ exitCode: exitCode ?? null, stderr, commitLine: 4 })).toMatchObject({
      kind: 'lock-file',
      lines: [],
    });
  });

  it.each([
    ['nft', 'net_admin'],
    ['legacy', 'net_raw'],
  ] as const)('form M: the right that the worker lacks is named, with %s %s', async (backend, right) => {
    const others = ['net_admin', 'net_raw', 'sys_admin'].filter((name) => name !== right);
    const rights = `--bounding-set=-all,${others.map((name) => `+${name}`).join(',')}`;
    const host = await fixture.host(backend, { wrapper: ['/usr/bin/setpriv', '--inh-caps=-all', rights] });
    const client = await fixture.client();
    await host.logged('Rights are missing, without which jobs fail: see fleetwall doctor');
    const { data } = await client.run(host.id, { ruleset });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: {
        code: 'privilege_missing',
        stage: 'host',
        message: expect.stringContaining(`the worker does not have CAP_${right.toUpperCase()}`),
        lines: [],
      },
    });
  });

  it('form N: native nft rules that iptables cannot express', async () => {
    const host = await fixture.host('nft');
    const client = await fixture.client();
    await host.namespace.iptables('-A', 'INPUT', '-j', 'ACCEPT');
    const native = [
      'add',
      'rule',
      'ip',
      'filter',
      'INPUT',
      'meta',
      'mark',
      'set',
      'ct',
      'mark',
      'map',
      '{',
      '1',
      ':',
      '2',
      '}',
    ];
    await host.namespace.run('nft', native);
    const before = await host.namespace.run('nft', ['list', 'ruleset']);
    const { data } = await client.run(host.id, { ruleset });
    expect(data).toMatchObject({
      outcome: 'failed',
      changed: false,
      failure: { code: 'foreign_unrepresentable', stage: 'host', lines: [] },
    });
    expect(await host.namespace.run('nft', ['list', 'ruleset'])).toBe(before);
  });

  it('an iptables that runs too long is ended, and nothing of the change stays', async () => {
    const host = await fixture.host('nft', {
      holdable: true,
      environment: { FLEETWALL_APPLY_TIMEOUT_SECONDS: '2' },
    });
    await host.holdNextRestore();
    const client = await fixture.client();
    const job = makeJob(host.id, { ruleset });
    await client.publish(host.id, job);
    await host.heldRestore();
    const { data } = await client.completed(job.id);
    expect(data).toMatchObject({
      outcome: 'failed',
      failure: { code: 'apply_timeout', stage: 'apply', retryable: true, lines: [] },
    });
    expect(await host.namespace.save()).not.toContain('edge');
  });
});
