import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { jsonSchemas, type SchemaName } from '../../src/contract/schema/json-schemas.ts';

const require = createRequire(import.meta.url);

/** Compiles the published schemas strictly: an unknown keyword is an error. Formats are not checked, as there are patterns. */
export function compileSchemas(): Map<SchemaName, ValidateFunction> {
  const ajv = new Ajv2020({ strict: true, validateFormats: false });
  return new Map([...jsonSchemas()].map(([name, schema]) => [name, ajv.compile(schema)] as const));
}

/** Validates a document by the schema of AsyncAPI 3.0.0, as the AsyncAPI Initiative publishes it. */
export function asyncApiValidator(): ValidateFunction {
  const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
  return new Ajv({ strict: false, validateFormats: false }).compile(schema);
}
