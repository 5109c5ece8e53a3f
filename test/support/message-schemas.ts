import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { MESSAGES } from '../../src/contract/schema/asyncapi-messages.ts';
import {
  type JsonSchema,
  jsonSchemas,
  type SchemaName,
  schemaFile,
} from '../../src/contract/schema/json-schemas.ts';

const require = createRequire(import.meta.url);

/** Compiles the published schemas strictly: an unknown keyword is an error. Formats are not checked, as there are patterns. */
export function compileSchemas(): Map<SchemaName, ValidateFunction> {
  const ajv = new Ajv2020({ strict: true, validateFormats: false });
  return new Map([...jsonSchemas()].map(([name, schema]) => [name, ajv.compile(schema)] as const));
}

interface MessageValidator {
  payload: ValidateFunction;
  headers?: ValidateFunction;
}

/** Compiles what the AsyncAPI document says of each message: its payload, and its headers where it says something of them. */
export function messageValidators(): Map<string, MessageValidator> {
  const ajv = new Ajv2020({ strict: true, validateFormats: false });
  for (const [name, schema] of jsonSchemas()) ajv.addSchema(schema, `file:///${schemaFile(name)}`);
  return new Map(
    Object.entries(MESSAGES as Record<string, JsonSchema>).map(([name, { payload, headers }]) => [
      name,
      {
        payload: ajv.compile({ $id: `file:///${name}`, ...(payload as { schema: object }).schema }),
        ...(headers === undefined ? {} : { headers: ajv.compile(headers as object) }),
      },
    ]),
  );
}

/** Validates a document by the schema of AsyncAPI 3.0.0, as the AsyncAPI Initiative publishes it. */
export function asyncApiValidator(): ValidateFunction {
  const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
  return new Ajv({ strict: false, validateFormats: false }).compile(schema);
}
