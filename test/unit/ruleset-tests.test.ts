import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { withoutTexts } from '../../src/contract/events/without-texts.ts';
import { HostPolicy } from '../../src/contract/jobs/host-policy.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import { readExpectation } from '../../src/contract/jobs/ruleset-test.ts';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { describeIssue, IN_WORDS } from '../../src/contract/words/describe-issue.ts';
import { describeFailure } from '../../src/job/outcome/describe-end.ts';
import { JobFailure } from '../../src/job/outcome/job-failure.ts';

const SSH = { name: 'ssh', from: '198.51.100.7', protocol: 'tcp', port: 22, expect: 'accept' };

function problemsOfJob(tests: unknown): string[] {
  const job = {
    apiVersion: 'fleetwall/v1',
    id: '5a0c2d1e-7d0b-4c8e-9c0e-8f4a3b1d2c3e',
    action: 'check',
    issuedAt: '2026-11-22T10:00:00Z',
    target: { all: true },
    ruleset: { name: 'edge', revision: 1, tests },
  };
  const read = Job.safeParse(job, IN_WORDS);
  return read.success ? [] : read.error.issues.map(describeIssue);
}

describe('the tests of a ruleset in a job', () => {
  it.each([
    SSH,
    { ...SSH, in: 'eth0', fromPort: 1234, to: '192.0.2.1', state: 'established', direction: 'in' },
    { name: 'out', to: '2001:db8::1', protocol: 'udp', port: 53, direction: 'out', expect: 'reject' },
    { ...SSH, to: '10.0.0.5', out: 'eth1', direction: 'forward', expect: 'dnat:10.0.0.9:8080' },
    { ...SSH, expect: 'reject:tcp-reset' },
    { name: 'ping', from: '192.0.2.1', protocol: 'icmp', expect: 'drop' },
    { name: 'ping', from: '2001:db8::9', protocol: 'icmp', icmpType: '133/0', expect: 'drop' },
    { ...SSH, to: '192.0.2.1', someFieldOfLater: true },
  ])('are taken: %j', (test) => {
    expect(problemsOfJob([test])).toEqual([]);
  });

  it.each<[object, string]>([
    [{ ...SSH, from: undefined }, 'tests.0.from: is missing, and must be there for direction in'],
    [{ ...SSH, direction: 'forward' }, 'tests.0.to: is missing, and must be there for direction forward'],
    [{ ...SSH, direction: 'out' }, 'tests.0.to: is missing, and must be there for direction out'],
    [{ ...SSH, port: undefined }, 'tests.0.port: is missing, and must be there for protocol tcp'],
    [{ ...SSH, to: '2001:db8::1' }, 'tests.0.to: is "2001:db8::1", and must be of the same family as from'],
    [{ ...SSH, from: 'web.example' }, 'tests.0.from: is "web.example", and must be an IPv4 or IPv6 address'],
    [{ ...SSH, port: 65_536 }, 'tests.0.port: is 65536, and must be a port, 1 to 65535'],
    [{ ...SSH, out: 'eth0' }, 'tests.0.out: is not possible for direction in'],
    [{ ...SSH, icmpType: 'echo-request' }, 'tests.0.icmpType: is not possible for protocol tcp'],
    [
      { name: 'p', from: '192.0.2.1', protocol: 'icmp', port: 1, expect: 'drop' },
      'tests.0.port: is not possible for protocol icmp',
    ],
    [{ ...SSH, expect: 'reject:icmp6-no-route' }, 'which ipv4 has not'],
    [{ ...SSH, protocol: 'udp', expect: 'reject:tcp-reset' }, 'which protocol udp has not'],
    [{ ...SSH, expect: 'pass' }, 'must be accept, drop, reject, reject:WITH or dnat:ADDRESS[:PORT]'],
  ])('are refused with what is wrong: %j', (test, problem) => {
    expect(problemsOfJob([test])).toEqual([expect.stringContaining(problem)]);
  });

  it('have names of their own', () => {
    expect(problemsOfJob([SSH, { ...SSH, port: 23 }])).toEqual([
      'ruleset.tests.1.name: is "ssh", as another test is called',
    ]);
  });
});

it('an expected destination is an address and perhaps a port', () => {
  expect(readExpectation('dnat:10.0.0.9')).toEqual({ kind: 'dnat', address: '10.0.0.9', port: null });
  expect(readExpectation('dnat:[2001:db8::9]:80')).toEqual({
    kind: 'dnat',
    address: '2001:db8::9',
    port: 80,
  });
  expect(readExpectation('dnat:2001:db8::9')).toEqual({ kind: 'dnat', address: '2001:db8::9', port: null });
  expect(readExpectation('reject:port-unreach')).toEqual({ kind: 'reject', with: 'icmp-port-unreachable' });
  expect(readExpectation('dnat:10.0.0.9:0')).toContain('must be dnat:ADDRESS');
});

describe('the tests of a ruleset file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-tests-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  it('are read with their lines', async () => {
    const path = join(folder, 'edge.yaml');
    const text = [
      'ipv4: |',
      '  *filter',
      '  COMMIT',
      'tests:',
      '  - { name: ssh, from: 198.51.100.7, protocol: tcp, port: 22, expect: accept }',
      '  - name: web',
      '    from: 198.51.100.7',
      '    protocol: tcp',
      '    port: 80',
      '    expect: drop',
    ];
    await writeFile(path, text.join('\n'));
    const { tests, ruleset } = await readRulesetFile(path, {});
    expect([...tests]).toEqual([
      ['ssh', 5],
      ['web', 6],
    ]);
    expect(ruleset.tests?.[1]).toEqual({
      name: 'web',
      from: '198.51.100.7',
      protocol: 'tcp',
      port: 80,
      expect: 'drop',
    });
  });

  it('have every mistake told at its line', async () => {
    const path = join(folder, 'edge.yaml');
    const text = [
      'tests:',
      '  - name: ssh',
      '    form: 198.51.100.7',
      '    protocol: tcp',
      '    port: 22',
      '    expect: acept',
      '  - { name: ssh, from: 198.51.100.7, protocol: tcp, port: 22, expect: accept }',
    ];
    await writeFile(path, text.join('\n'));
    await expect(readRulesetFile(path, {})).rejects.toThrow(
      [
        `${path}:2: tests.0.from: is missing, and must be there for direction in`,
        `${path}:3: tests.0: there is no field form: did you mean from?`,
        `${path}:6: tests.0.expect: is "acept", and must be accept, drop, reject, reject:WITH or dnat:ADDRESS[:PORT]`,
        `${path}:7: tests.1.name: is "ssh", as another test is called`,
      ].join('\n'),
    );
  });

  it('are of a policy, too', () => {
    expect(HostPolicy.parse({ tests: [SSH] }).tests).toEqual([SSH]);
    expect(HostPolicy.safeParse({ tests: [{ ...SSH, form: 'x' }] }).success).toBe(false);
  });
});

describe('tests that failed, in an event', () => {
  const line = {
    family: 'ipv4' as const,
    line: 3,
    table: 'filter',
    chain: 'edge',
    text: `-A edge -m comment --comment "${'x'.repeat(2_000)}" -j DROP`,
    reason: 'it decides the test "secret"',
    reportedLine: null,
    confidence: 'verified' as const,
    context: [{ line: 2, text: 'secret'.repeat(500) }],
  };
  const test = { name: 'n'.repeat(100), expected: 'accept', got: 'drop', lines: [line, line, line, line] };
  const failure = new JobFailure('rehearse', 'test_failed', 'x', {
    tests: Array.from({ length: 900 }, () => test),
  });

  it('are cut, and their number said', () => {
    const { tests = [], testCount } = describeFailure(failure);
    expect(testCount).toBe(900);
    expect(tests.length).toBeGreaterThan(3);
    expect(tests[0]?.lines[0]).toMatchObject({ line: 3, confidence: 'verified' });
    expect(Buffer.byteLength(JSON.stringify(describeFailure(failure)))).toBeLessThan(32 * 1024);
  });

  it('have no texts where none may leave the host', () => {
    const data = { ...COMPLETED_EXAMPLE.data, failure: describeFailure(failure) };
    const shown = withoutTexts({ ...COMPLETED_EXAMPLE, data }).data.failure;
    expect(JSON.stringify(shown)).not.toMatch(/secret|xxx/);
    expect(shown?.tests?.[0]).toMatchObject({ expected: 'accept', got: 'drop' });
    expect(shown?.tests?.[0]?.lines[0]).toMatchObject({ line: 3, text: '', context: [] });
    const notes = ['the test "x" depends on a rule with -m limit: "-A secret -j ACCEPT"'];
    const run = { ...COMPLETED_EXAMPLE.data, tests: { passed: 1, notes } };
    expect(JSON.stringify(withoutTexts({ ...COMPLETED_EXAMPLE, data: run }))).not.toContain('secret');
  });
});
