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
} from '../../contract/words/names.ts';
import { ANSWER_MS, onChannel, onOwnChannel } from './on-channel.ts';
import { ACCESS_REFUSED, NOT_FOUND, replyCode } from './reply-codes.ts';
import { within } from './within.ts';

export type QueueType = 'quorum' | 'classic';

export interface HostTopology {
  hostId: string;
  groups: readonly string[];
  /** Groups that the host has left, for which its queues may still be bound. */
  leftGroups: readonly string[];
}

/** A queue of one host, with the exchange that it is bound to and the arguments that it is made with. */
export interface HostQueue {
  queue: string;
  exchange: string;
  arguments: Record<string, unknown>;
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

/** On a quorum of nodes, and not on one: what a host cannot read is not lost with a node. */
export const DEAD_QUEUE_ARGUMENTS = { 'x-queue-type': 'quorum' };

export function jobsQueue(hostId: string, type: QueueType): HostQueue {
  const queueArguments = { 'x-queue-type': type, 'x-dead-letter-exchange': DEAD_EXCHANGE };
  return { queue: hostJobsQueue(hostId), exchange: JOBS_EXCHANGE, arguments: queueArguments };
}

export function controlQueue(hostId: string, type: QueueType): HostQueue {
  return { queue: hostControlQueue(hostId), exchange: CONTROL_EXCHANGE, arguments: { 'x-queue-type': type } };
}

/** The keys that a host's queues are bound with. */
export function bindingKeys({ hostId, groups }: Pick<HostTopology, 'hostId' | 'groups'>): string[] {
  return [hostKey(hostId), ALL_KEY, ...groups.map(groupKey)];
}

/**
 * Makes sure that the fleet's exchanges are there. One that exists is used as it is found.
 *
 * @throws {Error} what the broker said, if one is not there and cannot be made
 */
export async function ensureExchanges(model: ChannelModel): Promise<void> {
  for (const [name, type] of EXCHANGES) await ensureExchange(model, name, type);
}

/** @throws {Error} what the broker said, if that was neither yes nor no */
export async function hasExchange(model: ChannelModel, name: string): Promise<boolean> {
  try {
    await onOwnChannel(model, (channel) => channel.checkExchange(name));
    return true;
  } catch (error) {
    if (replyCode(error) === NOT_FOUND) return false;
    throw error;
  }
}

/**
 * Makes sure of a host's queue and of its bindings. A queue that exists is used as it is found; bindings that the worker may not make
 * are left to whoever has provisioned the broker.
 *
 * @throws {Error} what the broker said, if the queue cannot be had
 */
export async function ensureHostQueue(
  model: ChannelModel,
  { queue, exchange, arguments: args }: HostQueue,
  topology: HostTopology,
): Promise<void> {
  await ensureQueue(model, queue, args);
  await allowed(model, queue, async (channel) => {
    for (const key of bindingKeys(topology)) await channel.bindQueue(queue, exchange, key);
    for (const group of topology.leftGroups) await channel.unbindQueue(queue, exchange, groupKey(group));
  });
}

/** Makes sure of the log of events, and that events get into it. */
export async function ensureEventLog(model: ChannelModel): Promise<void> {
  await ensureQueue(model, EVENT_LOG_STREAM, EVENT_LOG_ARGUMENTS);
  await allowed(model, EVENT_LOG_STREAM, (channel) =>
    channel.bindQueue(EVENT_LOG_STREAM, EVENTS_EXCHANGE, '#'),
  );
}

/** Makes sure of the queue of what no host could read. */
export async function ensureDeadQueue(model: ChannelModel): Promise<void> {
  await ensureQueue(model, DEAD_QUEUE, DEAD_QUEUE_ARGUMENTS);
  await allowed(model, DEAD_QUEUE, (channel) => channel.bindQueue(DEAD_QUEUE, DEAD_EXCHANGE, ''));
}

/**
 * Makes sure of what the central side needs. The queue of dead letters is not among that: where its node is down, it cannot even be
 * looked at.
 */
export async function declareForOperators(model: ChannelModel): Promise<void> {
  await ensureExchanges(model);
  await ensureExchange(model, OPERATOR_EXCHANGE, 'topic');
  await ensureEventLog(model);
  await allowed(model, EVENT_LOG_STREAM, (channel) =>
    channel.bindQueue(EVENT_LOG_STREAM, OPERATOR_EXCHANGE, '#'),
  );
}

async function allowed(
  model: ChannelModel,
  queue: string,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const ask = async () => void (await onChannel(model, work));
  await askOnce(model, `bindings of ${queue}`, ask).catch(ignoreDenied);
}

/** Who may not bind relies on somebody else for it, as for the queues themselves. */
function ignoreDenied(error: unknown): void {
  if (replyCode(error) !== ACCESS_REFUSED) throw error;
}

async function ensureExchange(model: ChannelModel, name: string, type: string): Promise<void> {
  await ensure(model, `exchange ${name}`, {
    look: (channel) => channel.checkExchange(name),
    make: (channel) => channel.assertExchange(name, type, { durable: true }),
  });
}

async function ensureQueue(model: ChannelModel, name: string, args: Record<string, unknown>): Promise<void> {
  await ensure(model, `queue ${name}`, {
    look: (channel) => channel.checkQueue(name),
    make: (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
  });
}

interface Asked {
  at: number;
  answer: Promise<void>;
}

/** What the broker was asked for and has not answered yet, by connection. */
const unanswered = new WeakMap<ChannelModel, Map<string, Asked>>();
/** What was not answered by then may never be, as by a node that is gone meanwhile. */
const LOST_MS = 60_000;

/** Looks first, and makes what is not there. */
async function ensure(
  model: ChannelModel,
  what: string,
  { look, make }: Record<'look' | 'make', (channel: Channel) => Promise<unknown>>,
): Promise<void> {
  await askOnce(model, what, async () => {
    try {
      await onChannel(model, look);
    } catch (error) {
      if (replyCode(error) !== NOT_FOUND) throw error;
      await onChannel(model, make);
    }
  });
}

/**
 * A busy broker may take longer than an answer is waited for. Then the same answer is waited for again, and nothing is asked anew, which would
 * make it busier. Besides, a quorum queue that is half made looks as if it were there, and RabbitMQ closes the connection of whoever consumes
 * it (541, seen with 3.10).
 */
async function askOnce(model: ChannelModel, what: string, ask: () => Promise<void>): Promise<void> {
  const all = unanswered.get(model) ?? new Map<string, Asked>();
  unanswered.set(model, all);
  const earlier = all.get(what);
  const isLost = earlier !== undefined && performance.now() - earlier.at > LOST_MS;
  const asked = earlier === undefined || isLost ? { at: performance.now(), answer: ask() } : earlier;
  if (asked !== earlier) {
    all.set(what, asked);
    const forget = () => void (all.get(what) === asked && all.delete(what));
    asked.answer.then(forget, forget);
  }
  await within(ANSWER_MS, async () => await asked.answer);
}
