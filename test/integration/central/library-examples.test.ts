import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as library from '../../../src/index.ts';
import { TestClient } from '../../support/client.ts';
import { markdownFile, ROOT, tableUnder } from '../../support/documents.ts';
import { TestHost } from '../../support/host.ts';
import { commentedExamples, type Example, pageExamples } from '../../support/library-examples.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';
import { table } from '../../support/rulesets.ts';

const { examples: commented, lacking } = await commentedExamples();
const EXAMPLES = [...commented, ...(await pageExamples('src/cli/README.md'))];
type Ruleset = { name: 'edge'; revision: 'next'; ipv4: string };
type Printer = Record<'log' | 'error', (...values: unknown[]) => void>;
type Compiled = (fleet: library.FleetClient, ruleset: Ruleset, console: Printer) => Promise<void>;

let folder: string;
/** A fleet of its own, as examples are for all hosts. */
let broker: Rabbitmq;
let client: TestClient;
let fleet: library.FleetClient;
/** What was made, to be removed again from the last to the first, also if the rest of it could not be made. */
const made: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetwall-examples-'));
  made.push(async () => await rm(folder, { recursive: true, force: true }));
  await compileAll();
  broker = await Rabbitmq.start();
  made.push(async () => await broker.stop());
  process.env['FLEETWALL_AMQP_URL'] = broker.url;
  client = await TestClient.connect(broker.url);
  made.push(async () => await client.close());
  await Promise.all([host('web-1', false), host('away-1', true), host('gone-1', true)]);
  // What was built, as the examples load it: its classes are others than those of the sources.
  const built = createRequire(join(folder, 'package.json'))('fleetwall') as typeof library;
  fleet = await built.FleetClient.connect({ url: broker.url });
  made.push(async () => await fleet.close());
}, 300_000);

afterAll(async () => {
  for (const remove of made.toReversed()) await remove();
});

describe('the examples of the library', () => {
  it('are there for all that can be called', () => {
    expect(lacking).toEqual([]);
    expect(EXAMPLES.map(({ name }) => name)).toContain('FleetClient.push');
    expect(EXAMPLES.filter(({ prints }) => prints.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it('are beside a list of all codes that errors have', async () => {
    const listed = tableUnder('From a program', await markdownFile('src/cli/README.md'));
    const codes = Object.values<unknown>(library)
      .filter(isErrorClass)
      .map((type) => `\`${String(new type('').code)}\` \`${type.name}\``);
    expect(new Set(listed.map(([code, type]) => `${code} ${type}`))).toEqual(new Set(codes));
  });

  it.each(EXAMPLES.map(({ name, prints }, index) => ({ name, prints, index })))(
    'do what they say: $name',
    async ({ prints, index }) => {
      const printed: string[] = [];
      const log = (...values: unknown[]) => void printed.push(format(...values));
      const compiled = createRequire(import.meta.url)(join(folder, `${fileOf(index)}.js`)) as {
        default: Compiled;
      };
      await compiled.default(fleet, rulesetOf(index), { log, error: () => {} });
      expect(printed).toEqual(prints);
    },
  );
});

function isErrorClass(value: unknown): value is new (message: string) => Error & { code?: unknown } {
  return typeof value === 'function' && value.prototype instanceof Error;
}

async function host(id: string, isAway: boolean): Promise<void> {
  const environment = { FLEETWALL_GROUPS: isAway ? 'old' : 'web', FLEETWALL_HEARTBEAT_SECONDS: '1' };
  const one = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft', id, environment });
  made.push(async () => await one.remove());
  await one.start();
  if (isAway) await one.end();
}

/** As somebody would who has installed the package. */
async function compileAll(): Promise<void> {
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules/fleetwall'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const files = await Promise.all(
    EXAMPLES.map(async (example, index) => {
      await writeFile(join(folder, `${fileOf(index)}.ts`), programOf(example));
      return `${fileOf(index)}.ts`;
    }),
  );
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const how = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types')];
  const typescript = join(ROOT, 'node_modules/typescript/bin/tsc');
  await execa(process.execPath, [typescript, ...strict, ...how, ...types, ...files], { cwd: folder });
}

/** Of each example another one: what is live already is not sent. */
function rulesetOf(index: number): Ruleset {
  const rule = `-A edge -s 192.0.2.${index + 10}/32 -j DROP`;
  return {
    name: 'edge',
    revision: 'next',
    ipv4: table('filter', ':edge - [0:0]', '-A INPUT -j edge', rule),
  };
}

function fileOf(index: number): string {
  return `example-${index}`;
}

/** What an example takes for granted is around it, and it may have names of its own. */
function programOf({ name, code }: Example): string {
  return `// ${name}
import { writeFile } from 'node:fs/promises';
import { brokerNames, FleetClient, isRetryable, RequestInvalid, rulesetDigest, watchGates } from 'fleetwall';

type Ruleset = { name: 'edge'; revision: 'next'; ipv4: string };
type Printer = Record<'log' | 'error', (...values: unknown[]) => void>;

export default async function show(fleet: FleetClient, ruleset: Ruleset, console: Printer): Promise<void> {
  {
${code.replace(/^import .* from 'fleetwall';\n/gm, '')}
  }
}
`;
}
