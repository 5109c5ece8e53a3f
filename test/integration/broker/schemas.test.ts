import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EVENT_KEYS } from '../../../src/contract/schema/asyncapi-channels.ts';
import { CONTROL_EXAMPLES, JOB_EXAMPLES } from '../../../src/contract/schema/examples.ts';
import { jsonSchemas, schemaFile } from '../../../src/contract/schema/json-schemas.ts';
import { CONTROL_EXCHANGE } from '../../../src/contract/words/names.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { messageValidators } from '../../support/message-schemas.ts';

const fixture = new Fixture();
const OUTCOMES: Record<string, string> = {
  check: 'checked',
  apply: 'applied',
  'apply, to be confirmed': 'applied',
  'apply, for some time': 'applied',
  rollback: 'applied',
  report: 'reported',
  remove: 'removed',
  'list.replace': 'applied',
  'list.change': 'applied',
  'report of a list': 'reported',
  'list.remove': 'applied',
};

it('a host accepts the examples as they are, and its events are valid by the schema', async () => {
  const host = await fixture.host('nft', { id: 'web-1' });
  const client = await fixture.client();
  for (const [name, job] of Object.entries(JOB_EXAMPLES)) {
    const before = client.heard.length;
    await client.publish(host.id, job);
    if (job.action !== 'report' && job.confirm?.mode === 'manual') {
      await client.event(host.id, 'fleetwall.job.awaiting_confirmation', before);
      await client.publish(host.id, CONTROL_EXAMPLES['confirm'] ?? {}, {}, CONTROL_EXCHANGE);
    }
    const { data } = await client.completed(job.id);
    expect([name, data.outcome, data.failure]).toEqual([name, OUTCOMES[name], null]);
  }
  const before = client.heard.length;
  await client.publish(host.id, CONTROL_EXAMPLES['ping'] ?? {}, {}, CONTROL_EXCHANGE);
  await client.event(host.id, 'fleetwall.worker.heartbeat', before);

  const { payload, headers } = messageValidators().get('event') ?? {};
  const said = client.heard.filter(({ event }) => event.data.hostId === host.id);
  expect(said.length).toBeGreaterThan(12);
  for (const { key, message } of said) {
    const { properties, content } = message;
    expect(payload?.(JSON.parse(content.toString('utf8'))), JSON.stringify(payload?.errors)).toBe(true);
    expect(headers?.(properties.headers), JSON.stringify(headers?.errors)).toBe(true);
    expect(properties).toMatchObject({ contentType: 'application/cloudevents+json', deliveryMode: 2 });
    expect(properties.messageId).toBe(properties.headers?.['ce-id']);
    expect(EVENT_KEYS).toContain(key.slice(`${host.id}.`.length));
  }
});

it.each([
  { kind: 'abort', isFirst: false, outcome: 'rolled_back', code: 'aborted' },
  { kind: 'cancel', isFirst: true, outcome: 'cancelled', code: undefined },
])('a host accepts the example of $kind', async ({ kind, isFirst, outcome, code }) => {
  const host = await fixture.host('nft', { id: 'web-1' });
  const client = await fixture.client();
  const job = JOB_EXAMPLES['apply, to be confirmed'];
  const answer = async () =>
    await client.publish(host.id, CONTROL_EXAMPLES[kind] ?? {}, {}, CONTROL_EXCHANGE);
  if (isFirst) {
    await answer();
    await host.logged('A job is cancelled');
  }
  await client.publish(host.id, job ?? {});
  if (!isFirst) {
    await client.event(host.id, 'fleetwall.job.awaiting_confirmation');
    await answer();
  }
  const { data } = await client.completed(job?.id ?? '');
  expect([data.outcome, data.failure?.code]).toEqual([outcome, code]);
  expect(await host.namespace.save()).not.toContain('edge-in');
});

it('fleetwall schema writes the schemas into a folder, or prints one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleetwall-schema-'));
  try {
    expect(await fleetwall(['schema', '--out', join(folder, 'new')])).toMatchObject({
      status: 0,
      stderr: '',
    });
    const files = new Set(await readdir(join(folder, 'new')));
    expect(files).toEqual(new Set([...jsonSchemas().keys()].map(schemaFile)).add('asyncapi.json'));
    const written = await readFile(join(folder, 'new', 'job.schema.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(jsonSchemas().get('job'));
    expect((await fleetwall(['schema', 'job'])).stdout).toBe(written.trimEnd());
    expect(await fleetwall(['schema', 'jobs'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Allowed choices are job'),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
