import { expect, inject, it } from 'vitest';
import { fleetwall } from '../../support/command-line.ts';
import { Fixture } from '../../support/fixture.ts';

const fixture = new Fixture();

it('what is looked for since before 1970 is looked for from the beginning of the log on', async () => {
  const { id } = await fixture.host('nft');
  const run = async (...args: string[]) =>
    await fleetwall(args, { environment: { FLEETWALL_AMQP_URL: inject('brokerUrl') } });
  const watched = await run('watch', '--host', id, '--since', '1960-01-01T00:00:00Z', '--for', '1', '--json');
  expect(watched).toMatchObject({ status: 0, stdout: expect.stringContaining('fleetwall.worker.online') });
  const status = await run('status', '--host', id, '--since', '36500d', '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ hostId: id, presence: 'online' });
  expect(await run('history', '--since', '21000d')).toMatchObject({ status: 0 });
  expect(await run('rollout', 'list', '--since', '21000d')).toMatchObject({ status: 0 });
});
