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
  OPERATOR_EXCHANGE,
} from '../contract/names.ts';

import { closeChannel, openChannel } from './connection/open-channel.ts';
import { ACCESS_REFUSED, NOT_FOUND, replyCode } from './connection/reply-codes.ts';

export interface HostTopology {
  hostId: string;
  groups: readonly string[];
  /** Groups that the host has left, and that its queues may still be bound for. */
  leftGroups: readonly string[];
  queueType: 'quorum' | 'classic';
}

export const EXCHANGES = [
  [JOBS_EXCHANGE, 'topic'],
  [CONTROL_EXCHANGE, 'topic'],
  [EVENTS_EXCHANGE, 'topic'],
  [DEAD_EXCHANGE, 'fanout'],
] as const;

export const EVENT_LOG_ARGUMENTS = {
  'x-queue-type': 'stream',
  'x-max-length-bytes': 2 * 1024 * 1024 * 1024,
  'x-max-age': '30D',
};

export function jobsQueueArguments(type: 'quorum' | 'classic') {
  return { 'x-queue-type': type, 'x-dead-letter-exchange': DEAD_EXCHANGE };
}

/**
 * Makes sure that everything that a host needs exists on the broker. Queues and exchanges that exist are used as they are.
 * Bindings that this user may not make are left to somebody else.
 */
export async function declareTopology(model: ChannelModel, topology: HostTopology): Promise<void> {
  const { hostId, groups, leftGroups, queueType } = topology;
  await Promise.all([
    makeFleet(model),
    ensureQueue(model, hostJobsQueue(hostId), jobsQueueArguments(queueType)),
    ensureQueue(model, hostControlQueue(hostId), {}),
  ]);
  await Promise.all([bindFleet(model), bind(model, topology, groups, leftGroups)]);
}

/** Makes sure that everything that the central side needs exists, also the operators' exchange, which hosts do not declare. */
export async function declareForOperators(model: ChannelModel): Promise<void> {
  await Promise.all([makeFleet(model), ensureExchange(model, OPERATOR_EXCHANGE, 'topic')]);
  await Promise.all([
    bindFleet(model),
    allowed(model, (channel) => channel.bindQueue(EVENT_LOG_STREAM, OPERATOR_EXCHANGE, '#')),
  ]);
}

/** Declares all at the same time, each on a channel of its own: one after the other would make a start slower. */
async function makeFleet(model: ChannelModel): Promise<void> {
  await Promise.all([
    ...EXCHANGES.map(([name, type]) => ensureExchange(model, name, type)),
    ensureQueue(model, DEAD_QUEUE, {}),
    ensureQueue(model, EVENT_LOG_STREAM, EVENT_LOG_ARGUMENTS),
  ]);
}

async function bindFleet(model: ChannelModel): Promise<void> {
  await Promise.all([
    allowed(model, (channel) => channel.bindQueue(DEAD_QUEUE, DEAD_EXCHANGE, '')),
    allowed(model, (channel) => channel.bindQueue(EVENT_LOG_STREAM, EVENTS_EXCHANGE, '#')),
  ]);
}

async function bind(
  model: ChannelModel,
  { hostId }: HostTopology,
  groups: readonly string[],
  leftGroups: readonly string[],
): Promise<void> {
  const queues = [
    [hostJobsQueue(hostId), JOBS_EXCHANGE],
    [hostControlQueue(hostId), CONTROL_EXCHANGE],
  ] as const;
  const keys = [hostKey(hostId), ALL_KEY, ...groups.map(groupKey)];
  await Promise.all(
    queues.map(([queue, exchange]) =>
      allowed(model, async (channel) => {
        for (const key of keys) await channel.bindQueue(queue, exchange, key);
        for (const group of leftGroups) await channel.unbindQueue(queue, exchange, groupKey(group));
      }),
    ),
  );
}

async function allowed(model: ChannelModel, work: (channel: Channel) => Promise<unknown>): Promise<void> {
  await onOwnChannel(model, work).catch(ignoreDenied);
}

/** A user without the right to bind relies on somebody else to make the bindings. */
function ignoreDenied(error: unknown): void {
  if (replyCode(error) !== ACCESS_REFUSED) throw error;
}

async function ensureExchange(model: ChannelModel, name: string, type: string): Promise<void> {
  await ensure(
    model,
    (channel) => channel.checkExchange(name),
    (channel) => channel.assertExchange(name, type, { durable: true }),
  );
}

async function ensureQueue(model: ChannelModel, name: string, args: Record<string, unknown>): Promise<void> {
  await ensure(
    model,
    (channel) => channel.checkQueue(name),
    (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
  );
}

/** Looks for something, and makes it if it is not there. Each step has its own channel, as the broker closes one with a "no". */
async function ensure(
  model: ChannelModel,
  look: (channel: Channel) => Promise<unknown>,
  make: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  try {
    await onOwnChannel(model, look);
  } catch (error) {
    if (replyCode(error) !== NOT_FOUND) throw error;
    await onOwnChannel(model, make);
  }
}

async function onOwnChannel(
  model: ChannelModel,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await openChannel(model);
  await work(channel);
  closeChannel(channel);
}
