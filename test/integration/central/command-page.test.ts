import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeJob } from '../../support/client.ts';
import { commandsIn, documentedBlock } from '../../support/document-blocks.ts';
import { Machine } from '../../support/machine.ts';
import { TestNamespace } from '../../support/namespace.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

const PAGE = 'src/cli/README.md';
const RULES = (address: number) =>
  `*filter\n:edge - [0:0]\n-A INPUT -j edge\n-A edge -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`;

let broker: Rabbitmq;
let namespace: TestNamespace;
/** Host and operator at once: what is typed on either runs here. */
let machine: Machine;
const operator = () => ({ FLEETWALL_AMQP_URL: broker.url });

beforeAll(async () => {
  [broker, namespace, machine] = [
    await Rabbitmq.start(),
    await TestNamespace.create('nft'),
    await Machine.start(),
  ];
  const settings = [
    'hostId: web-1',
    'groups: [web, canary]',
    `amqpUrl: ${broker.url}`,
    `netns: ${namespace.name}`,
    'stateDir: /var/lib/fleetwall',
    `runDir: ${join(machine.folder, 'run')}`,
    'allowUnsigned: true',
  ];
  await write('worker.yaml', `${settings.join('\n')}\n`);
  await machine.do('mkdir /etc/fleetwall; cp worker.yaml /etc/fleetwall/');
  machine.startWorker();
  await vi.waitFor(
    async () => {
      const { printed } = await machine.run('fleetwall status', operator());
      expect(printed).toMatch(/web-1 +online/);
    },
    { timeout: 60_000 },
  );
}, 180_000);
afterAll(async () => {
  await machine.remove();
  await namespace.remove();
  await broker.stop();
});

async function write(file: string, text: string): Promise<void> {
  await writeFile(join(machine.folder, file), text);
}

const edge = (address: number) =>
  `name: edge\nipv4: |\n  ${RULES(address).trimEnd().replaceAll('\n', '\n  ')}\n`;

/** Runs a block as it stands. @throws {Error} if one of its commands fails */
async function run(block: string): Promise<string> {
  return await machine.do(commandsIn(block), operator());
}

/** Runs a block that shows a file by numbered lines, and what is printed of it. What comes before these lines is in `head`. */
async function expectShown(block: string, file: string, head: string, indent = ''): Promise<void> {
  const shown = [...block.matchAll(/^>? +\d+ \| (.*)$/gm)].map(([, line = '']) => `${indent}${line}\n`);
  const end = shown.at(-1)?.trim() === 'COMMIT' ? '' : `${indent}COMMIT\n`;
  await write(file, `${head}${[...new Set(shown)].join('')}${end}`);
  const { status, printed } = await machine.run(commandsIn(block));
  expect(status).toBe(1);
  expect(`${block.split('\n', 1)[0]}\n${printed}\n`).toBe(block);
}

describe('src/cli/README.md, as it stands: on a host', () => {
  it('check', async () => {
    await expectShown(
      await documentedBlock(PAGE, '$ fleetwall check edge.rules'),
      'edge.rules',
      '*filter\n:edge - [0:0]\n',
    );
    await expectShown(
      await documentedBlock(PAGE, '$ fleetwall check edge.yaml'),
      'edge.yaml',
      'name: edge\nboth: |\n  *filter\n  :edge-in - [0:0]\n  -A INPUT -j edge-in\n  -A edge-in -i lo -j ACCEPT\n',
      '  ',
    );
  });

  it('doctor, plan and convert', async () => {
    expect(
      await run(await documentedBlock(PAGE, 'fleetwall doctor --config /etc/fleetwall/worker.yaml')),
    ).toContain('web-1');
    await write('edge.yaml', edge(1));
    expect(await run(await documentedBlock(PAGE, '$ fleetwall plan edge.yaml'))).toContain(
      '+ -A edge -s 192.0.2.1/32 -j DROP',
    );
    const allowed = ['-A INPUT -j web', '-A web -p tcp -j ACCEPT', '-A web -p tcp --dport 22 -j DROP'];
    await write('web.rules', `*filter\n:web - [0:0]\n\n${allowed.join('\n')}\nCOMMIT\n`);
    const noted = await documentedBlock(PAGE, '$ fleetwall check web.rules');
    const said = await machine.run(commandsIn(noted), operator());
    expect(said.printed.trim().split('\n').toSorted()).toEqual(noted.trim().split('\n').slice(1).toSorted());
    await write('rules.v4', '*filter\n-N edge\n-A edge -s 192.0.2.1,192.0.2.2 -j DROP\nCOMMIT\n');
    await run(await documentedBlock(PAGE, 'fleetwall convert rules.v4 > edge.rules'));
    expect(await machine.do('cat edge.rules')).toContain('-A edge -s 192.0.2.2/32 -j DROP');
  });
});

describe('src/cli/README.md, as it stands: from the central side', () => {
  it('diff, status, history, rollback', async () => {
    for (const address of [1, 2]) {
      await write('edge.yaml', edge(address));
      await machine.do('fleetwall push edge.yaml --host web-1', operator());
    }
    await write('edge.yaml', edge(3));
    expect(await run(await documentedBlock(PAGE, '$ fleetwall diff edge.yaml --group web'))).toContain(
      '192.0.2.3/32',
    );
    expect(await run(await documentedBlock(PAGE, '$ fleetwall status --group web'))).toContain('edge@2');
    expect(await run(await documentedBlock(PAGE, '$ fleetwall history'))).toMatch(
      /edge.*applied|applied.*edge/,
    );
    expect(await run(await documentedBlock(PAGE, '$ fleetwall rollback edge --host web-1'))).toContain(
      'edge revision 3',
    );
    expect(await namespace.save()).toContain('192.0.2.1/32');
    await machine.do('fleetwall push edge.yaml --host web-1', operator());
    const block = await documentedBlock(
      PAGE,
      '$ fleetwall report edge --host web-1                    # what is live, as iptables-save text; without a name, all rulesets',
    );
    expect(await run(block)).toMatch(/-A edge -s 192\.0\.2\.3\/32 [^]*edge revision 5[^]*1 removed/);
    expect(await namespace.save()).not.toContain('edge');
  });

  it('list', async () => {
    await write('blocked.txt', '198.51.100.0/24\n# a comment\n2001:db8:7::/48 until 2099-01-01T00:00:00Z\n');
    const block = await documentedBlock(
      PAGE,
      '$ fleetwall list add blocked 203.0.113.9 --for 4h --all --yes',
    );
    const said = await run(block);
    expect(said).toMatch(
      /1 in, 0 out, 1 entry, on 1 host\n[^]*0 in, 1 out, 0 entries[^]*2 in, 0 out, 2 entries/,
    );
    expect(said).toContain('2001:db8:7::/48 until 2099-01-01T00:00:00');
    expect(await namespace.run('ipset', ['list', '-name'])).toBe('');
  });

  it('apply at a terminal', async () => {
    const rules = (address: number) =>
      RULES(address).replace('COMMIT', '-A edge -i lo -j ACCEPT\n-A edge -p icmp -j ACCEPT\nCOMMIT');
    await write('edge.rules', rules(1));
    await machine.do('fleetwall push edge.rules --host web-1', operator());
    await write('edge.rules', rules(2));
    const apply = await documentedBlock(
      PAGE,
      '$ fleetwall apply edge.rules --confirm manual --confirm-timeout 60',
    );
    const [, question = '', end = ''] = apply.trim().split('\n');
    const seen = await machine.atTerminal(commandsIn(apply));
    expect(seen).toContain(question.slice(0, question.indexOf(' y', -2)));
    const anyRevision = (text: string) => text.replace(/revision \d+/, 'revision');
    expect(anyRevision(seen)).toContain(anyRevision(end));
  });

  it('forget', async () => {
    const settings = `--host-id web-7 --state-dir /var/lib/web-7 --run-dir ${machine.folder}/run-7`;
    const untilSeen = 'until fleetwall status | grep -q web-7; do sleep 0.5; done';
    await machine.run(
      `fleetwall worker ${settings} >/dev/null & ${untilSeen}; kill $! && wait $! || true`,
      operator(),
    );
    expect(await run(await documentedBlock(PAGE, '$ fleetwall forget web-7'))).toContain('web-7');
    expect((await machine.run('fleetwall status', operator())).printed).not.toContain('web-7');
  });

  it('cancel, and a broker that is not there', async () => {
    const cancelled = await run(
      await documentedBlock(PAGE, '$ fleetwall cancel 99100c9c-3567-439e-9849-cb3edc97b140'),
    );
    expect(cancelled).toContain('is cancelled wherever it has not begun');
    const block = await documentedBlock(PAGE, '$ fleetwall status --json --amqp-url amqp://127.0.0.1:9');
    const { printed } = await machine.run(commandsIn(block), operator());
    const told = printed.split('\n').find((line) => line.startsWith('{')) ?? '{}';
    expect(JSON.parse(told)).toMatchObject({ error: { code: 'broker_unreachable', exitStatus: 3 } });
  });
});

describe('src/cli/README.md, as it stands: setting up', () => {
  it('keys, explain and schema', async () => {
    await write(
      'job.json',
      JSON.stringify(makeJob('web-1', { ruleset: { name: 'edge', revision: 1, ipv4: RULES(1) } })),
    );
    for (const kid of ['first', 'second'])
      await machine.do(`fleetwall keys generate ${kid}.key --kid ${kid} > ${kid}.json`);
    await machine.do(
      'cp first.json trusted-keys.json; fleetwall keys sign job.json --key first.key > job.jws; cp job.jws one.jws',
    );
    const keys = await documentedBlock(
      PAGE,
      '$ fleetwall keys generate ops.key --kid ops          # the private key, 0600; the public one is printed',
    );
    expect(await run(keys)).toMatch(/signed by first[^]*added second[^]*removed second/);
    await machine.do('rm ops.key');
    expect(
      await run(
        await documentedBlock(PAGE, '$ fleetwall keys generate ops.key --kid ops > trusted-keys.json'),
      ),
    ).toBe('');
    expect(await run(await documentedBlock(PAGE, '$ fleetwall explain undo_pending'))).toContain(
      'undo_pending',
    );
    await run(
      await documentedBlock(
        PAGE,
        '$ fleetwall schema job                # JSON Schema 2020-12 of one message; without a name, the names',
      ),
    );
    expect(await machine.do('ls schemas')).toContain('asyncapi.json');
  });
});
