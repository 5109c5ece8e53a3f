import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONTROL_EXCHANGE } from '../../../src/contract/names.ts';
import { CONTROL_EXAMPLES, JOB_EXAMPLES } from '../../../src/contract/schema/examples.ts';
import { jsonSchemas, schemaFile } from '../../../src/contract/schema/json-schemas.ts';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';
import { compileSchemas } from '../../support/message-schemas.ts';

const fixture = new Fixture();
const OUTCOMES = {
  check: 'checked',
  apply: 'applied',
  'apply, to be confirmed': 'applied',
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
    expect([name, data.outcome, data.failure]).toEqual([name, OUTCOMES[name as keyof typeof OUTCOMES], null]);
  }
  for (const kind of ['abort', 'ping']) {
    await client.publish(host.id, CONTROL_EXAMPLES[kind] ?? {}, {}, CONTROL_EXCHANGE);
  }
  await client.event(host.id, 'fleetwall.worker.heartbeat');

  const isEvent = compileSchemas().get('event');
  const said = client.heard.filter(({ event }) => event.data.hostId === host.id);
  expect(said.length).toBeGreaterThan(12);
  for (const { message } of said) {
    expect(isEvent?.(JSON.parse(message.content.toString('utf8'))), JSON.stringify(isEvent?.errors)).toBe(
      true,
    );
  }
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
