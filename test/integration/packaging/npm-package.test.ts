import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Fixture } from '../../support/fixture.ts';
import { table } from '../../support/rulesets.ts';

const ROOT = join(import.meta.dirname, '../../..');
const INSTALL_MS = 300_000;
const GOOD = table('filter', ':edge - [0:0]', '-A INPUT -j edge', '-A edge -s 192.0.2.1/32 -j DROP');

/** A program of a user of the package: it is compiled against the types of the package, and run. */
const PROGRAM = `import { FleetClient, rulesetDigest, type JobCompletedEvent } from 'fleetwall';

const [url = '', host = '', text = ''] = process.argv.slice(2);
const fleet = await FleetClient.connect({ url });
const ruleset = { name: 'packaged', revision: 'next', ipv4: text } as const;
const answers = await fleet.push(ruleset, { hosts: [host] }, { confirm: { mode: 'none' } });
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
  // `--ignore-scripts`: the build exists already, and other tests run from it meanwhile.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: ROOT });
  const answer: unknown = JSON.parse(stdout);
  // npm 10 and 11 print a list of packages; npm 12 prints an object with their names as keys.
  const [made] = Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>);
  if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  packed = made.files.map(({ path }) => path);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const install = ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  await execa('npm', [...install, join(folder, made.filename)], { cwd: folder });
}, INSTALL_MS);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Runs the command of the package, as a user who has installed it does. */
const fleetwall = async (args: readonly string[], env: Record<string, string> = {}) =>
  await execa('npx', ['--no-install', 'fleetwall', ...args], { cwd: folder, reject: false, env });

describe('the npm package', () => {
  it('contains what was built of the sources, the schemas and the texts for people, and nothing else', async () => {
    const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) =>
      path.endsWith('.ts'),
    );
    const modules = sources
      .filter((path) => !path.startsWith('cli/'))
      .map((path) => `dist/${path.slice(0, -'.ts'.length)}`);
    const expected = [
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      ...modules.flatMap((path) => [`${path}.js`, `${path}.d.ts`]),
      ...(await commandFiles('main.js')).map((name) => `dist/cli/${name}`),
      'dist/cli/THIRD-PARTY-LICENSES',
      ...(await schemaFiles()).map((name) => `dist/schema/${name}`),
    ];
    const missing = expected.filter((path) => !packed.includes(path));
    const unexpected = packed.filter((path) => !expected.includes(path));
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] });
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
    // The shell ignores its further arguments, which would start the worker of this repository.
    const wrapper = ['/bin/sh', '-c', `exec ${bin} worker`];
    const host = await fixture.host('nft', { wrapper });
    // The shell was replaced by the installed program, whose path is among the arguments of the process.
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
    // Only the broker may be a failure, as it is not that of this host.
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

/** All files of the bundled command: the given one, and those that it loads directly or indirectly. */
async function commandFiles(name: string, found = new Set<string>()): Promise<string[]> {
  if (found.has(name)) return [];
  found.add(name);
  const text = await readFile(join(ROOT, 'dist/cli', name), 'utf8');
  for (const [, other = ''] of text.matchAll(/\b(?:from|import\(?)\s*["']\.\/([\w-]+\.js)["']/g))
    await commandFiles(other, found);
  return [...found];
}

/** The names of the files that `schema --out` writes. */
async function schemaFiles(): Promise<string[]> {
  await fleetwall(['schema', '--out', 'schemas']);
  return await readdir(join(folder, 'schemas'));
}
