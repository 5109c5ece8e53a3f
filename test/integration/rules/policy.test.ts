import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';
import { mostlyWith } from '../../support/namespace.ts';

const fixture = new Fixture();
const SSH = '-A edge -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT';
const SSH6 = '-A edge -p tcp -s fd00::/8 --dport 22 -j ACCEPT';

const POLICY = `
rulesets: [edge, 'team-*']
scopes: [chains]
tables: [filter, nat]
chains: ['edge*', 'svc.*']
targets: [ACCEPT, DROP, RETURN, MASQUERADE]
matches: [tcp, udp, comment]
mostRules: 6
required:
  - name: ssh from the management network
    before: [DROP, REJECT]
    ipv4: -p tcp -s 10.0.0.0/8 --dport ssh -j ACCEPT
    ipv6: -s fd00::/8 -p tcp --dport 22 -j ACCEPT
`;

function filter(...lines: string[]): string {
  return ['*filter', ':edge - [0:0]', '-A INPUT -j edge', ...lines, 'COMMIT', ''].join('\n');
}

describe.each(mostlyWith('nft'))('a host with a policy, %s', (backend) => {
  let folder: string;
  let host: TestHost;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-policy-'));
    const file = join(folder, 'policy.yaml');
    await writeFile(file, POLICY);
    host = await fixture.host(backend, { environment: { FLEETWALL_POLICY: file } });
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  it('refuses rulesets that are against it, names each line, and takes all others', async () => {
    const client = await fixture.client();
    const good = { name: 'edge', revision: 1, ipv4: filter(SSH, '-A edge -j DROP') };
    const cases: [object, [string, number, string][]][] = [
      [{ name: 'other' }, []],
      [{ scope: 'tables', ipv4: '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n' }, []],
      [
        { ipv4: '*mangle\n:edge - [0:0]\n-A INPUT -j edge\nCOMMIT\n' },
        [['ipv4', 2, 'table mangle is not among']],
      ],
      [
        { ipv4: '*filter\n:edge - [0:0]\n:rogue - [0:0]\n-A INPUT -j edge\nCOMMIT\n' },
        [['ipv4', 3, 'chains are to be named edge*, svc.*']],
      ],
      [
        { ipv4: filter('-A edge -p udp --dport 53 -m limit --limit 1/s -j ACCEPT') },
        [['ipv4', 4, 'match limit is not let in']],
      ],
      [{ ipv4: filter('-A edge -p sctp --dport 5 -j ACCEPT') }, [['ipv4', 4, 'match sctp is not let in']]],
      [
        { ipv4: filter(...Array.from({ length: 6 }, (_, n) => `-A edge -s 10.0.0.${n} -j ACCEPT`)) },
        [['ipv4', 9, 'the ruleset has 7 rules: this host takes 6']],
      ],
      [
        { ipv4: filter('-A edge -s 192.0.2.1 -j DROP', SSH) },
        [['ipv4', 4, 'ssh from the management network']],
      ],
      [{ ipv6: filter('-A edge -j DROP', SSH6) }, [['ipv6', 4, 'ssh from the management network']]],
    ];
    for (const [fields, lines] of cases) {
      const { data } = await client.run(host.id, { ruleset: { ...good, ...fields } });
      expect(data).toMatchObject({ outcome: 'rejected', changed: false });
      expect(data.failure).toMatchObject({ code: 'policy_denied', stage: 'lint' });
      const found = data.failure?.lines ?? [];
      expect(found.map(({ family, line }) => [family, line])).toEqual(
        lines.map(([family, line]) => [family, line]),
      );
      for (const [index, [, , reason]] of lines.entries()) expect(found[index]?.reason).toContain(reason);
    }
    const { data } = await client.run(host.id, {
      ruleset: { ...good, ipv6: filter(SSH6, '-A edge -j DROP') },
    });
    expect(data.outcome).toBe('applied');
  });

  it('refuses a target in every spelling, and the removal of a ruleset that it does not allow', async () => {
    const client = await fixture.client();
    const ipv4 = filter(
      '-A edge -j LOG',
      '-A edge --jum LOG',
      '-A edge -fj LOG',
      '-A edge -m comment --comment "-j LOG" -j ACCEPT',
    );
    const { data } = await client.run(host.id, { ruleset: { name: 'edge', revision: 1, ipv4 } });
    expect(data.failure?.code).toBe('policy_denied');
    expect(data.failure?.lines.map(({ line }) => line)).toEqual([4, 5, 6]);
    const removed = await client.run(host.id, { action: 'remove', ruleset: { name: 'other', revision: 1 } });
    expect(removed.data.failure?.code).toBe('policy_denied');
  });
});

describe('a policy', () => {
  it.each([
    ['required:\n  - {name: x, ipv4: "-j ACCEPT"}\n', 'required.0.ipv6'],
    ['tabels: [filter]\n', 'tabels'],
    ['mostRules: none\n', 'mostRules'],
    ['rulesets: [\n', 'is not YAML'],
  ])('that is wrong keeps the worker from starting: %j', async (text, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-policy-'));
    const file = join(folder, 'policy.yaml');
    await writeFile(file, text);
    const host = await fixture.host('nft', { environment: { FLEETWALL_POLICY: file }, wait: false });
    expect(await host.ended()).toBe(2);
    expect(await host.log()).toContain(message);
    await rm(folder, { recursive: true });
  });

  it('with a required rule that the kernel does not take refuses every ruleset, and says why', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-policy-'));
    const file = join(folder, 'policy.yaml');
    await writeFile(file, 'required:\n  - {name: x, ipv4: "-j NOPE", ipv6: null}\n');
    const host = await fixture.host('nft', { environment: { FLEETWALL_POLICY: file } });
    const client = await fixture.client();
    const { data } = await client.run(host.id, {
      ruleset: { name: 'edge', revision: 1, ipv4: filter('-A edge -j ACCEPT') },
    });
    expect(data.failure).toMatchObject({ code: 'policy_denied' });
    expect(data.failure?.message).toContain('NOPE');
    await rm(folder, { recursive: true });
  });
});
