import type { CommandResult, RunCommand } from '../../host/command.ts';
import type { FlowCutter } from '../../job/ports/lists.ts';
import { parseNetwork } from '../../list/network.ts';
import type { Ranges } from '../../list/ranges.ts';
import type { NetworkNamespace } from '../tables/namespace.ts';

export interface FlowsOptions {
  /** The programs; `null`: not installed. */
  conntrack: string | null;
  ss: string | null;
  namespace: Pick<NetworkNamespace, 'prefix'>;
  timeoutMs: number;
  run: RunCommand;
}

/** From where, to where, and the same of the answers: each may be another, where addresses are translated. */
const DIRECTIONS = ['--orig-src', '--orig-dst', '--reply-src', '--reply-dst'];

/**
 * Cuts what has been let in already: the kernel's memory of a flow, which rules for established flows go by, and the sockets of this
 * host, without which it would begin the flow anew with its next packet.
 */
export class Flows implements FlowCutter {
  readonly #options: FlowsOptions;

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  get missing(): string | null {
    const { conntrack, ss } = this.#options;
    const names = [...(conntrack === null ? ['conntrack'] : []), ...(ss === null ? ['ss (iproute2)'] : [])];
    if (names.length === 0) return null;
    return `flows cannot be cut without ${names.join(' and ')}: install that, or send the job without "cut"`;
  }

  async cut(networks: Ranges): Promise<{ addresses: number }> {
    const known = new Map<string, string | null>();
    const networkOf = (address: string): string | null => {
      let found = known.get(address);
      if (found === undefined) {
        const network = parseNetwork(address);
        found = typeof network === 'string' ? null : networks.overlap(network);
        known.set(address, found);
      }
      return found;
    };
    const flows = await this.#findFlows(networkOf);
    // The sockets first: each of their packets would have the flow tracked again.
    for (const peer of await this.#findPeers(networkOf))
      await this.#run(this.#options.ss, ['-K', '-Htn', 'dst', peer]);
    for (const asked of flows) await this.#run(this.#options.conntrack, ['-D', ...asked.split(' ')]);
    return { addresses: [...known.values()].filter((network) => network !== null).length };
  }

  /**
   * What to delete: networks where conntrack takes networks, so that a network of which a hundred thousand addresses are tracked
   * is one program, and addresses where it does not.
   */
  async #findFlows(networkOf: (address: string) => string | null): Promise<Set<string>> {
    const found = new Set<string>();
    const note = (line: string) => {
      const addresses = [...line.matchAll(/\b(?:src|dst)=(\S+)/g)].map(([, address = '']) => address);
      const hits = addresses.flatMap((address, index) => {
        const network = networkOf(address);
        return network === null ? [] : { network, address, index };
      });
      // One is enough to delete a flow.
      const [hit] = hits;
      if (hit === undefined) return;
      found.add(`${DIRECTIONS[hit.index] ?? ''} ${hit.index < 2 ? hit.network : hit.address}`);
    };
    for (const family of ['ipv4', 'ipv6'])
      await this.#run(this.#options.conntrack, ['-L', '-f', family], note);
    return found;
  }

  async #findPeers(networkOf: (address: string) => string | null): Promise<Set<string>> {
    const found = new Set<string>();
    await this.#run(this.#options.ss, ['-Htn'], (line) => {
      const peer = line.trim().split(/\s+/)[4] ?? '';
      const address = peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]$/g, '');
      const network = networkOf(address);
      if (network === null) return;
      // A peer of IPv4 may be shown as one of IPv6, and is to be asked for as it is shown.
      if (address.includes(':') !== network.includes(':')) found.add(`[${address}]`);
      else found.add(network.includes(':') ? network.replace(/^[^/]+/, '[$&]') : network);
    });
    return found;
  }

  /** Their exit is no error: `conntrack` ends with 1 where there was nothing to be deleted. */
  async #run(
    program: string | null,
    own: readonly string[],
    onLine: (line: string) => void = () => {},
  ): Promise<CommandResult | null> {
    if (program === null) return null;
    const { namespace, timeoutMs, run } = this.#options;
    const [file = program, ...args] = [...namespace.prefix, program, ...own];
    return await run({ file, args, timeoutMs, encoding: 'latin1', onLine });
  }
}
