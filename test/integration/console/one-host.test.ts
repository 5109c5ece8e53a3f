import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { MOST_NAMES } from '../../../src/central/log/fleet-state.ts';
import type { FleetAnswer } from '../../../src/console/api/hosts.ts';
import { EVENTS_EXCHANGE, eventKey } from '../../../src/contract/words/names.ts';
import { TestClient } from '../../support/client.ts';
import { fleetwall } from '../../support/command-line.ts';
import { TestConsole } from '../../support/console.ts';
import { jobEventOf, workerEventOf } from '../../support/example-events.ts';
import { TestHost } from '../../support/host.ts';
import { Rabbitmq } from '../../support/rabbitmq.ts';

/** So many that a fold which goes over all of them for each would take minutes. */
const EVENTS = 4_000;
const PATIENCE = { timeout: 60_000 };
let broker: Rabbitmq;
let client: TestClient;
let host: TestHost;
let page: TestConsole;

beforeAll(async () => {
  broker = await Rabbitmq.start();
  client = await TestClient.connect(broker.url);
  host = await TestHost.create({ brokerUrl: broker.url, client, backend: 'nft' });
  await host.start();
  page = await TestConsole.start(broker.url);
});

afterAll(async () => {
  await page?.stop();
  await host?.remove();
  await client?.close();
  await broker?.stop();
});

it('a host that tells of ever more lists spoils its own row alone', async () => {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  const say = (event: ReturnType<typeof jobEventOf>, outcome?: string) =>
    channel.publish(
      EVENTS_EXCHANGE,
      eventKey('odd-1', event.type, outcome),
      Buffer.from(JSON.stringify(event)),
      { contentType: 'application/cloudevents+json', persistent: true },
    );
  say(workerEventOf('odd-1', [], 'fleetwall.worker.online'));
  for (let number = 0; number < EVENTS; number += 1) {
    const event = jobEventOf('odd-1', { id: `job-${number}`, action: 'list.change' }, 'applied');
    const digest = 'a'.repeat(64);
    const list = { name: `l${number}`, revision: 1, digest, liveRevision: 1, liveDigest: digest, entries: 1 };
    say({ ...event, data: { ...event.data, ruleset: null, diff: null, list } } as never, 'applied');
    if (number % 500 === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await connection.close();

  const rowOf = async (id: string) =>
    (await page.get<FleetAnswer>('api/fleet')).hosts.find(({ hostId }) => hostId === id);
  await vi.waitFor(
    async () => expect((await rowOf('odd-1'))?.lists.at(-1)?.name).toBe(`l${EVENTS - 1}`),
    PATIENCE,
  );
  expect((await rowOf('odd-1'))?.lists).toHaveLength(MOST_NAMES);
  expect(await rowOf('odd-1')).toMatchObject({ isCut: true });
  expect(await rowOf(host.id)).toMatchObject({ presence: 'online', isCut: false, lists: [] });

  const { stdout } = await fleetwall(['status'], { environment: { FLEETWALL_AMQP_URL: broker.url } });
  expect(stdout).toContain(`more than ${MOST_NAMES} rulesets or lists on odd-1`);
});
