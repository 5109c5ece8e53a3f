import { randomUUID } from 'node:crypto';
import { setInterval } from 'node:timers/promises';
import { connectOperator } from '../central/connect-operator.ts';
import type { ConnectOptions } from '../central/connect-options.ts';
import type { HttpAddress } from '../config/http-address.ts';
import type { Source } from './api/live.ts';
import { ConsoleFold } from './fold/console-fold.ts';
import { ConsoleServer } from './serve/console-server.ts';
import { readPageFiles } from './serve/page-files.ts';
import { BrokerState } from './source/broker-state.ts';
import { LogSource } from './source/log-source.ts';

export interface ConsoleOptions {
  connect: ConnectOptions;
  address: HttpAddress;
  /** Names besides the address by which it may be asked for. */
  names: readonly string[];
  /** Who has it may look; `null`: whoever can reach the address. */
  token: string | null;
  /** From when on the log of events is read. */
  since: Date;
  /** Where the files of the page are. */
  pageFolder: string;
  onListening: (url: string) => void;
  onRead: (read: { hosts: number; events: number; seconds: number }) => void;
  signal: AbortSignal;
}

/** How often pages are told what is new. */
const TELL_MS = 250;
/** How often it is looked for who is silent. */
const SILENCE_MS = 5_000;

/**
 * Serves the page until the signal ends it: reads the log of events, and goes on with it.
 *
 * @throws {SettingsError} {@link BrokerUnreachable} {@link SetupError}
 */
export async function runConsole(options: ConsoleOptions): Promise<void> {
  const { signal } = options;
  const boot = randomUUID();
  const state = new BrokerState();
  const files = await readPageFiles(options.pageFolder);
  const { link, reader } = await connectOperator({ ...options.connect, signal }, state.log);
  const log = new LogSource(link);
  const fold = new ConsoleFold(reader);
  const source = (): Source => ({
    boot,
    hasLogin: options.token !== null,
    ...state.told,
    reading: log.reading,
    from: fold.from,
    hosts: fold.hostCount,
    events: fold.eventCount,
  });
  const fetchEvent = async (offset: number) => await log.fetch(offset, reader);
  const { address, names, token } = options;
  let server: ConsoleServer | null = null;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  try {
    server = await ConsoleServer.open({ address, names, token, files, facts: { fold, source, fetchEvent } });
    options.onListening(server.url);
    const began = performance.now();
    const reading = log.begin(options.since, (message) => fold.take(message, Date.now()), until);
    const newSource = () => {
      const isOther = state.look(link.isConnected);
      return isOther || log.reading !== null ? source() : null;
    };
    const telling = tell(server, fold, newSource, until);
    await Promise.race([reading, telling]);
    fold.caughtUp(Date.now());
    server.feed.send('source', source());
    const seconds = (performance.now() - began) / 1000;
    options.onRead({ hosts: fold.hostCount, events: fold.eventCount, seconds });
    await telling;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
    await server?.close();
    await log.close();
    await link.close();
  }
}

/** Tells pages what is new, until the signal ends it. */
async function tell(
  server: ConsoleServer,
  fold: ConsoleFold,
  newSource: () => Source | null,
  signal: AbortSignal,
): Promise<void> {
  let silenceAt = Date.now() + SILENCE_MS;
  for await (const _ of setInterval(TELL_MS, undefined, { signal })) {
    const now = Date.now();
    const source = newSource();
    if (source !== null) server.feed.send('source', source);
    // Who opens the page meanwhile is told how far that is, and looks when it is done.
    if (source?.reading != null) continue;
    if (now >= silenceAt) {
      fold.markSilent(now);
      silenceAt = now + SILENCE_MS;
    }
    const changes = fold.drain(now);
    if (changes !== null) server.feed.send('changes', changes);
  }
}
