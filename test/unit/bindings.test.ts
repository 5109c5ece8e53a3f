import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMPLETED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { JOB_EXAMPLES } from '../../src/contract/schema/examples.ts';
import { jsonSchemas } from '../../src/contract/schema/json-schemas.ts';
import { ROOT } from '../support/documents.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'fleetwall-bindings-'))));
afterAll(async () => await rm(folder, { recursive: true }));

/** What a generator that knows nothing of fleetwall makes of the schemas. @returns the file that it is in */
async function generate(lang: 'typescript' | 'python', name: string): Promise<string> {
  const input = new JSONSchemaInput(undefined);
  for (const [schemaName, schema] of jsonSchemas())
    await input.addSource({ name: schemaName, schema: JSON.stringify(schema) });
  const inputData = new InputData();
  inputData.addInput(input);
  const { lines } = await quicktype({ inputData, lang });
  const file = join(folder, name);
  await writeFile(file, lines.join('\n'));
  return file;
}

it('bindings for TypeScript are compiled, and read a job and an event', async () => {
  const file = await generate('typescript', 'bindings.mts');
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const options = ['--ignoreConfig', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', ''];
  await execa(tsc, [...options, '--outDir', folder, file]);
  const { Convert } = (await import(pathToFileURL(join(folder, 'bindings.mjs')).href)) as {
    Convert: Record<'toJob' | 'toEvent', (value: string) => unknown>;
  };
  expect(Convert.toJob(JSON.stringify(JOB_EXAMPLES['apply']))).toMatchObject({ action: 'apply' });
  const event = Convert.toEvent(JSON.stringify(COMPLETED_EXAMPLE));
  expect(event).toMatchObject({ data: { failure: { lines: [{ line: 4 }] } } });
  expect(() => Convert.toJob('{"action":"apply"}')).toThrow('apiVersion');
});

it('bindings for Python are compiled', async () => {
  const file = await generate('python', 'bindings.py');
  await execa('/usr/bin/python3', ['-m', 'py_compile', file]);
  const classes =
    'import ast, sys; print(*[n.name for n in ast.parse(sys.stdin.read()).body if isinstance(n, ast.ClassDef)])';
  const { stdout } = await execa('/usr/bin/python3', ['-c', classes], { inputFile: file });
  expect(stdout.split(' ')).toEqual(
    expect.arrayContaining(['Job', 'ControlMessage', 'Event', 'RulesetFile']),
  );
});
