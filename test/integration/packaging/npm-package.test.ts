import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { table } from '../../support/rulesets.ts';

const ROOT = join(import.meta.dirname, '../../..');
const INSTALL_MS = 300_000;
const GOOD = table('filter', ':edge - [0:0]', '-A INPUT -j edge', '-A edge -s 192.0.2.1/32 -j DROP');

/** A program of somebody else's; it is compiled against the package's types, and run. */
const PROGRAM = `import { FleetClient, rulesetDigest, type HostAnswers, type HostSelection, type JobCompletedEvent } from 'fleetwall';

const [url = '', host = '', text = ''] = process.argv.slice(2);
const fleet = await FleetClient.connect({ url });
const ruleset = { name: 'packaged', revision: 'next', ipv4: text } as const;
const whom: HostSelection = { hosts: [host] };
const answers: HostAnswers = await fleet.push(ruleset, whom, { confirm: { mode: 'none' } });
await fleet.close();
const result: JobCompletedEvent['data'] | null | undefined = answers.get(host)?.result;
const digest = rulesetDigest({ name: 'packaged', scope: 'chains', ipv4: text });
console.log(JSON.stringify([result?.outcome, result?.ruleset?.revision, result?.ruleset?.digest === digest]));
`;

const fixture = new Fixture();
let folder: string;
let packed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-npm-'));
  // The build is there already, and other tests run from it meanwhile.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: ROOT });
  const answer: unknown = JSON.parse(stdout);
  // npm 10 and 11 print a list of packages; 12 an object with their names.
  const [made] = Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>);
  if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  packed = made.files.map(({ path }) => path);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const install = ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  await execa('npm', [...install, join(folder, made.filename)], { cwd: folder });
}, INSTALL_MS);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** The command of the package, as somebody runs it who has installed it. */
const fleetwall = async (args: readonly string[], env: Record<string, string> = {}) =>
  await execa('npx', ['--no-install', 'fleetwall', ...args], { cwd: folder, reject: false, env });

describe('the npm package', () => {
  it('has the command, the library with its types, the schemas and the texts for people, and nothing else', async () => {
    const expected = [
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      ...(await filesFrom('dist/index.js')),
      ...(await filesFrom('dist/index.d.ts')),
      ...(await filesFrom('dist/cli/main.js')),
      // A program that the command starts.
      ...(await filesFrom('dist/cli/connect-probe.js')),
      'dist/cli/THIRD-PARTY-LICENSES',
      ...(await schemaFiles()).map((name) => `dist/schema/${name}`),
      ...(await readdir(join(ROOT, 'dist/man'))).map((name) => `dist/man/${name}`),
    ];
    const missing = expected.filter((path) => !packed.includes(path));
    const unexpected = packed.filter((path) => !expected.includes(path));
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] });
    // What only a worker needs is in the command.
    const folders = new Set(packed.map((path) => path.split('/')[1]));
    for (const own of ['worker', 'netfilter', 'host', 'doctor', 'metrics'])
      expect(folders).not.toContain(own);
  });

  it('shows nothing in its types that is not for those who install it', async () => {
    const types = packed.filter((path) => path.endsWith('.d.ts'));
    expect(types).toContain('dist/central/fleet-client.d.ts');
    for (const path of types) {
      const text = await readFile(join(folder, 'node_modules/fleetwall', path), 'utf8');
      expect(text, path).not.toMatch(/@internal|FleetLink|Operator\b|SigningKey|BrokerAccess|ClientSettings/);
      expect(text, path).not.toMatch(/\bany\b(?= *[;,)=>|])/);
    }
    const client = await readFile(
      join(folder, 'node_modules/fleetwall/dist/central/fleet-client.d.ts'),
      'utf8',
    );
    expect(client).toContain('#private;');
    expect(client).toContain('private constructor();');
  });

  it('runs as a command where it is installed', async () => {
    const help = await fleetwall(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: fleetwall /);
    const schema = await fleetwall(['schema', 'job']);
    const published = join(folder, 'node_modules/fleetwall/dist/schema/job.schema.json');
    expect(JSON.parse(schema.stdout)).toEqual(JSON.parse(await readFile(published, 'utf8')));
  });

  it('does its work on a host, from the command line and from a program with types', async () => {
    const bin = join(folder, 'node_modules/.bin/fleetwall');
    // What would come after it is the worker of this folder.
    const wrapper = ['/bin/sh', '-c', `exec ${bin} worker`];
    const host = await fixture.host('nft', { wrapper });
    // The shell has become the program, which has its path among its arguments.
    expect(await readFile(`/proc/${host.pid}/cmdline`, 'utf8')).toContain(`${bin}\0worker`);

    await writeFile(join(folder, 'packaged.rules'), GOOD);
    const local = {
      FLEETWALL_NETNS: host.namespace.name,
      FLEETWALL_BACKEND: 'nft',
      FLEETWALL_STATE_DIR: join(folder, 'state'),
      FLEETWALL_RUN_DIR: host.runDir,
    };
    const checked = await fleetwall(['check', 'packaged.rules'], local);
    expect(checked.stdout).toBe(
      'packaged.rules: ruleset packaged can be applied: 2 rules in, 0 out, 0 unchanged',
    );
    // Whose broker is none of this host's: that is a failure, and no more is one.
    const examined = await fleetwall(
      ['doctor', '--allow-unsigned', 'true', '--amqp-url', 'amqp://127.0.0.1:9'],
      local,
    );
    expect(examined.exitCode).toBe(1);
    expect(examined.stdout).toMatch(/^failure {2}broker .*ECONNREFUSED/m);
    expect(examined.stdout).toMatch(/, failures: 1$/);
    const pushed = await fleetwall(['push', 'packaged.rules', '--host', host.id], {
      FLEETWALL_AMQP_URL: inject('brokerUrl'),
    });
    expect(pushed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await host.namespace.save()).toContain('-A edge -s 192.0.2.1/32 -j DROP');

    await writeFile(join(folder, 'program.ts'), PROGRAM);
    const typescript = join(ROOT, 'node_modules/typescript/bin/tsc');
    const strict = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types')];
    await execa(process.execPath, [typescript, ...strict, ...types, 'program.ts'], { cwd: folder });
    const next = GOOD.replace('DROP', 'REJECT --reject-with icmp-port-unreachable');
    const program = ['program.js', inject('brokerUrl'), host.id, next];
    const { stdout } = await execa(process.execPath, program, { cwd: folder });
    expect(JSON.parse(stdout)).toEqual(['applied', 2, true]);
    expect(await host.namespace.save()).toContain('-A edge -s 192.0.2.1/32 -j REJECT');
  });
});

/** That file of the build, and those that are loaded from it, or from one another. */
async function filesFrom(path: string, found = new Set<string>()): Promise<string[]> {
  if (found.has(path)) return [];
  found.add(path);
  const text = await readFile(join(ROOT, path), 'utf8');
  for (const [, other = ''] of text.matchAll(/\b(?:from|import\(?)\s*["'](\.{1,2}\/[^"']+)["']/g)) {
    const target = join(dirname(path), other);
    await filesFrom(path.endsWith('.d.ts') ? target.replace(/\.[jt]s$/, '.d.ts') : target, found);
  }
  return [...found];
}

/** What `schema --out` writes. */
async function schemaFiles(): Promise<string[]> {
  await fleetwall(['schema', '--out', 'schemas']);
  return await readdir(join(folder, 'schemas'));
}
