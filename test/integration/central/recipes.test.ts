import { describe, expect, inject, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { documentedBlock, fileShownIn } from '../../support/document-blocks.ts';
import { Fixture } from '../../support/fixture.ts';
import type { TestHost } from '../../support/host.ts';

const fixture = new Fixture();
const PAGE = 'src/cli/README.md';

async function push(host: TestHost, input: string) {
  const args = ['push', '-', '--host', host.id, '--confirm', 'none'];
  return await fleetwall(args, { input, environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') } });
}

describe('the recipes of src/cli/README.md', () => {
  it('beside docker: the hook is in front of all others, and docker keeps its rules', async () => {
    const host = await fixture.host('nft');
    const ruleset = fileShownIn(
      await documentedBlock(PAGE, '$ cat published-ports.yaml'),
      'published-ports.yaml',
    );
    const early = await push(host, ruleset);
    expect(early.status).toBe(1);
    expect(early.stdout).toContain('-:5: ');
    expect(early.stdout).toContain('-I DOCKER-USER -j published-in');
    const { namespace } = host;
    await namespace.restore(
      '*filter\n:DOCKER-USER -\n:DOCKER -\n-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n-A DOCKER-USER -j RETURN\nCOMMIT\n',
    );
    const before = await namespace.iptables('-S', 'FORWARD');
    expect(await push(host, ruleset)).toMatchObject({ status: 0 });
    expect(await namespace.iptables('-S', 'FORWARD')).toBe(before);
    expect((await namespace.iptables('-S', 'DOCKER-USER')).split('\n').slice(1, 3)).toEqual([
      '-A DOCKER-USER -j published-in',
      '-A DOCKER-USER -j RETURN',
    ]);
  });

  it('on a Kubernetes node: what kube-proxy has stays, behind the hook', async () => {
    const host = await fixture.host('nft');
    const { namespace } = host;
    await namespace.restore('*filter\n:KUBE-FIREWALL -\n-A INPUT -j KUBE-FIREWALL\nCOMMIT\n');
    const ruleset = fileShownIn(await documentedBlock(PAGE, '$ cat node.yaml'), 'node.yaml');
    expect(await push(host, ruleset)).toMatchObject({ status: 0 });
    expect((await namespace.iptables('-S', 'INPUT')).trim().split('\n')).toEqual([
      '-P INPUT ACCEPT',
      '-A INPUT -j node-in',
      '-A INPUT -j KUBE-FIREWALL',
    ]);
  });
});
