import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { readRulesetFile } from '../../src/cli/files/ruleset-file.ts';
import { FleetEvent } from '../../src/contract/events/event.ts';
import { ControlMessage } from '../../src/contract/jobs/control.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import { COMPLETED_EXAMPLE, ENDED_EXAMPLE } from '../../src/contract/schema/event-examples.ts';
import { CONTROL_EXAMPLES, JOB_EXAMPLES } from '../../src/contract/schema/examples.ts';
import {
  jsonSchemas,
  SCHEMA_NAMES,
  type SchemaName,
  schemaFile,
} from '../../src/contract/schema/json-schemas.ts';
import { markdownFile } from '../support/documents.ts';
import { compileSchemas } from '../support/message-schemas.ts';

const validators = compileSchemas();

function isValid(name: SchemaName, value: unknown): boolean {
  return validators.get(name)?.(value) === true;
}

const EXAMPLES: [SchemaName, z.ZodType, unknown][] = [
  ...Object.values(JOB_EXAMPLES).map((example): [SchemaName, z.ZodType, unknown] => ['job', Job, example]),
  ...Object.values(CONTROL_EXAMPLES).map((example): [SchemaName, z.ZodType, unknown] => [
    'control',
    ControlMessage,
    example,
  ]),
  ['event', FleetEvent, COMPLETED_EXAMPLE],
  ['event', FleetEvent, ENDED_EXAMPLE],
];

/** The path to each value inside a value, and the empty path to the value itself. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))];
}

/** A copy of a value, with `by` in place of what is at a path; `undefined` leaves that out. */
function replaceAt(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  const inner = replaceAt(copy[key], rest, by);
  if (inner !== undefined) copy[key] = inner;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
}

/** A schema, and every schema inside it, that has properties. */
function objectsIn(schema: object): Schema[] {
  const inner = Object.values(schema).filter((value) => typeof value === 'object' && value !== null);
  return [...('properties' in schema ? [schema as Schema] : []), ...inner.flatMap(objectsIn)];
}

/** Each property in a schema, with its name behind that of the schema. */
function fieldsIn(schema: object, name: string): [string, Schema][] {
  return objectsIn(schema).flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([key, field]): [string, Schema] => [`${name} ${key}`, field]),
  );
}

describe('JSON Schemas', () => {
  it('accept the examples, as the worker does', () => {
    for (const [name, schema, example] of EXAMPLES) {
      expect(schema.safeParse(example).error).toBeUndefined();
      expect(isValid(name, example)).toBe(true);
      expect(isValid(name, { ...(example as object), laterField: 1 })).toBe(true);
    }
  });

  it('describe each field', () => {
    const fields = [...jsonSchemas()].flatMap(([name, schema]) => fieldsIn(schema, name));
    expect(fields.length).toBeGreaterThan(400);
    expect(fields.filter(([, field]) => !field.description?.endsWith('.')).map(([path]) => path)).toEqual([]);
  });

  it('take no unknown field in a file that people write, at any depth', () => {
    for (const name of ['ruleset-file', 'host-policy'] as const) {
      const open = objectsIn(jsonSchemas().get(name) ?? {}).filter(
        (each) => each.additionalProperties !== false,
      );
      expect(open).toEqual([]);
    }
    expect(isValid('ruleset-file', { name: 'edge', both: '' })).toBe(true);
    expect(isValid('ruleset-file', { name: 'edge', ip4: '' })).toBe(false);
  });

  it('are named by a ruleset file for its editor, which is read as it is', async () => {
    const { text } = await markdownFile('src/cli/README.md');
    const [block = '', named = ''] =
      /^# yaml-language-server: \$schema=schemas\/(\S+)\n[^`]+/m.exec(text) ?? [];
    expect(SCHEMA_NAMES.map(schemaFile)).toContain(named);
    expect(validators.get('ruleset-file')?.(parse(block))).toBe(true);
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-editor-'));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    await writeFile(join(folder, 'rules.yaml'), block);
    const { ruleset } = await readRulesetFile(join(folder, 'rules.yaml'), {});
    expect(ruleset).toMatchObject({ name: 'edge', revision: 7 });
  });

  it('accept and refuse the same values as the worker', () => {
    const replacements = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom<unknown>(
        null,
        '',
        0,
        1,
        -1,
        1.5,
        2 ** 53,
        1201,
        true,
        [],
        {},
        ['web-1'],
        ['Web_1'],
        'apply',
        'none',
      ),
      fc.constantFrom('2026-11-22T10:00:00+02:00', '2026-02-30T10:00:00Z', 'fleetwall/v2', 'x'.repeat(300)),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const changed = fc.constantFrom(...EXAMPLES).chain(([name, schema, example]) =>
      fc.tuple(fc.constantFrom(...pathsIn(example)), replacements).map(([path, by]) => ({
        name,
        schema,
        value: replaceAt(example, path, by),
      })),
    );
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(changed, ({ name, schema, value }) => {
        fc.pre(value !== undefined);
        const taken = schema.safeParse(value).success;
        seen[taken ? 'taken' : 'refused'] += 1;
        expect(isValid(name, value)).toBe(taken);
      }),
      { numRuns: 5_000 },
    );
    expect(seen.taken).toBeGreaterThan(500);
    expect(seen.refused).toBeGreaterThan(500);
  });
});
