import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { VERSION } from '../../config/version.ts';
import { asyncApi } from '../../contract/asyncapi.ts';
import {
  type JsonSchema,
  jsonSchemas,
  SCHEMA_NAMES,
  type SchemaName,
  schemaFile,
} from '../../contract/json-schemas.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';

interface Flags {
  out?: string;
  json?: true;
}

/** The wire for programs in other languages. */
export function schemaCommand(end: (status: ExitStatus) => void): Command {
  return new Command('schema')
    .addArgument(
      new Argument('[name]', 'what to print; without it, the names').choices([...SCHEMA_NAMES, 'asyncapi']),
    )
    .option('--out <folder>', 'write all of them there')
    .option('--json', 'print one JSON object a line: name, and schema or file')
    .action(async (name: string | undefined, { out, json }: Flags) => {
      const documents: [string, JsonSchema][] = [...jsonSchemas(), ['asyncapi', asyncApi(VERSION)]];
      const wanted = documents.filter(([each]) => name === undefined || each === name);
      if (out !== undefined) await mkdir(out, { recursive: true });
      for (const [each, document] of wanted) {
        const text = `${JSON.stringify(document, null, 2)}\n`;
        if (out !== undefined) {
          const file = join(out, fileOf(each));
          await writeFile(file, text);
          process.stdout.write(json ? `${JSON.stringify({ name: each, file })}\n` : `${file}\n`);
        } else if (json) process.stdout.write(`${JSON.stringify({ name: each, schema: document })}\n`);
        else process.stdout.write(name === undefined ? `${each}\n` : text);
      }
      end(0);
    });
}

function fileOf(name: string): string {
  return name === 'asyncapi' ? 'asyncapi.json' : schemaFile(name as SchemaName);
}
