import type { Family } from '../../contract/words/identifiers.ts';
import type { ScratchProgram } from '../../host/scratch-namespace.ts';
import { PacketsUnavailable } from '../../job/ports/packets.ts';
import { RehearsalUnavailable } from '../../job/ports/sandbox.ts';
import type { Observation, Place, SeenPacket } from '../../ruleset/trial/packets.ts';

/** As long as any program gets: a busy host lets a process wait for seconds. */
const ANSWER_MS = 30_000;

/** The program in one namespace. */
export class PacketHelper {
  readonly place: Place;
  readonly #program: ScratchProgram;
  readonly #answerMs: number;
  #isReady = false;
  readonly #waiting = new Map<string, () => void>();
  /** What was seen, since it was taken last. */
  #seen: Observation[] = [];
  #listed: string[] = [];
  /** Canaries that came, as `INDEX NUMBER`, by the index of the interface. */
  readonly canaries = new Set<string>();
  /** How many IPv6 addresses were not there yet when it was asked last. */
  absent = 0;
  /** What it may not set, and why; `null`: it may. */
  refused: string | null = null;

  /** @param answerMs how long it may take to answer */
  constructor(
    place: Place,
    open: (onLine: (line: string) => void) => ScratchProgram,
    answerMs: number = ANSWER_MS,
  ) {
    this.place = place;
    this.#answerMs = answerMs;
    this.#program = open((line) => this.#hear(line));
  }

  get pid(): number {
    return this.#program.pid;
  }

  tell(lines: readonly string[]): void {
    if (lines.length > 0) this.#program.write(`${lines.join('\n')}\n`);
  }

  /**
   * Resolves when the program has nothing left to read.
   *
   * @throws {PacketsUnavailable} if it has ended, or does not answer
   * @throws {RehearsalUnavailable} if it could not even begin
   */
  async sync(name: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.set(name, resolve);
      const late = `${this.#who} has not answered for ${this.#answerMs / 1000} s`;
      timer = setTimeout(() => reject(new PacketsUnavailable(late)), this.#answerMs);
    });
    if (name !== 'ready') this.tell([`sync ${name}`]);
    try {
      await Promise.race([done, this.#program.ended]);
      this.#isReady = true;
    } catch (error) {
      // It had all rights that it needs.
      if (this.#isReady && error instanceof RehearsalUnavailable)
        throw new PacketsUnavailable(`${this.#who} has ended: ${error.message}`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(name);
    }
  }

  get #who(): string {
    return `what sends the packets of ${this.place ?? 'the host'} in the rehearsal`;
  }

  /** Commands of the program `ip`. Those that begin with -4 or -6 are of one family; those of none come first: they make links. */
  tellIp(ip: string, commands: readonly string[]): void {
    if (commands.length === 0) return;
    this.tell([...commands.map((line) => `ip ${/^-[46] /.test(line) ? line : `- ${line}`}`), `batch ${ip}`]);
  }

  /** The IPv6 neighbours, as `ip` lists them. */
  async listNeighbours(ip: string): Promise<string[]> {
    this.#listed = [];
    this.tell([`neighbours ${ip}`]);
    await this.sync('listed');
    return this.#listed;
  }

  take(): Observation[] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  get seenCount(): number {
    return this.#seen.length;
  }

  async close(): Promise<void> {
    await this.#program.letGo();
  }

  #hear(line: string): void {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'S') return this.#waiting.get(rest[0] ?? '')?.();
    if (word === 'C') return void this.canaries.add(rest.join(' '));
    if (word === 'G') return void (this.absent = Number(rest[0]));
    if (word === 'N') return void this.#listed.push(rest.join(' '));
    const seen = this.#read(word, rest);
    if (seen !== null) this.#seen.push(seen);
  }

  #read(word: string, rest: readonly string[]): Observation | null {
    switch (word) {
      case 'T':
        return this.#readSeen(rest);
      case 'A':
        return readArrival(this.place, rest);
      case 'D':
        return { kind: 'answered', number: Number(rest[0]), round: Number(rest[1]) };
      case 'E':
        return this.#readFault(rest);
      default:
        return null;
    }
  }

  #readSeen([version, ...rest]: readonly string[]): Observation | null {
    const packet = readPacket(version === '4' ? 'ipv4' : 'ipv6', rest);
    return packet === null ? null : { kind: 'packet', place: this.place, packet };
  }

  #readFault([what, ...rest]: readonly string[]): Observation | null {
    if (what === 'set' && /Read-only|denied|not permitted/.test(rest.join(' ')))
      this.refused ??= `/proc/sys/net/${rest.join(' ')}`;
    return what === 'bind' || what === 'socket' ? { kind: 'unsent', number: Number(rest[0]) } : null;
  }
}

function readArrival(place: Place, rest: readonly string[]): Observation {
  const [, number, round, address = '', port] = rest;
  return {
    kind: 'arrived',
    place,
    number: Number(number),
    round: Number(round),
    address,
    port: Number(port),
  };
}

function readPacket(family: Family, words: readonly string[]): SeenPacket | null {
  const [from = '', to = '', protocol = '', first, second, flags, number, round, ...about] = words;
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp') return null;
  return {
    family,
    from,
    to,
    protocol,
    first: Number(first),
    second: Number(second),
    tcpFlags: Number(flags),
    number: readNumber(number),
    round: readNumber(round),
    about: about.length === 0 ? null : readPacket(family, about),
  };
}

function readNumber(word = '-'): number | null {
  return word === '-' ? null : Number(word);
}
