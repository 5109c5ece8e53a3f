import { type ChannelModel, connect, type Options } from 'amqplib';
import type { FleetEvent } from '../contract/event.ts';
import { type BrokerAccess, socketOptions, userOf } from './broker-access.ts';
import { dropConnection } from './connection.ts';
import { publishEvent } from './publish-event.ts';

export interface BrokerProbe {
  /** One of its addresses has to work. */
  access: BrokerAccess;
  connectionName: string;
  /** To be published through the new connection, and confirmed. */
  event?: { event: FleetEvent; headers: Record<string, string> };
  /** For all of it together. */
  limitMs: number;
}

/**
 * Makes a connection of its own, with its log-in, for no longer than it takes: connections that are there already may
 * live on behind rules that let no new one through.
 *
 * @throws {Error} with what each broker said
 */
export async function probeBroker({ access, limitMs, ...probe }: BrokerProbe): Promise<void> {
  const { addresses } = access;
  const attempts = addresses.map((address) => probeAddress(address, { ...probe, access, limitMs }));
  try {
    await Promise.any(attempts);
  } catch (error) {
    const { errors } = error as AggregateError;
    const reasons = addresses.map(
      ({ hostname, port }, index) => `${hostname}:${port}: ${(errors[index] as Error).message}`,
    );
    throw new Error(reasons.join('; '), { cause: error });
  }
}

async function probeAddress(
  address: Options.Connect,
  { access, connectionName, event, limitMs }: BrokerProbe,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  const model = await connect(address, socketOptions(access, limitMs, connectionName));
  // What goes wrong from here on comes to whoever waits for it.
  model.on('error', () => {});
  try {
    await within(deadline - performance.now(), async () => {
      if (event === undefined) return;
      const channel = await model.createConfirmChannel();
      channel.on('error', () => {});
      await publishEvent(channel, event.event, event.headers, { limitMs, user: userOf(access) });
    });
  } finally {
    letGo(model);
  }
}

/** A connection that is open and dead answers neither yes nor no. */
export async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), Math.max(1, limitMs));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

const CLOSE_MS = 2_000;

/** Says good-bye, and does not wait for ever for the answer. */
export function letGo(model: ChannelModel): void {
  const timer = setTimeout(() => dropConnection(model), CLOSE_MS);
  timer.unref();
  model.close().then(
    () => clearTimeout(timer),
    () => dropConnection(model),
  );
}
