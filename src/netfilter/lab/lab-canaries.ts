import { setTimeout as sleep } from 'node:timers/promises';
import { type LabRequest, PacketsUnavailable } from '../../job/ports/packets.ts';
import { hasIpv6, indexOf, NEIGHBOUR_INDEX } from './lab-script.ts';
import type { PacketHelper } from './packet-helper.ts';

const PAUSE_MS = 2;
/** A host that is very busy lets a process wait for seconds. */
const MOST_MS = 10_000;

/** Frames that go over each link, there and back: a packet that was sent before one has been judged when that one is there. */
export class Canaries {
  readonly #host: PacketHelper;
  readonly #neighbours: readonly PacketHelper[];
  readonly #picture: LabRequest['picture'];
  /** Those of the neighbours whose links have IPv6 that packets need. */
  readonly #withIpv6: readonly PacketHelper[];
  #number = 0;

  constructor(
    host: PacketHelper,
    neighbours: ReadonlyMap<string, PacketHelper>,
    { picture, probes }: Pick<LabRequest, 'picture' | 'probes'>,
  ) {
    this.#host = host;
    this.#picture = picture;
    const { interfaces } = picture;
    this.#neighbours = [...neighbours]
      .filter(([name]) => interfaces.some((link) => link.name === name && link.isUp && link.hasCarrier))
      .map(([, helper]) => helper);
    const isNeeded = probes.some(({ family }) => family === 'ipv6');
    this.#withIpv6 = this.#neighbours.filter(
      ({ place }) => isNeeded && interfaces.some((link) => link.name === place && hasIpv6(link)),
    );
  }

  /**
   * Sends them until they come: a new link takes nothing until the kernel, some time later, has seen that it has a carrier, nor does an
   * address of IPv6 until it has joined its group and got its route.
   */
  async untilThere(): Promise<void> {
    const limit = performance.now() + MOST_MS;
    for (;;) {
      const isThere = await this.#goOnce();
      if (isThere || performance.now() > limit) return;
      await sleep(PAUSE_MS);
    }
  }

  /** @throws {PacketsUnavailable} if a link does not carry what is sent over it */
  async go(): Promise<void> {
    this.#number += 1;
    const number = String(this.#number);
    await this.#sync(`a${number}`);
    this.#fromNeighbours(number);
    await this.#await(this.#host, this.#there(number), number);
    this.#fromHost(number);
    for (const helper of this.#neighbours)
      await this.#await(helper, [`${NEIGHBOUR_INDEX} ${number}`], number);
    await this.#sync(`b${number}`);
  }

  async #goOnce(): Promise<boolean> {
    this.#number += 1;
    const number = String(this.#number);
    this.#fromNeighbours(number);
    this.#fromHost(number);
    this.#askForAddresses();
    // What is sent in answer to the first sync is there at the second.
    await this.#sync(`a${number}`);
    await this.#sync(`b${number}`);
    const atHost = this.#there(number).every((canary) => this.#host.canaries.has(canary));
    const back = `${NEIGHBOUR_INDEX} ${number}`;
    const hasAddresses = [this.#host, ...this.#withIpv6].every(({ absent }) => absent === 0);
    return atHost && hasAddresses && this.#neighbours.every(({ canaries }) => canaries.has(back));
  }

  #askForAddresses(): void {
    if (this.#withIpv6.length === 0) return;
    const links = this.#withIpv6.map(({ place }) => indexOf(this.#picture, place ?? ''));
    this.#host.tell([`absent ${links.join(' ')}`]);
    for (const helper of this.#withIpv6) helper.tell([`absent ${NEIGHBOUR_INDEX}`]);
  }

  #fromNeighbours(number: string): void {
    for (const helper of this.#neighbours) helper.tell([`canary ${number} ${NEIGHBOUR_INDEX}`]);
  }

  #fromHost(number: string): void {
    const links = this.#neighbours.map(({ place }) => indexOf(this.#picture, place ?? ''));
    this.#host.tell([`canary ${number} ${links.join(' ')}`]);
  }

  /** What the host sees of those of the neighbours. */
  #there(number: string): string[] {
    return this.#neighbours.map(({ place }) => `${indexOf(this.#picture, place ?? '')} ${number}`);
  }

  async #sync(name: string): Promise<void> {
    await Promise.all([this.#host, ...this.#neighbours].map(async (helper) => await helper.sync(name)));
  }

  async #await(helper: PacketHelper, wanted: readonly string[], number: string): Promise<void> {
    const limit = performance.now() + MOST_MS;
    for (let tries = 0; ; tries += 1) {
      await helper.sync(`c${number}.${tries}`);
      const missing = wanted.filter((canary) => !helper.canaries.has(canary));
      if (missing.length === 0) break;
      if (performance.now() > limit) {
        const message = `what is sent to ${helper.place ?? 'the host'} in the rehearsal does not arrive`;
        throw new PacketsUnavailable(message);
      }
      await sleep(PAUSE_MS);
    }
    for (const canary of wanted) helper.canaries.delete(canary);
  }
}
