import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { changeRules, pushSame } from './acts.ts';
import type { AlertFleet } from './alert-fleet.ts';
import type { Cause } from './cause.ts';

const EVENTS = 8_100;
const DRIFT_MS = 1_300;
/** Longer than a worker waits for a confirm, shorter than it needs to see that the connection is dead. */
const SILENT_MS = 5_500;
const VHOST = ['-p', 'fleet'];

/** Alerts of the way to the broker, and of the broker. */
export const CAUSES_OF_BROKER: readonly Cause[] = [
  {
    alert: 'FleetwallBrokerDisconnected',
    what: 'the broker is killed',
    labels: { instance: 'web-1' },
    harm: async ({ broker }) => await broker.kill(),
    mend: async ({ broker }) => await broker.restart(),
  },
  {
    alert: 'FleetwallNotConsuming',
    what: 'the user of web-1 may not read its queues any more',
    labels: { instance: 'web-1' },
    harm: async ({ broker }) => {
      await broker.ctl('set_permissions', ...VHOST, 'web-1', '^$', '.*', '^$');
      await broker.ctl('close_all_user_connections', 'web-1', 'rights');
    },
    mend: async (fleet) => await fleet.provision(),
  },
  {
    alert: 'FleetwallBrokerFlapping',
    what: 'the connections of web-2 are closed again and again',
    labels: { instance: 'web-2' },
    goOn: async (fleet) => {
      await fleet.broker.ctl('close_all_user_connections', 'web-2', 'idle');
      await connected(fleet);
    },
    mend: async () => {},
  },
  {
    alert: 'FleetwallOutboxGrowing',
    what: 'the broker is short of disk space, and rules of web-1 are changed meanwhile',
    labels: { instance: 'web-1' },
    harm: async ({ broker }) => void (await broker.ctl('set_disk_free_limit', '999999GB')),
    goOn: async (fleet, round) => {
      await changeRules(fleet, 'web-1', round);
      await sleep(DRIFT_MS);
    },
    mend: async (fleet) => {
      await fleet.broker.ctl('set_disk_free_limit', '50MB');
      await pushSame(fleet, 'web-1');
    },
  },
  {
    alert: 'FleetwallOutboxNearlyFull',
    what: `the broker is away, and ${EVENTS} events wait on web-1`,
    labels: { instance: 'web-1' },
    harm: async (fleet) => {
      await fleet.broker.kill();
      await changeRules(fleet, 'web-1', 0);
      await fleet.until('an event that waits', async () => (await waiting(fleet)).length > 0);
      await fleet.host('web-1').end('SIGKILL');
      await multiplyEvents(fleet);
      await fleet.restart('web-1');
    },
    mend: async (fleet) => {
      await fleet.broker.restart();
      await pushSame(fleet, 'web-1');
    },
  },
  {
    alert: 'FleetwallPublishesUnconfirmed',
    what: 'nothing comes from the broker to web-2, whose rules are changed',
    labels: { instance: 'web-2' },
    quicker: 10,
    goOn: async (fleet, round) => {
      fleet.network.mode = 'silent-down';
      await changeRules(fleet, 'web-2', round);
      await sleep(SILENT_MS);
      fleet.network.mode = 'pass';
      await connected(fleet);
    },
    mend: async (fleet) => {
      fleet.network.mode = 'pass';
      await pushSame(fleet, 'web-2');
    },
  },
];

async function connected(fleet: AlertFleet): Promise<void> {
  const isConsuming = async () => (await fleet.samples('web-2'))?.get('fleetwall_broker_consuming') === 1;
  await fleet.until('the connection of web-2', isConsuming);
}

const outboxOf = (fleet: AlertFleet) => join(fleet.host('web-1').stateDir, 'outbox');

async function waiting(fleet: AlertFleet): Promise<string[]> {
  const names = await readdir(outboxOf(fleet)).catch(() => []);
  return names.filter((name) => name.endsWith('.json'));
}

/** To wait until so many have come would take hours: the one that waits is there so many times, each time with an id of its own. */
async function multiplyEvents(fleet: AlertFleet): Promise<void> {
  const [name = ''] = await waiting(fleet);
  const stored = JSON.parse(await readFile(join(outboxOf(fleet), name), 'utf8')) as {
    sequence: number;
    event: object;
  };
  for (let count = 1; count <= EVENTS; count += 1) {
    const sequence = stored.sequence + count;
    const text = JSON.stringify({ ...stored, sequence, event: { ...stored.event, id: randomUUID() } });
    await writeFile(join(outboxOf(fleet), `${String(sequence).padStart(15, '0')}.json`), text);
  }
}
