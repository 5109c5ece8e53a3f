import type { Channel, ChannelModel } from 'amqplib';
import {
  ALL_KEY,
  CONTROL_EXCHANGE,
  DEAD_EXCHANGE,
  DEAD_QUEUE,
  EVENT_LOG_STREAM,
  EVENTS_EXCHANGE,
  groupKey,
  hostControlQueue,
  hostJobsQueue,
  hostKey,
  JOBS_EXCHANGE,
} from '../contract/names.ts';

export interface HostTopology {
  hostId: string;
  groups: readonly string[];
  /** Groups that the host's queues may still be bound for, and that it is in no more. */
  leftGroups: readonly string[];
  queueType: 'quorum' | 'classic';
}

const EXCHANGES = [
  [JOBS_EXCHANGE, 'topic'],
  [CONTROL_EXCHANGE, 'topic'],
  [EVENTS_EXCHANGE, 'topic'],
  [DEAD_EXCHANGE, 'fanout'],
] as const;

const EVENT_LOG_BYTES = 2 * 1024 * 1024 * 1024;
const EVENT_LOG_AGE = '30D';

/**
 * Makes sure that everything on the broker is there that a host needs. A queue that exists is used as it is found, and
 * so is an exchange that may not be declared.
 */
export async function declareTopology(model: ChannelModel, topology: HostTopology): Promise<void> {
  const { hostId, groups, leftGroups, queueType } = topology;
  for (const [name, type] of EXCHANGES) {
    await ensure(
      model,
      (channel) => channel.checkExchange(name),
      (channel) => channel.assertExchange(name, type, { durable: true }),
    );
  }
  await ensureQueue(model, DEAD_QUEUE, {});
  await ensureQueue(model, EVENT_LOG_STREAM, {
    'x-queue-type': 'stream',
    'x-max-length-bytes': EVENT_LOG_BYTES,
    'x-max-age': EVENT_LOG_AGE,
  });
  await ensureQueue(model, hostJobsQueue(hostId), {
    'x-queue-type': queueType,
    'x-dead-letter-exchange': DEAD_EXCHANGE,
  });
  await ensureQueue(model, hostControlQueue(hostId), {});
  await bind(model, topology, groups, leftGroups);
}

async function bind(
  model: ChannelModel,
  { hostId }: HostTopology,
  groups: readonly string[],
  leftGroups: readonly string[],
): Promise<void> {
  const channel = await openChannel(model);
  await channel.bindQueue(DEAD_QUEUE, DEAD_EXCHANGE, '');
  await channel.bindQueue(EVENT_LOG_STREAM, EVENTS_EXCHANGE, '#');
  for (const [queue, exchange] of [
    [hostJobsQueue(hostId), JOBS_EXCHANGE],
    [hostControlQueue(hostId), CONTROL_EXCHANGE],
  ] as const) {
    for (const key of [hostKey(hostId), ALL_KEY, ...groups.map(groupKey)])
      await channel.bindQueue(queue, exchange, key);
    for (const group of leftGroups) await channel.unbindQueue(queue, exchange, groupKey(group));
  }
  await channel.close();
}

async function ensureQueue(model: ChannelModel, name: string, args: Record<string, unknown>): Promise<void> {
  await ensure(
    model,
    (channel) => channel.checkQueue(name),
    (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
  );
}

/** What is looked for and not found is made. Each look has a channel of its own, as the broker closes it with its "no". */
async function ensure(
  model: ChannelModel,
  look: (channel: Channel) => Promise<unknown>,
  make: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  try {
    await onOwnChannel(model, look);
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    await onOwnChannel(model, make);
  }
}

const NOT_FOUND = 404;

async function onOwnChannel(
  model: ChannelModel,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await openChannel(model);
  await work(channel);
  await channel.close();
}

/** The error that closes a channel comes to whoever asked, too: the event is no news. */
async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel();
  channel.on('error', () => {});
  return channel;
}
