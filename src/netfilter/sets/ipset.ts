import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandRequest, CommandResult, RunCommand } from '../../host/command.ts';
import type { Fence } from '../../job/ports/host-lock.ts';
import { type AddressSets, type SetHeader, SetsFailed, type SetsFaultKind } from '../../job/ports/lists.ts';
import { isShortage } from '../../job/ports/shortage.ts';
import type { NetworkNamespace } from '../tables/namespace.ts';

export interface IpsetOptions {
  /** The program; `null`: it is not installed. */
  ipset: string | null;
  namespace: Pick<NetworkNamespace, 'prefix'>;
  /** How long one program may run, in milliseconds. */
  timeoutMs: number;
  run: RunCommand;
}

/** Whoever lists a set keeps it from being destroyed, swapped and renamed for as long as that takes. */
const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 100;

/** Reads and writes the ipsets of one network namespace. It never asks for them sorted, which takes minutes for a long list. */
export class Ipset implements AddressSets {
  readonly #options: IpsetOptions;

  constructor(options: IpsetOptions) {
    this.#options = options;
  }

  get missing(): string | null {
    return this.#options.ipset === null
      ? 'the program ipset is not installed, and lists of addresses need it: install the package ipset'
      : null;
  }

  async headers(fence: Fence): Promise<Map<string, SetHeader>> {
    const { stdout } = await this.#run(fence, ['list', '-terse']);
    return readHeaders(stdout);
  }

  async read(fence: Fence, set: string, each: (text: string, timeout: number) => void): Promise<void> {
    await this.#run(fence, ['save', set], {
      onLine: (line) => {
        const [word, , text = '', , timeout = '0', ...flags] = line.split(' ');
        // An entry with a flag (nomatch) is another one: it means the opposite.
        if (word === 'add') each([text, ...flags].join(' '), Number(timeout));
      },
    });
  }

  async write(fence: Fence, lines: string | Uint8Array): Promise<void> {
    let left = lines;
    for (let tries = 1; left.length > 0; tries += 1) {
      fence.assertHeld();
      try {
        return void (await this.#run(fence, ['restore'], { input: left }));
      } catch (error) {
        const { kind, stderr } = error as SetsFailed;
        const line = /Error in line (\d+)/.exec(stderr)?.[1];
        if (kind !== 'in-use' || line === undefined || tries === BUSY_TRIES) throw error;
        // What stands before that line is done, and would be undone by a second swap.
        left = linesFrom(left, Number(line));
      }
      await sleep(BUSY_PAUSE_MS);
    }
  }

  async destroy(fence: Fence, sets: readonly string[]): Promise<void> {
    for (const set of sets) await this.#destroy(fence, set);
  }

  async #destroy(fence: Fence, set: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return void (await this.#run(fence, ['destroy', set]));
      } catch (error) {
        const { kind } = error as SetsFailed;
        if (kind === 'no-set') return;
        if (kind !== 'in-use' || tries === BUSY_TRIES) throw error;
      }
      await sleep(BUSY_PAUSE_MS);
    }
  }

  async #run(
    fence: Fence,
    own: readonly string[],
    more: Pick<CommandRequest, 'input' | 'onLine'> = {},
  ): Promise<CommandResult> {
    const { ipset, namespace, timeoutMs, run } = this.#options;
    if (ipset === null)
      throw new SetsFailed('not-started', this.missing ?? '', { exitCode: null, stderr: '' });
    const [file = ipset, ...args] = [...namespace.prefix, ipset, ...own];
    const { descriptor } = fence;
    const result = await run({ file, args, timeoutMs, encoding: 'latin1', descriptor, ...more });
    if (result.exitCode === 0) return result;
    throw failureOf(own[0] ?? '', result);
  }
}

const FAULTS: readonly (readonly [RegExp, SetsFaultKind])[] = [
  [/hash is full/i, 'full'],
  [/in use by|resource busy/i, 'in-use'],
  [/set with the given name does not exist/i, 'no-set'],
  [/not permitted|permission denied|must be root/i, 'privilege'],
];

/** @param line counted from 1 */
function linesFrom(lines: string | Uint8Array, line: number): string {
  const text = typeof lines === 'string' ? lines : Buffer.from(lines).toString('latin1');
  return text
    .split('\n')
    .slice(line - 1)
    .join('\n');
}

function failureOf(command: string, result: CommandResult): SetsFailed {
  const { exitCode, stderr, timedOut, startError } = result;
  const said = stderr.trim().split('\n')[0] ?? '';
  const [, known = 'unknown'] = FAULTS.find(([pattern]) => pattern.test(stderr)) ?? [];
  const kind = startError !== null ? 'not-started' : timedOut ? 'timeout' : known;
  const why = startError?.message ?? (timedOut ? 'it took too long, and was ended' : said || 'it was ended');
  const cause = startError !== null && isShortage(startError) ? startError : undefined;
  return new SetsFailed(kind, `ipset ${command} failed: ${why}`, { exitCode, stderr, cause });
}

/** What a list's set never has: it is printed behind each entry. */
const EXTENSIONS = new Set(['counters', 'comment', 'skbinfo']);

function readHeaders(listing: string): Map<string, SetHeader> {
  const headers = new Map<string, SetHeader>();
  for (const part of listing.split('\n\n')) {
    const fields = new Map(part.split('\n').map((line) => splitOnce(line, ': ')));
    const name = fields.get('Name');
    if (name === undefined) continue;
    const words = (fields.get('Header') ?? '').split(' ');
    const valueOf = (word: string) => words[words.indexOf(word) + 1];
    const type = fields.get('Type') ?? '';
    // The kernel swaps sets of one type and family, whatever else they have.
    const swapsWith = type !== 'hash:net' ? null : valueOf('family') === 'inet6' ? 'ipv6' : 'ipv4';
    headers.set(name, {
      family: words.includes('timeout') && !words.some((word) => EXTENSIONS.has(word)) ? swapsWith : null,
      type,
      swapsWith,
      maxEntries: Number(valueOf('maxelem')),
      entries: Number(fields.get('Number of entries')),
      references: Number(fields.get('References')),
    });
  }
  return headers;
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + separator.length)];
}
