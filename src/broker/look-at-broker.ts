import { type Channel, type ChannelModel, connect, type Options } from 'amqplib';
import { EVENTS_EXCHANGE, hostControlQueue, hostJobsQueue } from '../contract/words/names.ts';
import { type BrokerAccess, socketOptions } from './connection/broker-access.ts';
import { explainRefusal } from './connection/explain-refusal.ts';
import { closeChannel, openChannel } from './connection/open-channel.ts';
import { letGo } from './connection/passing-connection.ts';
import { ACCESS_REFUSED, NOT_FOUND, replyCode } from './connection/reply-codes.ts';
import { EXCHANGES } from './connection/topology.ts';
import { within } from './connection/within.ts';

/** A queue may neither be there nor be denied: then others are still looked at. */
const LOOK_MS = 2_500;

/** What a worker would find on a broker. To see it, nothing is declared, published or consumed. */
export interface BrokerView {
  product: string;
  version: string;
  /** Names of the exchanges and queues that do not exist. */
  missing: string[];
  /** Names of those of which it cannot be told, as when the node of a queue is down, with what the broker said. */
  unreachable: { name: string; reason: string }[];
  /** Whether the queue of the host's jobs exists. */
  queues: boolean;
  /** How many consumers that queue has, and how many messages wait in it; 0 if it does not exist. */
  consumers: number;
  waiting: number;
  /** Each is `null` unless the broker refuses the right: then, what it said. */
  mayPublish: string | null;
  mayConsume: string | null;
}

/** @throws {Error} if the broker cannot be reached, does not let the user in, or is too slow */
export async function lookAtBroker(
  address: Options.Connect,
  access: BrokerAccess,
  { hostId, limitMs }: { hostId: string; limitMs: number },
): Promise<BrokerView> {
  const options = socketOptions(access, limitMs, `fleetwall doctor ${hostId}`);
  const model = await connect(address, options).catch((error: Error) => {
    throw explainRefusal(error);
  });
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
  const lookForQueue = async (name: string) =>
    await lookFor(model, name, async (channel) => await channel.checkQueue(name));
  const [jobs, control, ...exchanges] = await Promise.all([
    lookForQueue(hostJobsQueue(hostId)),
    lookForQueue(hostControlQueue(hostId)),
    ...EXCHANGES.map(([name]) => lookFor(model, name, async (channel) => await channel.checkExchange(name))),
  ] as const);
  const looks = [...exchanges, jobs, control];
  const missing = looks.filter(({ error }) => error !== null && isMissing(error)).map(({ name }) => name);
  return {
    product,
    version,
    missing,
    unreachable: looks.flatMap(({ name, error }) =>
      error === null || isMissing(error) ? [] : [{ name, reason: explainRefusal(error).message }],
    ),
    queues: jobs.error === null,
    consumers: jobs.result?.consumerCount ?? 0,
    waiting: jobs.result?.messageCount ?? 0,
    mayPublish: missing.includes(EVENTS_EXCHANGE) ? null : await rightToPublish(model, hostId),
    mayConsume: await rightToConsume(model, hostJobsQueue(hostId)),
  };
}

async function lookFor<T>(
  model: ChannelModel,
  name: string,
  check: (channel: Channel) => Promise<T>,
): Promise<{ name: string; result: T | null; error: Error | null }> {
  return { name, ...(await attempt(model, check)) };
}

/** A queue whose node is down is answered with the same code, and other words. */
function isMissing(error: Error): boolean {
  return replyCode(error) === NOT_FOUND && !/home node|down or inaccessible/.test(error.message);
}

/** Publishes a message with an invalid expiry: the broker checks the right first, and refuses the message in any case. */
async function rightToPublish(model: ChannelModel, hostId: string): Promise<string | null> {
  const { error } = await attempt(model, async (channel) => {
    const closed = new Promise<never>((_, reject) => channel.once('error', reject));
    channel.publish(EVENTS_EXCHANGE, `${hostId}.doctor`, Buffer.alloc(0), { expiration: 'never' });
    await closed;
  });
  return error !== null && isRefused(error) ? explainRefusal(error).message : null;
}

/** Consumes with an invalid priority, in the same way. That another consumer has the queue exclusively is no missing right. */
async function rightToConsume(model: ChannelModel, queue: string): Promise<string | null> {
  const { error } = await attempt(
    model,
    async (channel) => await channel.consume(queue, () => {}, { arguments: { 'x-priority': 'none' } }),
  );
  const isInUse = error?.message.includes('exclusive') === true;
  return error !== null && isRefused(error) && !isInUse ? explainRefusal(error).message : null;
}

function isRefused(error: Error): boolean {
  return replyCode(error) === ACCESS_REFUSED;
}

/** Works on a channel of its own, as the broker closes a channel each time that it refuses something. */
async function attempt<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<{ result: T | null; error: Error | null }> {
  const channel = await openChannel(model);
  try {
    const result = await within(LOOK_MS, async () => await work(channel));
    closeChannel(channel);
    return { result, error: null };
  } catch (error) {
    return { result: null, error: error as Error };
  }
}
