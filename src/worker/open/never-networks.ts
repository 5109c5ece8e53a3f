import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '../../config/setup-error.ts';
import type { RunCommand } from '../../host/command.ts';
import { type NeverNetworks, SetsFailed } from '../../job/ports/lists.ts';
import { type Network, parseNetwork } from '../../list/network.ts';
import { Ranges } from '../../list/ranges.ts';
import { findProgram } from '../../netfilter/tables/programs.ts';

export interface NeverOptions {
  /** The broker's hosts, by address or name. */
  addresses: readonly string[];
  /** The policy's. */
  never: readonly string[];
  /** What to put before a command so that it runs in the managed network namespace. */
  prefix: readonly string[];
  run: RunCommand;
}

const SHELL = '/bin/sh';
/** Each prints one line, or none. */
const ASK =
  '"$0" -json address show; echo; "$0" -json -4 route show table all; echo; "$0" -json -6 route show table all';
const TIMEOUT_MS = 10_000;
/** A name is looked up again after this long. */
const LOOKUP_MS = 60_000;
/** What was found before counts where a name server does not answer in this time. */
const LOOKUP_LIMIT_MS = 2_000;
const LOOPBACK = ['127.0.0.0/8', '::1'];

/** What a host must never refuse: itself, the ways out of it, and the broker that commands it. Looked at anew each time. */
export class HostsNever implements NeverNetworks {
  readonly #options: NeverOptions;
  readonly #policy: Network[];
  #ip: Promise<string | null> | null = null;
  /** What each of the broker's hosts was when it could last be looked up. */
  readonly #broker = new Map<string, string[]>();
  #lookedUpMs = Number.NEGATIVE_INFINITY;

  /** @throws {SetupError} if the policy has what is no network */
  constructor(options: NeverOptions) {
    this.#options = options;
    this.#policy = options.never.map((text) => {
      const network = parseNetwork(text);
      if (typeof network !== 'string') return network;
      throw new SetupError(`the policy has "${text}" in never, which ${network}`);
    });
  }

  async read(): Promise<{ ranges: Ranges; names: Map<string, string> }> {
    const [told, broker] = await Promise.all([this.#ask(), this.#brokerAddresses()]);
    const named: [readonly string[], string][] = [
      [textsOf(told, 'local'), 'an address of this host'],
      [[...textsOf(told, 'gateway'), ...textsOf(told, 'host')], 'a gateway of this host'],
      [broker, "the broker's address"],
      [LOOPBACK, 'the loopback of this host'],
    ];
    const networks: Network[] = [...this.#policy];
    const names = new Map(this.#policy.map(({ text }) => [text, 'which the policy of this host names']));
    for (const [texts, name] of named) {
      for (const text of texts) {
        const network = parseNetwork(text);
        if (typeof network === 'string') continue;
        networks.push(network);
        if (!names.has(network.text)) names.set(network.text, name);
      }
    }
    return { ranges: new Ranges(networks), names };
  }

  /** Addresses, and routes of both families. One program is started for all: each start holds this process up. */
  async #ask(): Promise<unknown[]> {
    const { prefix, run } = this.#options;
    this.#ip ??= findProgram('ip');
    const ip = await this.#ip;
    if (ip === null) throw unknown('the program ip is not installed: install the package iproute2', null, '');
    const [file, ...args] = [...prefix, SHELL, '-ec', ASK, ip];
    const { exitCode, stdout, stderr, startError } = await run({ file, args, timeoutMs: TIMEOUT_MS });
    if (exitCode === 0) {
      const lines = stdout.split('\n').filter((line) => line.trim() !== '');
      return lines.map((line): unknown => JSON.parse(line));
    }
    throw unknown(startError?.message ?? stderr.trim(), exitCode, stderr, startError ?? undefined);
  }

  /** Where a name cannot be looked up, what it was before counts: of each name, as one of several may fail. */
  async #brokerAddresses(): Promise<string[]> {
    const { addresses } = this.#options;
    const isOld = performance.now() - this.#lookedUpMs >= LOOKUP_MS;
    // One that was never found is looked up each time: until then it is not kept out of lists.
    const asked = isOld ? addresses : addresses.filter((host) => !this.#broker.has(host));
    await Promise.all(asked.map(async (host) => await this.#lookUp(host)));
    if (isOld) this.#lookedUpMs = performance.now();
    return [...this.#broker.values()].flat();
  }

  async #lookUp(host: string): Promise<void> {
    // A list is locked meanwhile: a name server that does not answer must not keep it so.
    const tooLate = sleep(LOOKUP_LIMIT_MS, [], { ref: false });
    const found = await Promise.race([lookup(host, { all: true }).catch(() => []), tooLate]);
    if (found.length === 0) return;
    this.#broker.set(
      host,
      found.map(({ address }) => address),
    );
  }
}

function unknown(why: string, exitCode: number | null, stderr: string, cause?: Error): SetsFailed {
  const message = `it cannot be known what the addresses of this host are, which no deny list may have: ${why}`;
  return new SetsFailed('not-started', message, { exitCode, stderr, cause });
}

/** All texts under a key, however deep: a route may have several ways. */
function textsOf(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsOf(item, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name === key && typeof item === 'string' ? [item] : textsOf(item, key),
  );
}
