import { BrokerConnection, type BrokerModel } from '../broker/connection.ts';
import { QueueConsumer } from '../broker/consumer.ts';
import { ConfirmedPublisher } from '../broker/publisher.ts';
import { declareTopology } from '../broker/topology.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import type { WorkerEvent } from '../contract/event.ts';
import { hostControlQueue, hostJobsQueue } from '../contract/names.ts';
import { BoundGroupsFile } from '../host/bound-groups.ts';
import { handleDelivery } from '../job/handle-delivery.ts';
import type { Log, Ports } from '../job/ports.ts';
import { SetupError } from '../job/setup-error.ts';
import { handleControl } from './handle-control.ts';
import { preparePorts } from './prepare.ts';
import { workerEvent } from './worker-events.ts';

/**
 * The daemon: takes this host's jobs until it is told to stop, then finishes the one in hand and says good-bye.
 *
 * @throws {SetupError} if the host or the settings do not let it start
 */
export async function runWorker(settings: WorkerSettings, log: Log, stop: AbortSignal): Promise<void> {
  assertAuthority(settings);
  const publisher = new ConfirmedPublisher();
  const ports = await preparePorts(settings, publisher, log);
  await ports.results.prune();
  const { hostId } = settings;
  const jobs = new QueueConsumer({
    queue: hostJobsQueue(hostId),
    handle: (delivery) => handleDelivery(delivery, ports),
    onConsuming: () => void announce('fleetwall.worker.online', ports),
    log,
  });
  const control = new QueueConsumer({
    queue: hostControlQueue(hostId),
    handle: (delivery) => handleControl(delivery, ports),
    log,
  });
  const connection = await BrokerConnection.open({
    addresses: settings.amqpUrl,
    connectionName: `fleetwall worker ${hostId}`,
    log,
    setup: async (model) => {
      await declareHost(model, settings);
      await publisher.open(model);
      await control.open(model);
      await jobs.open(model);
    },
  });
  const heartbeat = setInterval(
    () => void announce('fleetwall.worker.heartbeat', ports),
    settings.heartbeatSeconds * 1000,
  );
  log.info({ worker: ports.facts, netns: settings.netns ?? null }, 'Worker started');

  await aborted(stop);
  log.info({}, 'Worker stops: no new jobs are taken, the one in hand is finished');
  clearInterval(heartbeat);
  await Promise.all([jobs.stop(), control.stop()]);
  await announce('fleetwall.worker.offline', ports);
  await connection.close();
  log.info({}, 'Worker stopped');
}

/** Declares what the host needs on the broker, and leaves the groups that it is in no more. */
async function declareHost(model: BrokerModel, settings: WorkerSettings): Promise<void> {
  const { hostId, groups, queueType, stateDir } = settings;
  const memory = new BoundGroupsFile(stateDir);
  const bound = await memory.read();
  // On disk before it is so on the broker: whatever was bound once is known.
  await memory.write([...new Set([...bound, ...groups])]);
  const leftGroups = bound.filter((group) => !groups.includes(group));
  await declareTopology(model, { hostId, groups, leftGroups, queueType });
  await memory.write(groups);
}

/** Tells the fleet of the worker; that nobody heard it is no reason to do anything else. */
async function announce(type: WorkerEvent['type'], ports: Ports): Promise<void> {
  try {
    await ports.events.publish(await workerEvent(type, ports));
  } catch (error) {
    ports.log.warn({ type, error }, 'Cannot publish a worker event');
  }
}

function assertAuthority({ allowUnsigned }: WorkerSettings): void {
  if (allowUnsigned) return;
  throw new SetupError(
    'FLEETWALL_ALLOW_UNSIGNED is not true: this version of fleetwall checks no signatures yet, and so would take jobs from anybody who can publish on the broker; set it to true if that is meant',
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
