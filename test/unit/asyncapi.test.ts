import { compactVerify, generalVerify, importJWK, type JWK } from 'jose';
import { expect, it } from 'vitest';
import {
  controlQueue,
  DEAD_QUEUE_ARGUMENTS,
  EVENT_LOG_ARGUMENTS,
  EXCHANGES,
  jobsQueue,
} from '../../src/broker/connection/topology.ts';
import { ControlMessage } from '../../src/contract/jobs/control.ts';
import { Job } from '../../src/contract/jobs/job.ts';
import { asyncApi } from '../../src/contract/schema/asyncapi.ts';
import { CHANNELS } from '../../src/contract/schema/asyncapi-channels.ts';
import { MESSAGES } from '../../src/contract/schema/asyncapi-messages.ts';
import { SCHEMA_NAMES, schemaFile } from '../../src/contract/schema/json-schemas.ts';
import { SIGNED_CONTROL_EXAMPLE, SIGNED_JOB_EXAMPLE } from '../../src/contract/schema/signed-examples.ts';
import { DEAD_QUEUE, EVENT_LOG_STREAM, OPERATOR_EXCHANGE } from '../../src/contract/words/names.ts';
import { markdownFile } from '../support/documents.ts';
import { asyncApiValidator, messageValidators } from '../support/message-schemas.ts';

const document = asyncApi('1.2.3');

it('is valid by the schema of AsyncAPI 3.0.0', () => {
  const isAsyncApi = asyncApiValidator();
  expect(isAsyncApi(document), JSON.stringify(isAsyncApi.errors)).toBe(true);
  expect(isAsyncApi({ ...document, channels: { jobs: { address: 1 } } })).toBe(false);
});

it('refers only to what exists, and to every message and schema of messages', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? '');
  const files = SCHEMA_NAMES.map((name) => `./${schemaFile(name)}`);
  for (const reference of references) {
    if (reference.startsWith('#/')) expect(document).toHaveProperty(reference.slice(2).split('/'));
    else expect(files).toContain(reference);
  }
  const messages = Object.keys(MESSAGES).map((name) => `#/components/messages/${name}`);
  const written = new Set(['./ruleset-file.schema.json', './host-policy.schema.json']);
  const wanted = [...messages, ...files.filter((file) => !written.has(file))];
  expect(wanted.filter((each) => !references.includes(each))).toEqual([]);
});

it('has examples of every message, each valid by its schemas', () => {
  const validators = messageValidators();
  for (const [name, { examples }] of Object.entries(MESSAGES)) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples as { name: string; payload: unknown; headers?: unknown }[]) {
      const { payload, headers } = validators.get(name) ?? {};
      expect(payload?.(example.payload), `${name}, ${example.name}: ${JSON.stringify(payload?.errors)}`).toBe(
        true,
      );
      if (example.headers !== undefined) expect(headers?.(example.headers)).toBe(true);
    }
  }
  expect(validators.get('event')?.headers?.({ 'ce-id': '1' })).toBe(false);
});

it('has a parameter for each part of an address that varies, and no other', () => {
  for (const { address, parameters } of Object.values(CHANNELS) as Record<string, unknown>[]) {
    const parts = (address as string).match(/(?<=\{)\w+/g) ?? [];
    expect(Object.keys(parameters as object)).toEqual(parts);
  }
});

it('has the exchanges and queues as they are made', () => {
  const bindings = Object.values(CHANNELS).map(
    (channel) => (channel['bindings'] as { amqp: Record<string, unknown> }).amqp,
  );
  const exchanges = bindings.flatMap(({ exchange }) => (exchange as { name: string; type: string }) ?? []);
  const made = EXCHANGES.filter(([, type]) => type === 'topic').map(([name]) => name);
  expect(new Set(exchanges.map(({ name }) => name))).toEqual(new Set([...made, OPERATOR_EXCHANGE]));
  const told = bindings.flatMap(({ queue, 'x-arguments': args }) =>
    queue === undefined ? [] : [[(queue as { name: string }).name, args]],
  );
  const jobs = jobsQueue('{hostId}', 'quorum');
  const control = controlQueue('{hostId}', 'quorum');
  expect(Object.fromEntries(told)).toEqual({
    [jobs.queue]: jobs.arguments,
    [control.queue]: control.arguments,
    [EVENT_LOG_STREAM]: EVENT_LOG_ARGUMENTS,
    [DEAD_QUEUE]: DEAD_QUEUE_ARGUMENTS,
  });
});

it('has signed examples that the key of the contract verifies', async () => {
  const { text } = await markdownFile('src/contract/README.md');
  const [ops = ''] = /^ *\{ "kty": .*"kid": "ops".*\}(?=,$)/m.exec(text) ?? [];
  const key = await importJWK(JSON.parse(ops) as JWK, 'EdDSA');
  for (const [{ compact, general }, schema] of [
    [SIGNED_JOB_EXAMPLE, Job],
    [SIGNED_CONTROL_EXAMPLE, ControlMessage],
  ] as const) {
    const { payload, protectedHeader } = await compactVerify(compact, key);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: 'ops' });
    expect(schema.safeParse(JSON.parse(new TextDecoder().decode(payload))).error).toBeUndefined();
    expect((await generalVerify(general, key)).payload).toEqual(payload);
  }
});
