import { type Channel, type ChannelModel, connect, type Options } from 'amqplib';
import { EVENTS_EXCHANGE, hostControlQueue, hostJobsQueue } from '../contract/names.ts';
import { type BrokerAccess, socketOptions } from './broker-access.ts';
import { openChannel } from './open-channel.ts';
import { letGo, within } from './passing-connection.ts';
import { ACCESS_REFUSED, replyCode } from './reply-codes.ts';
import { EXCHANGES } from './topology.ts';

/** What a worker would find on a broker. Nothing is made, published or taken to see it. */
export interface BrokerView {
  product: string;
  version: string;
  /** Exchanges and queues that are not there. */
  missing: string[];
  /** Whether the queue of the host's jobs is there … */
  queues: boolean;
  /** … and how many consume it and wait in it. */
  consumers: number;
  waiting: number;
  /** `null`: the right is there; else, what the broker said. */
  mayPublish: string | null;
  mayConsume: string | null;
}

/** @throws {Error} if it cannot be reached, or does not let the user in */
export async function lookAtBroker(
  address: Options.Connect,
  access: BrokerAccess,
  { hostId, limitMs }: { hostId: string; limitMs: number },
): Promise<BrokerView> {
  const model = await connect(address, socketOptions(access, limitMs, `fleetwall doctor ${hostId}`));
  model.on('error', () => {});
  try {
    return await within(limitMs, async () => await look(model, hostId));
  } finally {
    letGo(model);
  }
}

async function look(model: ChannelModel, hostId: string): Promise<BrokerView> {
  const { product = 'unknown', version = '0' } = (
    model.connection as unknown as { serverProperties: { product?: string; version?: string } }
  ).serverProperties;
  const missing: string[] = [];
  for (const [name] of EXCHANGES) {
    if ((await attempt(model, (channel) => channel.checkExchange(name))).error !== null) missing.push(name);
  }
  const jobs = await attempt(model, (channel) => channel.checkQueue(hostJobsQueue(hostId)));
  const control = await attempt(model, (channel) => channel.checkQueue(hostControlQueue(hostId)));
  if (jobs.error !== null) missing.push(hostJobsQueue(hostId));
  if (control.error !== null) missing.push(hostControlQueue(hostId));
  return {
    product,
    version,
    missing,
    queues: jobs.error === null,
    consumers: jobs.result?.consumerCount ?? 0,
    waiting: jobs.result?.messageCount ?? 0,
    mayPublish: missing.includes(EVENTS_EXCHANGE) ? null : await rightToPublish(model, hostId),
    mayConsume: await rightToConsume(model, hostJobsQueue(hostId)),
  };
}

/** The broker looks at the right before it looks at the expiry, which is none: so a message that nobody gets tells. */
async function rightToPublish(model: ChannelModel, hostId: string): Promise<string | null> {
  const { error } = await attempt(model, async (channel) => {
    const closed = new Promise<never>((_, reject) => channel.once('error', reject));
    channel.publish(EVENTS_EXCHANGE, `${hostId}.doctor`, Buffer.alloc(0), { expiration: 'never' });
    await closed;
  });
  return isRefused(error) ? (error?.message ?? null) : null;
}

/** In the same way, by a priority that is none; a queue that is consumed exclusively is somebody's who had the right. */
async function rightToConsume(model: ChannelModel, queue: string): Promise<string | null> {
  const { error } = await attempt(
    model,
    async (channel) => await channel.consume(queue, () => {}, { arguments: { 'x-priority': 'none' } }),
  );
  const isInUse = error?.message.includes('exclusive') === true;
  return isRefused(error) && !isInUse ? (error?.message ?? null) : null;
}

function isRefused(error: Error | null): boolean {
  return replyCode(error) === ACCESS_REFUSED;
}

/** On a channel of its own, as the broker closes it with each no. */
async function attempt<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<{ result: T | null; error: Error | null }> {
  const channel = await openChannel(model);
  try {
    const result = await work(channel);
    await channel.close();
    return { result, error: null };
  } catch (error) {
    return { result: null, error: error as Error };
  }
}
