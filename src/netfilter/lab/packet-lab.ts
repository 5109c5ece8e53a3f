import { type Family } from '../../contract/words/identifiers.ts';
import { type LabRequest, type PacketLab, PacketsUnavailable } from '../../job/ports/packets.ts';
import { type Rehearsal } from '../../job/ports/sandbox.ts';
import type { Observation, Probe } from '../../ruleset/trial/packets.ts';
import { Canaries } from './lab-canaries.ts';
import { ELSEWHERE, FORGET, labScript, MUTE } from './lab-script.ts';
import { ELSEWHERE_SETTINGS, NEIGHBOUR_SETTINGS } from './lab-settings.ts';
import { commandsOf } from './packet-command.ts';
import type { PacketHelper } from './packet-helper.ts';

/** What a lab needs of its surroundings. */
export interface LabParts {
  helper: (place: string | null) => PacketHelper;
  /** The path of the program `ip`. */
  ip: string;
  rules: (pid: number) => Pick<Rehearsal, 'restore' | 'saveAll'> & {
    write: (family: Family, text: string) => Promise<void>;
    makeObjects: (texts: readonly string[]) => Promise<void>;
  };
}

/** Nothing more comes when so many rounds in a row have brought nothing. */
const QUIET_ROUNDS = 3;
const MOST_ROUNDS = 60;
/** For all rounds: each of its waits is limited by itself. */
const MOST_MS = 60_000;
const UNRESOLVED = /\bdev (\S+) .*\b(?:INCOMPLETE|FAILED)/g;

/** Makes the namespaces of a lab, all at the same time. */
export async function openLab(request: LabRequest, parts: LabParts): Promise<PacketLab> {
  const lab = new NamespaceLab(request, parts);
  try {
    await lab.build();
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Each lab is on one processor, the next on another. */
let openedLabs = 0;

class NamespaceLab implements PacketLab {
  readonly #request: LabRequest;
  readonly #parts: LabParts;
  readonly #host: PacketHelper;
  readonly #neighbours: Map<string, PacketHelper>;
  /** Where links end by which no packet is to go; `null`: there are none. */
  readonly #elsewhere: PacketHelper | null;
  readonly #rules: ReturnType<LabParts['rules']>;
  readonly #canaries: Canaries;
  #isMute = false;

  constructor(request: LabRequest, parts: LabParts) {
    this.#request = request;
    this.#parts = parts;
    const places = request.probes.flatMap(({ sender, listeners }) => [
      sender,
      ...listeners.map(({ place }) => place),
    ]);
    const names = new Set([...places, ...request.addresses.keys()].filter((place) => place !== null));
    this.#host = parts.helper(null);
    this.#neighbours = new Map([...names].map((name) => [name, parts.helper(name)]));
    const isAll = request.picture.interfaces.every(({ name }) => name === 'lo' || names.has(name));
    this.#elsewhere = isAll ? null : parts.helper(ELSEWHERE);
    this.#rules = parts.rules(this.#host.pid);
    this.#canaries = new Canaries(this.#host, this.#neighbours, request);
  }

  get #helpers(): PacketHelper[] {
    return [this.#host, ...this.#neighbours.values()];
  }

  async build(): Promise<void> {
    const elsewhere = this.#elsewhere === null ? [] : [this.#elsewhere];
    const all = [...this.#helpers, ...elsewhere];
    await Promise.all(all.map(async (helper) => await helper.sync('ready')));
    const others = [...this.#neighbours.values(), ...elsewhere];
    const pids = new Map(others.map(({ place, pid }) => [place ?? '', pid]));
    const { host, neighbours, elsewhere: ends } = labScript(this.#request, pids);
    openedLabs += 1;
    for (const helper of all) helper.tell([`cpu ${openedLabs} ${process.arch}`]);
    this.#host.tell(['role host', ...host.before]);
    for (const helper of this.#neighbours.values()) helper.tell(['role neighbour', ...NEIGHBOUR_SETTINGS]);
    for (const helper of elsewhere) helper.tell(ELSEWHERE_SETTINGS);
    await Promise.all(all.map(async (helper) => await helper.sync('set')));
    for (const { refused } of all)
      if (refused !== null)
        throw new PacketsUnavailable(`a rehearsal's own network cannot be set up: ${refused}`);
    const { ip } = this.#parts;
    this.#host.tellIp(ip, host.links);
    await this.#host.sync('linked');
    this.#host.tellIp(ip, host.routes);
    for (const [name, lines] of neighbours) this.#neighbours.get(name)?.tellIp(ip, lines);
    for (const helper of elsewhere) {
      helper.tellIp(ip, ends);
      await helper.sync('ended');
    }
    this.#host.tell(host.settings);
    for (const { listeners, protocol, family } of this.#request.probes)
      for (const { place, address, port } of listeners)
        if (protocol !== 'icmp')
          this.#at(place).tell([`${protocol}-listen ${family === 'ipv4' ? 4 : 6} ${address} ${port}`]);
    await this.#syncAll('built');
    await this.#canaries.untilThere();
    // Reports of multicast groups, and the like, that new links send of themselves.
    for (const helper of this.#helpers) helper.take();
  }

  #at(place: string | null): PacketHelper {
    const helper = place === null ? this.#host : this.#neighbours.get(place);
    if (helper === undefined) throw new Error(`there is nobody behind ${place}`);
    return helper;
  }

  async #syncAll(name: string): Promise<void> {
    await Promise.all(this.#helpers.map(async (helper) => await helper.sync(name)));
  }

  async restore(family: Family, text: string, flush: boolean): Promise<void> {
    await (flush ? this.#rules.restore(family, text) : this.#rules.write(family, text));
  }

  async makeObjects(texts: readonly string[]): Promise<void> {
    await this.#rules.makeObjects(texts);
  }

  async save(family: Family): Promise<string> {
    return await this.#rules.saveAll(family);
  }

  async send(probes: readonly Probe[], kind: 'first' | 'more', round: number): Promise<Observation[]> {
    const lines = new Map<PacketHelper, string[]>();
    for (const probe of probes) {
      const helper = this.#at(probe.sender);
      const own = lines.get(helper) ?? [];
      lines.set(helper, own);
      own.push(...commandsOf(probe, kind, round));
    }
    // Who gets no answer would send the first packet again, as one of a flow that is known.
    const after = this.#isMute && kind === 'first' ? ['hush'] : [];
    for (const [helper, own] of lines) helper.tell([...own, ...after]);
    await this.#settle();
    return this.#helpers.flatMap((helper) => helper.take());
  }

  /**
   * Waits until nothing more comes. After each round a canary goes over each link, there and back: a packet that was sent before it has
   * been judged when the canary is there.
   *
   * @throws {PacketsUnavailable} if that takes too long
   */
  async #settle(): Promise<void> {
    const limit = performance.now() + MOST_MS;
    let quiet = 0;
    let before = -1;
    for (let round = 0; round < MOST_ROUNDS && quiet < QUIET_ROUNDS; round += 1) {
      await this.#canaries.go();
      const count = this.#helpers.reduce((sum, { seenCount }) => sum + seenCount, 0);
      quiet = count === before ? quiet + 1 : 0;
      before = count;
      if (performance.now() > limit)
        throw new PacketsUnavailable(
          `packets are still on their way after ${MOST_MS / 1000} s in the rehearsal`,
        );
    }
  }

  async mute(): Promise<void> {
    this.#isMute = true;
    for (const helper of this.#neighbours.values()) helper.tellIp(this.#parts.ip, MUTE);
    await this.#syncAll('mute');
  }

  async forget(): Promise<void> {
    if (this.#request.isKnown) return;
    for (const helper of this.#helpers) helper.tellIp(this.#parts.ip, FORGET);
    await this.#syncAll('forgotten');
  }

  async unresolved(): Promise<Set<string>> {
    const found = new Set<string>();
    const [atHost, ...others] = await Promise.all(
      this.#helpers.map(async (helper) => await helper.listNeighbours(this.#parts.ip)),
    );
    for (const [, device = ''] of (atHost ?? []).join('\n').matchAll(UNRESOLVED)) found.add(device);
    for (const [index, name] of [...this.#neighbours.keys()].entries())
      if (/\b(?:INCOMPLETE|FAILED)\b/.test(others[index]?.join(' ') ?? '')) found.add(name);
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map(async (helper) => await helper.close()));
    await this.#elsewhere?.close();
  }
}
