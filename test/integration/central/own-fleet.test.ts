import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { commandsIn, documentedBlock, fileShownIn } from '../../support/document-blocks.ts';
import { ROOT } from '../../support/documents.ts';
import { ExampleBroker } from '../../support/example-broker.ts';
import type { Machine } from '../../support/machine.ts';

const PAGE = 'src/cli/README.md';
const POLL = { timeout: 60_000 };

let example: ExampleBroker;
/** The host web-1, and the operator. */
let machine: Machine;
let operator: Record<string, string>;

beforeAll(async () => {
  example = await ExampleBroker.start('web-1');
  machine = example.machine;
}, 180_000);
afterAll(async () => await example.stop());

async function write(file: string, text: string): Promise<void> {
  await writeFile(join(machine.folder, file), text);
}

const edge = (address: number) =>
  stringify({
    name: 'edge',
    ipv4: `*filter\n:edge-in - [0:0]\n-A INPUT -j edge-in\n-A edge-in -s 192.0.2.${address}/32 -j DROP\nCOMMIT\n`,
  });

/** A soak of a minute is one of a second, so that nothing but time is saved. */
const soon = (commands: string) => commands.replace(/--soak \d+/g, '--soak 1');

async function waitingJob(): Promise<string> {
  return await vi.waitFor(async () => {
    const { printed } = await machine.run('fleetwall status --json', operator);
    const [id = ''] = /(?<="pending":")[0-9a-f-]{36}/.exec(printed) ?? [];
    expect(id).not.toBe('');
    return id;
  }, POLL);
}

describe('src/cli/README.md, "From the demo to your own fleet", as it stands', () => {
  it('1 to 4: the broker, a key, the first host, the operator', async () => {
    const { known } = example;
    const first = await documentedBlock(PAGE, '$ cat hosts.txt');
    await write('hosts.txt', fileShownIn(first, 'hosts.txt'));
    expect(await machine.do(commandsIn(first), known)).toContain(first.trim().split('\n').at(-1) ?? '-');
    // With its management pages behind TLS, as both pages say it for later.
    for (const block of [
      await documentedBlock(
        'docker/README-operate.md',
        '$ fleetwall provision --hosts hosts.txt --operator central --passwords ./passwords \\',
      ),
      await documentedBlock(
        PAGE,
        '$ fleetwall provision --hosts hosts.txt --operator central --passwords ./passwords \\',
      ),
    ]) {
      const management = { FLEETWALL_MANAGEMENT_URL: 'http://admin:…@broker.example:15672' };
      expect(await machine.do(commandsIn(block), { ...known, ...management })).toContain(
        '3 hosts and 1 operator provisioned on broker.example:15671',
      );
    }
    await machine.do('fleetwall keys generate ops.key --kid ops > trusted-keys.json');
    const host = await documentedBlock(PAGE, '$ cat /etc/fleetwall/worker.yaml');
    await write('worker.yaml', fileShownIn(host, '/etc/fleetwall/worker.yaml'));
    await machine.do('install -m 600 worker.yaml trusted-keys.json /etc/fleetwall/');
    await machine.do('install -m 600 passwords/web-1 /etc/fleetwall/password');
    const [, doctor = '', install = '', enable = ''] = commandsIn(host).trim().split('\n');
    expect(await machine.do(doctor, known)).toMatch(/broker +broker\.example:5671: logged in/);
    expect(await machine.do(install)).toContain('wrote /etc/systemd/system/fleetwall.service');
    const alone = await documentedBlock('docker/README-operate.md', '$ fleetwall service install');
    expect(await machine.do(commandsIn(alone))).toContain('/etc/systemd/system/fleetwall.service');
    // What systemd does with that is tried on a machine that was booted by it.
    expect(enable).toMatch(/^systemctl enable/);
    machine.startWorker(
      `env NODE_EXTRA_CA_CERTS=${known.NODE_EXTRA_CA_CERTS} ${commandsIn(
        await documentedBlock(PAGE, 'fleetwall worker --host-id web-1 --groups web,prod'),
      )}`,
    );

    const settings = await documentedBlock(
      PAGE,
      '$ export FLEETWALL_AMQP_URL=amqps://central@broker.example/fleet',
    );
    operator = {
      ...known,
      ...Object.fromEntries(
        [...settings.matchAll(/(FLEETWALL_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
      ),
    };
    await vi.waitFor(async () => {
      const { printed } = await machine.run(commandsIn(settings), known);
      expect(printed).toMatch(/^1 host: 1 online\n[^]*^web-1 +online +web,prod +- +nft/m);
    }, POLL);
  });

  it('5 to 7: a ruleset, what happens, and back', async () => {
    const watching = machine.interrupting(
      commandsIn(await documentedBlock(PAGE, '$ fleetwall watch')),
      25,
      operator,
    );
    await write('edge.yaml', edge(1));
    const block = await documentedBlock(PAGE, '$ fleetwall push edge.yaml --group web --yes --check');
    const printed = await machine.atTerminal(soon(commandsIn(block)), operator);
    expect(printed).toMatch(/\+ -A edge-in -s 192\.0\.2\.1\/32 -j DROP\n[^]*1 checked\n/);
    expect(printed).toMatch(
      /roll out ruleset edge on 1 host[^]*Go on\? \[y\/N\][^]*edge revision 1 +web-1\nrollout \S+ completed/,
    );
    await write('edge.yaml', edge(2));
    const wide = await documentedBlock(
      PAGE,
      '$ fleetwall rollout edge.yaml --all --steps 1,5%,25%,100% --soak 60 --on-failure rollback',
    );
    expect(await machine.atTerminal(soon(commandsIn(wide)), operator)).toMatch(
      /Go on\?[^]*edge revision 2 +web-1\nrollout \S+ completed/,
    );
    await write('edge.yaml', edge(3));
    const recipe = await documentedBlock(PAGE, 'fleetwall push edge.yaml --group canary --check --yes');
    const forWeb = soon(recipe.replace('--group canary', '--group web'));
    const { status } = await machine.run(forWeb, { ...operator, CI_COMMIT: '4f2a' });
    expect(status).toBe(0);
    expect(await machine.do('tail -n 1 rollout.jsonl')).toContain('"stopped":false');
    expect(await watching).toMatch(
      /rollout \S+ +is run by [^]*web-1 +edge revision 2 applied[^]*edge-4f2a +completed/,
    );
  });

  it('what there is to ask of a rollout, and of what failed', async () => {
    const block = await documentedBlock(
      PAGE,
      '$ fleetwall rollout list                                # which there were in the last month, and how they ended',
    );
    const { printed } = await machine.run(commandsIn(block).replaceAll(/2026-\S+/g, 'edge-4f2a'), operator);
    expect(printed).toMatch(/edge-4f2a[^]*rollout edge-4f2a: edge revision 3, completed/);
    for (const what of ['pause', 'abort']) expect(printed).toContain(`there is nothing to ${what}`);
    expect(printed).toContain('all hosts of rollout edge-4f2a have what it brought');
    const watch = await documentedBlock(PAGE, '$ fleetwall watch --outcome failed');
    const since = commandsIn(watch).replace(/2026-\S+/, 'edge-4f2a --since 600');
    const seen = await machine.interrupting(since, 12, operator);
    expect(seen).toContain('edge revision 3 applied: 1 rule in, 1 out');
    expect(seen).toMatch(/edge-4f2a +completed/);
  });

  it('a push from what is live, at a terminal, and the answer to what waits', async () => {
    const [live = '', check = '', manual = ''] = commandsIn(
      await documentedBlock(
        PAGE,
        '$ iptables-save -t filter | fleetwall push - --name edge --scope tables --host web-1',
      ),
    )
      .trim()
      .split('\n');
    await write('edge.yaml', edge(4));
    expect(await machine.atTerminal(check, operator)).toContain('1 checked');
    const answer = commandsIn(
      await documentedBlock(PAGE, '$ fleetwall confirm 99100c9c-3567-439e-9849-cb3edc97b140'),
    )
      .trim()
      .split('\n');
    const ends: string[] = [];
    for (const [index, command] of answer.entries()) {
      await write('edge.yaml', edge(10 + index));
      const pushing = machine.run(manual, operator);
      const id = await waitingJob();
      await machine.do(command.replace(/[0-9a-f-]{36}/, id), operator);
      ends.push((await pushing).printed);
    }
    expect(ends).toEqual([expect.stringContaining('1 applied'), expect.stringContaining('1 rolled_back')]);
    await machine.do('fleetwall remove edge --host web-1 --yes', operator);
    await example.namespace.iptables('-A', 'INPUT', '-s', '192.0.2.9', '-j', 'DROP');
    expect(await machine.do(live, operator)).toContain('edge revision');
  });
});

it('src/cli/README.md has completion in place, as it stands', async () => {
  const block = await documentedBlock(
    PAGE,
    '$ source <(fleetwall completion bash)     # in ~/.bashrc; for zsh the same with zsh in ~/.zshrc, behind compinit',
  );
  await write('completion', `set -e\n${commandsIn(block)}\ncomplete -p fleetwall\n`);
  expect(await machine.do('bash completion; cat ~/.config/fish/completions/*')).toMatch(
    /complete [^\n]*fleetwall\n[^]*complete -c fleetwall/,
  );
});

describe('docker/README-operate.md, as it stands, on that host', () => {
  it('doctor, and rules that are loaded without a worker', async () => {
    const doctor = await documentedBlock('docker/README-operate.md', '$ fleetwall doctor');
    const seen = await machine.do(commandsIn(doctor), example.known);
    const looksAt = (text: string) =>
      new Set([...text.matchAll(/^(?:ok|warning|failure) +(\S+)/gm)].map(([, what]) => what));
    expect([...looksAt(doctor)].filter((what) => !looksAt(seen).has(what))).toEqual([]);
    const before = await example.namespace.save();
    await machine.stopWorker();
    await example.namespace.iptables('-F');
    await machine.do(await documentedBlock('docker/README-operate.md', 'sh /var/lib/fleetwall/boot/load'));
    expect(await example.namespace.save()).toBe(before);
  });

  it('a worker from a checkout', async () => {
    await example.broker.ctl('change_password', 'web-1', 'secret');
    await symlink(join(ROOT, 'dist'), join(machine.folder, 'dist'));
    const block = await documentedBlock('docker/README-operate.md', 'npm ci && npm run build');
    const [, ...worker] = block.split('\n');
    const typed = worker.join('\n').replace('node dist', 'timeout 8 node dist');
    expect((await machine.run(typed)).printed).toMatch(/"msg":"Worker started"[^]*"msg":"Worker stopped"/);
    const { printed } = await machine.run('fleetwall status --host web-1', operator);
    expect(printed).toMatch(/web-1 +offline +web,prod/);
  });
});
