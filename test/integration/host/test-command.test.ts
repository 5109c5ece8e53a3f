import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFor } from '../../support/command-line.ts';
import { documentedBlock } from '../../support/document-blocks.ts';
import { markdownFile } from '../../support/documents.ts';
import { layGatewayNetwork } from '../../support/gateway-network.ts';
import { TestNamespace } from '../../support/namespace.ts';

const CLI = join(import.meta.dirname, '../../../dist/cli/main.js');
const PAGE = 'src/cli/README.md';

describe('fleetwall test', () => {
  let namespace: TestNamespace;
  let folder: string;
  beforeAll(async () => {
    namespace = await TestNamespace.create('nft');
    await layGatewayNetwork(namespace);
    folder = await mkdtemp(join(tmpdir(), 'fleetwall-test-'));
  });
  afterAll(async () => {
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  const run = (args: readonly string[]) =>
    execa(process.execPath, [CLI, ...args], {
      cwd: folder,
      reject: false,
      extendEnv: false,
      env: settingsFor(namespace, folder),
    });
  const example = async (name: string) => {
    const { text } = await markdownFile(PAGE);
    const found = text.split('```yaml\n').find((block) => block.startsWith(`# ${name}\n`));
    return found?.split('```')[0] ?? '';
  };

  it.each([
    ['web.yaml', 8],
    ['database.yaml', 5],
    ['gateway.yaml', 4],
  ])('passes %s, as the guide has it', async (name, count) => {
    await writeFile(join(folder, name), await example(name));
    const { stdout, stderr, exitCode } = await run(['test', name]);
    expect(stderr).toBe('');
    expect(stdout).toBe(`${name}: ruleset ${name.split('.')[0]}; ${count} tests passed`);
    expect(exitCode).toBe(0);
    expect(await namespace.save()).toBe('');
  });

  it('shows each test that failed, with the rule that decided it, as the guide does', async () => {
    const block = await documentedBlock(PAGE, '$ fleetwall test web.yaml');
    const [, ...shown] = block.trimEnd().split('\n');
    const text = (await example('web.yaml')).replace('-s 198.51.100.0/24 -p tcp', '-p tcp');
    await writeFile(join(folder, 'web.yaml'), text);
    const { stderr, exitCode } = await run(['test', 'web.yaml']);
    expect(stderr.split('\n')).toEqual(shown);
    expect(exitCode).toBe(1);
    const checked = await run(['check', 'web.yaml']);
    expect(checked.stderr).toBe(stderr);
    const planned = await run(['plan', 'web.yaml', '--json']);
    expect(JSON.parse(planned.stdout)).toMatchObject({
      failure: { code: 'test_failed', lines: [{ line: 6 }] },
    });
  });

  it('has a companion, fleetwall plan, which says what a change opens and closes, as the guide does', async () => {
    const block = await documentedBlock(PAGE, '$ fleetwall plan web.yaml');
    const [, ...shown] = block.trimEnd().split('\n');
    const before = await example('web.yaml');
    await writeFile(join(folder, 'web.yaml'), before);
    expect((await run(['apply', 'web.yaml', '--confirm', 'none'])).stderr).toBe('');
    const after = before
      .replace('-s 198.51.100.0/24 -p tcp', '-p tcp')
      .replace('--dports 80,443', '--dports 443')
      .replace(/^ {2}- \{ name: no ssh .*\n/m, '');
    await writeFile(join(folder, 'web.yaml'), after);
    const { stdout, stderr } = await run(['plan', 'web.yaml']);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual(shown);
  });

  it('says that there are no tests', async () => {
    await writeFile(join(folder, 'none.yaml'), 'ipv4: |\n  *filter\n  COMMIT\n');
    expect((await run(['test', 'none.yaml'])).stdout).toBe('none.yaml: ruleset none has no tests');
  });

  it('leaves nothing behind, wherever it is killed', async () => {
    await writeFile(join(folder, 'web.yaml'), await example('web.yaml'));
    const before = await namespace.save();
    const childrenOf = async (parent: number) => {
      const ids = (await readdir('/proc')).filter((id) => /^\d+$/.test(id));
      const stats = ids.map(async (id) => await readFile(`/proc/${id}/stat`, 'utf8').catch(() => ''));
      const found = (await Promise.all(stats)).map((stat) => /^(\d+) \((.*)\) \S (\d+)/.exec(stat));
      return found.flatMap((stat) =>
        Number(stat?.[3]) === parent && stat?.[2] === 'perl' ? [Number(stat[1])] : [],
      );
    };
    const isThere = async (id: number) =>
      await readFile(`/proc/${id}/comm`).then(
        () => true,
        () => false,
      );
    for (const afterMs of [0, 100, 300]) {
      const child = run(['test', 'web.yaml']);
      let helpers: number[] = [];
      while (helpers.length === 0 && child.exitCode === null) helpers = await childrenOf(child.pid ?? 0);
      expect(helpers).not.toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      helpers = [...new Set([...helpers, ...(await childrenOf(child.pid ?? 0))])];
      child.kill('SIGKILL');
      await child;
      await expect
        .poll(async () => (await Promise.all(helpers.map(isThere))).some(Boolean), { timeout: 20_000 })
        .toBe(false);
    }
    expect(await namespace.save()).toBe(before);
  });
});
