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
const PROGRAM = `import { FleetClient, rulesetDigest, type HostSelection, type JobAnswers, type JobCompletedEvent } from 'fleetwall';

const [url = '', host = '', text = ''] = process.argv.slice(2);
await using fleet = await FleetClient.connect({ url });
const ruleset = { name: 'packaged', revision: 'next', ipv4: text } as const;
const whom: HostSelection = { hosts: [host] };
const answers: JobAnswers = await fleet.push(ruleset, whom, { confirm: { mode: 'none' } });
const result: JobCompletedEvent['data'] | null | undefined = answers.get(host)?.result;
const digest = rulesetDigest({ name: 'packaged', scope: 'chains', ipv4: text });
console.log(JSON.stringify([result?.outcome, result?.ruleset?.revision, result?.ruleset?.digest === digest]));
`;
/** One that requires the package, which is the same for those that import it. */
const REQUIRING = `import fleetwall = require('fleetwall');

const [url = '', host = ''] = process.argv.slice(2);
async function main(): Promise<void> {
  const fleet: fleetwall.FleetClient = await fleetwall.FleetClient.connect({ url });
  const reports = await fleet.report('packaged', { hosts: [host] });
  const refused: unknown = await fleet.remove('No Name', 1, { hosts: [host] }).catch((error: unknown) => error);
  await fleet.close();
  const imported = await import('fleetwall');
  const isSame = refused instanceof fleetwall.RequestInvalid && refused instanceof imported.RequestInvalid;
  console.log(JSON.stringify([reports.get(host)?.map(({ name }) => name), isSame]));
}
void main();
`;
const fixture = new Fixture();
let folder: string;
let packed: string[];
let tarball: string;

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
  tarball = join(folder, made.filename);
  await execa('npm', [...install, tarball], { cwd: folder });
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
      'dist/index.js',
      'dist/index.cjs',
      'dist/index.d.ts',
      'dist/index.d.cts',
      ...(await filesFrom('dist/cli/main.js')),
      // A program that the command starts.
      ...(await filesFrom('dist/cli/connect-probe.js')),
      'dist/cli/THIRD-PARTY-LICENSES',
      ...(await readdir(join(ROOT, 'dist/console'))).map((name) => `dist/console/${name}`),
      ...(await schemaFiles()).map((name) => `dist/schema/${name}`),
      ...(await readdir(join(ROOT, 'dist/man'))).map((name) => `dist/man/${name}`),
    ];
    const missing = expected.filter((path) => !packed.includes(path));
    const unexpected = packed.filter((path) => !expected.includes(path));
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] });
  });

  it('is found with its types by all who may load it', async () => {
    const { stdout: types } = await execa('npx', ['attw', '--no-definitely-typed', '--no-color', tarball], {
      cwd: ROOT,
    });
    expect(types).toContain('No problems found');
    const { stdout: fields } = await execa('npx', ['publint', '--strict', tarball], { cwd: ROOT });
    expect(fields).toContain('All good!');
  });

  it('shows nothing in its types that is not for those who install it', async () => {
    const types = await readFile(join(folder, 'node_modules/fleetwall/dist/index.d.ts'), 'utf8');
    expect(types).not.toMatch(
      /@internal|FleetLink|Operator\b|OpenCalls|SigningKey|BrokerAccess|ClientSettings/,
    );
    expect(types).not.toMatch(/\bany\b(?= *[;,)=>|])/);
    expect(types.match(/from '[^']*'/g)).toEqual(["from 'zod'"]);
    const [, client = ''] = /^export declare class FleetClient \{\n([^]*?)^\}/m.exec(types) ?? [];
    expect(client).toContain('#private;');
    expect(client).toContain('private constructor();');
    const inside = [
      "await import('fleetwall/dist/index.js')",
      "await import('fleetwall/dist/central/fleet-client.js')",
    ];
    for (const reach of inside) {
      const { stderr } = await execa(process.execPath, ['-e', reach], { cwd: folder, reject: false });
      expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    }
  });

  it('runs as a command where it is installed', async () => {
    const help = await fleetwall(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: fleetwall /);
    const schema = await fleetwall(['schema', 'job']);
    const published = join(folder, 'node_modules/fleetwall/dist/schema/job.schema.json');
    expect(JSON.parse(schema.stdout)).toEqual(JSON.parse(await readFile(published, 'utf8')));
  });

  it('does its work on a host, from the command line', async () => {
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
  });

  it('is used by programs with types, one that imports it and one that requires it', async () => {
    const host = await fixture.host('nft');
    await writeFile(join(folder, 'program.ts'), PROGRAM);
    await writeFile(join(folder, 'requiring.cts'), REQUIRING);
    const typescript = join(ROOT, 'node_modules/typescript/bin/tsc');
    // The strictest reading: what the one loads is for imports, and what the other loads is not.
    const strict = ['--strict', '--module', 'node16', '--target', 'es2023', '--types', 'node'];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types')];
    const programs = ['program.ts', 'requiring.cts'];
    await execa(process.execPath, [typescript, ...strict, ...types, ...programs], { cwd: folder });
    const program = ['program.js', inject('brokerUrl'), host.id, GOOD];
    const { stdout } = await execa(process.execPath, program, { cwd: folder });
    expect(JSON.parse(stdout)).toEqual(['applied', 1, true]);
    expect(await host.namespace.save()).toContain('-A edge -s 192.0.2.1/32 -j DROP');

    const requiring = ['requiring.cjs', inject('brokerUrl'), host.id];
    const required = await execa(process.execPath, requiring, { cwd: folder });
    expect([JSON.parse(required.stdout), required.stderr]).toEqual([[['packaged'], true], '']);
  });
});

/** That file of the build, and those that are loaded from it, or from one another. */
async function filesFrom(path: string, found = new Set<string>()): Promise<string[]> {
  if (found.has(path)) return [];
  found.add(path);
  const text = await readFile(join(ROOT, path), 'utf8');
  for (const [, other = ''] of text.matchAll(/\b(?:from|import\(?)\s*["'](\.{1,2}\/[^"']+)["']/g))
    await filesFrom(join(dirname(path), other), found);
  return [...found];
}

/** What `schema --out` writes. */
async function schemaFiles(): Promise<string[]> {
  await fleetwall(['schema', '--out', 'schemas']);
  return await readdir(join(folder, 'schemas'));
}
