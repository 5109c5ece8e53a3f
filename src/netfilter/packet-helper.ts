import type { Family } from '../contract/identifiers.ts';
import type { ScratchProgram } from '../host/scratch-namespace.ts';
import type { Observation, Place, SeenPacket } from '../ruleset/trial/packets.ts';

/** The program in one namespace. */
export class PacketHelper {
  readonly place: Place;
  readonly #program: ScratchProgram;
  readonly #waiting = new Map<string, () => void>();
  /** What was seen, since it was taken last. */
  #seen: Observation[] = [];
  /** Canaries that came, as `INDEX NUMBER`, by the index of the interface. */
  readonly canaries = new Set<string>();
  /** What it may not set, and why; `null`: it may. */
  refused: string | null = null;

  constructor(place: Place, open: (onLine: (line: string) => void) => ScratchProgram) {
    this.place = place;
    this.#program = open((line) => this.#hear(line));
  }

  get pid(): number {
    return this.#program.pid;
  }

  tell(lines: readonly string[]): void {
    if (lines.length > 0) this.#program.write(`${lines.join('\n')}\n`);
  }

  /** Resolves when the program has nothing left to read. @throws {Error} if it has ended */
  async sync(name: string): Promise<void> {
    const done = new Promise<void>((resolve) => this.#waiting.set(name, resolve));
    if (name !== 'ready') this.tell([`sync ${name}`]);
    await Promise.race([done, this.#program.ended]);
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
    const seen = this.#read(word, rest);
    if (seen !== null) this.#seen.push(seen);
  }

  #read(word: string, rest: readonly string[]): Observation | null {
    const { place } = this;
    if (word === 'T') {
      const packet = readPacket(rest[0] === '4' ? 'ipv4' : 'ipv6', rest.slice(1));
      return packet === null ? null : { kind: 'packet', place, packet };
    }
    const [first = '', second = '', third = '', address = '', port = ''] = rest;
    if (word === 'A')
      return {
        kind: 'arrived',
        place,
        number: Number(second),
        round: Number(third),
        address,
        port: Number(port),
      };
    if (word === 'D') return { kind: 'answered', number: Number(first), round: Number(second) };
    if (word === 'E' && first === 'set' && /Read-only|denied|not permitted/.test(rest.join(' ')))
      this.refused ??= `/proc/sys/net/${rest.slice(1).join(' ')}`;
    const isOfSender = word === 'E' && (first === 'bind' || first === 'socket');
    return isOfSender ? { kind: 'unsent', number: Number(second) } : null;
  }
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
