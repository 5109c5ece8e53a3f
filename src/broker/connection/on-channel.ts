import type { Channel, ChannelModel } from 'amqplib';
import { closeChannel, openChannel } from './open-channel.ts';
import { within } from './within.ts';

/** How long an answer is waited for, in milliseconds: a node of the broker, or a queue whose node is gone or paused, may say neither yes nor no. */
export const ANSWER_MS = 10_000;
/** How long a channel is kept for the next question, where there is another one. */
const IDLE_MS = 5_000;

/** Channels on which nothing is asked now, each with the timer that closes it unless it is the last, by connection. */
const idleOf = new WeakMap<ChannelModel, Map<Channel, NodeJS.Timeout>>();

/**
 * Like {@link onChannel}, and waits for the answer for a limited time.
 *
 * @throws {Error} what the broker said, or that it says nothing
 */
export async function onOwnChannel<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  return await within(ANSWER_MS, async () => await onChannel(model, work));
}

/**
 * Asks on a channel on which nothing else is asked meanwhile: an answer may take long, and with a "no" the broker closes the channel.
 *
 * One that was answered is used again, and the last of them is kept for as long as the connection: where a whole fleet opens and closes
 * channels, RabbitMQ falls behind. One process of it counts them all, and with each that closes goes over all that still waits for it
 * (seen with 3.10, 145,000 waiting; `demonitor` with `flush` in
 * https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/pg_local.erl). 2,000 hosts that opened one each half minute to look
 * after their queues made a push to all take three times as long.
 *
 * @throws {Error} what the broker said
 */
export async function onChannel<T>(model: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = takeIdle(model) ?? (await openFor(model));
  try {
    const result = await work(channel);
    keepIdle(model, channel);
    return result;
  } catch (error) {
    closeChannel(channel);
    throw error;
  }
}

async function openFor(model: ChannelModel): Promise<Channel> {
  const channel = await openChannel(model);
  channel.once('close', () => forget(model, channel));
  return channel;
}

function takeIdle(model: ChannelModel): Channel | undefined {
  const [channel] = idleOf.get(model)?.keys() ?? [];
  if (channel !== undefined) forget(model, channel);
  return channel;
}

function keepIdle(model: ChannelModel, channel: Channel): void {
  const idle = idleOf.get(model) ?? new Map<Channel, NodeJS.Timeout>();
  idleOf.set(model, idle);
  const timer = setTimeout(() => {
    if (idle.size === 1) return;
    forget(model, channel);
    closeChannel(channel);
  }, IDLE_MS);
  idle.set(channel, timer.unref());
}

function forget(model: ChannelModel, channel: Channel): void {
  const idle = idleOf.get(model);
  clearTimeout(idle?.get(channel));
  idle?.delete(channel);
}
