import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, it } from 'vitest';
import { FleetEvent } from '../../../src/contract/event.ts';
import { Fixture } from '../../support/fixture.ts';
import { table } from '../../support/rulesets.ts';

const fixture = new Fixture();

it('a job from Python, written from the contract alone, is applied and answered', async () => {
  const host = await fixture.host('nft');
  const rules = table(
    'filter',
    ':edge-in - [0:0]',
    '-A INPUT -j edge-in',
    '-A edge-in -p tcp --dport 22 -j ACCEPT',
  );
  // The Python of the system, as pika is a Debian package.
  const script = join(import.meta.dirname, 'pika_client.py');
  const { stdout } = await execa('/usr/bin/python3', [script, inject('brokerUrl'), host.id], {
    input: rules,
  });
  const answer = JSON.parse(stdout) as {
    event: unknown;
    contentType: string;
    headers: Record<string, string>;
  };
  const event = FleetEvent.parse(answer.event);
  expect(event).toMatchObject({
    type: 'fleetwall.job.completed',
    data: { hostId: host.id, outcome: 'applied', failure: null },
  });
  expect(answer.contentType).toBe('application/cloudevents+json');
  expect(answer.headers['ce-id']).toBe(event.id);
  expect(await host.namespace.save()).toContain('-A edge-in -p tcp -m tcp --dport 22 -j ACCEPT');
});
