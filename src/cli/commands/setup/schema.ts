import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { VERSION } from '../../../config/version.ts';
import { asyncApi } from '../../../contract/schema/asyncapi.ts';
import {
  type JsonSchema,
  jsonSchemas,
  SCHEMA_NAMES,
  type SchemaName,
  schemaFile,
} from '../../../contract/schema/json-schemas.ts';
import { makeFolder } from '../../../system/make-folder.ts';
import { withExamples } from '../../options/help.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printJson } from '../../terminal/print.ts';

interface Flags {
  out?: string;
  json?: true;
}

/** The wire for programs in other languages. */
export function schemaCommand(end: (status: ExitStatus) => void): Command {
  const command = new Command('schema')
    .addArgument(
      new Argument('[name]', 'which document to print; without one, their names are printed').choices([
        ...SCHEMA_NAMES,
        'asyncapi',
      ]),
    )
    .option('--out <folder>', 'write each document to a file of its own in this folder')
    .option('--json', 'print one JSON object a line: name, and schema or file')
    .action(async (name: string | undefined, { out, json }: Flags) => {
      const documents: [string, JsonSchema][] = [...jsonSchemas(), ['asyncapi', asyncApi(VERSION)]];
      const wanted = documents.filter(([each]) => name === undefined || each === name);
      if (out !== undefined) await makeFolder(out);
      for (const [each, document] of wanted) {
        const text = `${JSON.stringify(document, null, 2)}\n`;
        if (out !== undefined) {
          const file = join(out, fileOf(each));
          await writeFile(file, text);
          if (json) printJson({ name: each, file });
          else print(`${file}\n`);
        } else if (json) printJson({ name: each, schema: document });
        else print(name === undefined ? `${each}\n` : text);
      }
      end(0);
    });
  return withExamples(command, [
    ['the JSON Schema of a job', 'fleetwall schema job'],
    ['all of them, and the AsyncAPI document, as files', 'fleetwall schema --out ./schema'],
  ]);
}

function fileOf(name: string): string {
  return name === 'asyncapi' ? 'asyncapi.json' : schemaFile(name as SchemaName);
}
