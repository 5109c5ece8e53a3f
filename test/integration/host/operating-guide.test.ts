import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { VERSION } from '../../../src/config/version.ts';
import { makeJob, TestClient } from '../../support/client.ts';
import { commandsIn, documentedBlock } from '../../support/document-blocks.ts';
import { Machine } from '../../support/machine.ts';
import { TestNamespace } from '../../support/namespace.ts';

const RULES = (address: number) =>
  `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`;
const EDGE = (address: number) =>
  `name: edge\nipv4: |\n  ${RULES(address).trimEnd().replaceAll('\n', '\n  ')}\n`;

/** The commands are those of docker/README-operate.md, and run as they stand there. */
describe('what docker/README-operate.md says to do', () => {
  let machines: Machine[];
  let namespaces: TestNamespace[];
  let client: TestClient;
  let id: string;

  beforeEach(async () => {
    machines = [];
    namespaces = [];
    client = await TestClient.connect(inject('brokerUrl'));
    id = `guide-${Math.random().toString(36).slice(2, 10)}`;
  });
  afterEach(async () => {
    for (const machine of machines) await machine.remove();
    for (const namespace of namespaces) await namespace.remove();
    await client.close();
  });

  /** A host or an operator: both are machines with folders of their own. */
  async function newMachine(): Promise<Machine> {
    const made = await Machine.start();
    machines.push(made);
    return made;
  }

  async function newNamespace(): Promise<TestNamespace> {
    const made = await TestNamespace.create('nft');
    namespaces.push(made);
    return made;
  }

  const environment = () => ({ FLEETWALL_AMQP_URL: inject('brokerUrl') });

  /** Gives a machine the settings of a worker. Its firewall is a namespace, as that of this machine is nobody's to touch. */
  async function settle(host: Machine, { name }: TestNamespace, more: readonly string[] = []): Promise<void> {
    const settings = [
      `hostId: ${id}`,
      `amqpUrl: ${inject('brokerUrl')}`,
      `netns: ${name}`,
      'stateDir: /var/lib/fleetwall',
      `runDir: ${join(host.folder, 'run')}`,
      'trustedKeys: /etc/fleetwall/trusted-keys.json',
      ...more,
    ];
    await host.do(
      `mkdir -p /etc/fleetwall; cat >/etc/fleetwall/worker.yaml <<'END'\n${settings.join('\n')}\nEND`,
    );
  }

  async function startWorker(host: Machine): Promise<void> {
    const since = client.heard.length;
    host.startWorker();
    await client.event(id, 'fleetwall.worker.online', since).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${await host.log()}`);
    });
  }

  /** An operator with a key, and a host that trusts it. */
  async function fleet(): Promise<{ operator: Machine; host: Machine; rules: TestNamespace }> {
    const [operator, host, rules] = [await newMachine(), await newMachine(), await newNamespace()];
    await operator.do('fleetwall keys generate ops.key --kid ops > trusted-keys.json');
    await writeFile(join(operator.folder, 'edge.yaml'), EDGE(1));
    await settle(host, rules);
    await bring('trusted-keys.json', operator, host);
    await host.do(`install --mode 644 trusted-keys.json /etc/fleetwall/`);
    await startWorker(host);
    return { operator, host, rules };
  }

  async function bring(file: string, from: Machine, to: Machine): Promise<void> {
    await writeFile(join(to.folder, file), await readFile(join(from.folder, file)));
  }

  const page = 'docker/README-operate.md';
  // Of many hosts on the broker of all tests, these commands are for this one.
  const forThisHost = (commands: string) => commands.replaceAll('--all --yes', `--host ${id}`);

  it('lets a new key follow an old one, with no job refused in between', async () => {
    const { operator, host } = await fleet();
    const push = async (key: string) =>
      await operator.run(`fleetwall push edge.yaml --host ${id} --key ${key}`, environment());
    expect((await push('ops.key')).printed).toContain('1 applied');

    const make = await documentedBlock(
      page,
      '$ fleetwall keys generate ops-2027.key --kid ops-2027 > ops-2027.json',
    );
    expect(make).toContain(
      await operator.do(commandsIn(make)).then((printed) => printed.split('\n').at(-1) ?? '-'),
    );
    expect((await push('ops-2027.key')).printed).toContain('signer_not_trusted');

    await bring('both-keys.json', operator, host);
    const place = await documentedBlock(
      page,
      '$ install --mode 644 both-keys.json /etc/fleetwall/trusted-keys.json.new',
    );
    expect(place).toContain(await host.do(commandsIn(place)));
    expect((await push('ops.key')).status).toBe(0);
    const check = await documentedBlock(
      page,
      '$ fleetwall push edge.yaml --all --yes --check --key ops-2027.key',
    );
    await operator.do(forThisHost(commandsIn(check)), environment());

    const out = await documentedBlock(page, '$ cp both-keys.json trusted-keys.json');
    expect(await operator.do(commandsIn(out))).toContain('-  ops  EdDSA  trusted with everything');
    await bring('trusted-keys.json', operator, host);
    await host.do(commandsIn(place).replaceAll('both-keys.json', 'trusted-keys.json'));
    const refused = await documentedBlock(
      page,
      '$ fleetwall push edge.yaml --all --yes --check --key ops.key',
    );
    const { status, printed } = await operator.run(forThisHost(commandsIn(refused)), environment());
    expect(status).toBe(1);
    expect(printed).toContain('signer_not_trusted');
    await writeFile(join(operator.folder, 'edge.yaml'), EDGE(2));
    expect((await push('ops-2027.key')).printed).toContain('1 applied');
  });

  it('brings a host back on another machine, with its rulesets, its revisions, and the ends of its jobs', async () => {
    const { operator, host } = await fleet();
    const job = makeJob(id, {
      ruleset: { name: 'edge', revision: 1, ipv4: RULES(1) },
      confirm: { mode: 'none' },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await writeFile(join(operator.folder, 'job.json'), JSON.stringify(job));
    const jws = Buffer.from(await operator.do('fleetwall keys sign job.json --key ops.key'));
    const send = async () =>
      await client.publish(id, jws, { contentType: 'application/jose', messageId: job.id });
    await send();
    const first = await client.completed(job.id);
    expect(first.data.outcome).toBe('applied');
    await writeFile(join(operator.folder, 'edge.yaml'), EDGE(2));
    const push = `fleetwall push edge.yaml --host ${id} --key ops.key`;
    expect(await operator.do(push, environment())).toContain('edge revision 2');
    const backup = await documentedBlock(page, `$ test -z "$(ls /var/lib/fleetwall/journal | grep 'json$')"`);
    await host.stopWorker();
    await host.do(commandsIn(backup));

    const [fresh, rules] = [await newMachine(), await newNamespace()];
    await bring('fleetwall-host.tgz', host, fresh);
    const restore = await documentedBlock(page, '$ tar -C / -xzpf fleetwall-host.tgz');
    const [unpack = '', ...looks] = commandsIn(restore).trim().split('\n');
    await fresh.do(unpack);
    // What the two machines of this test do not have in common is their firewall.
    await settle(fresh, rules);
    await fresh.do(
      'sed -i \'s/"netns":"[^"]*"/"netns":"\'' + rules.name + "'\"/' /var/lib/fleetwall/owner.json",
    );
    const doctor = await fresh.run(looks.join('\n'));
    expect(doctor.printed).toMatch(/has these rulesets: edge@2/);
    expect(doctor.status).toBe(0);
    await startWorker(fresh);
    await expect.poll(async () => await rules.save(), { timeout: 20_000 }).toContain('192.0.2.2/32');
    await send();
    expect((await client.completed(job.id, 2)).id).toBe(first.id);
    expect(await rules.save()).toContain('192.0.2.2/32');
    expect(
      (await operator.run(`fleetwall rollback edge --host ${id} --key ops.key`, environment())).printed,
    ).toContain('edge revision 3');
    expect(await rules.save()).toContain('192.0.2.1/32');
  });

  it('shows which versions a fleet has', async () => {
    const { operator } = await fleet();
    const versions = await documentedBlock(
      page,
      `$ fleetwall status --json | grep -o '"version":"[^"]*"' | sort | uniq -c`,
    );
    expect(await operator.do(commandsIn(versions), environment())).toMatch(
      new RegExp(`\\d+ "version":"${VERSION}"`),
    );
  });
});
