import type { Family } from '../../contract/identifiers.ts';
import type { ScratchProgram } from '../../host/scratch-namespace.ts';
import type { Observation, Place, SeenPacket } from '../../ruleset/trial/packets.ts';

/** The program in one namespace. */
export class PacketHelper {
  readonly place: Place;
  readonly #program: ScratchProgram;
  readonly #waiting = new Map<string, () => void>();
  /** What was seen, since it was taken last. */
  #seen: Observation[] = [];
  #listed: string[] = [];
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
