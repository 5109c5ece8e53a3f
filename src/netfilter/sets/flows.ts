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

  /** @throws {Error} if a program fails; what the others can cut is cut all the same */
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
    let failed: Error | null = null;
    const orLater = async (program: string | null, args: readonly string[]) =>
      await this.#run(program, args).catch((error: Error) => {
        failed ??= error;
      });
    // The sockets first: each of their packets would have the flow tracked again.
    for (const peer of await this.#findPeers(networkOf))
      await orLater(this.#options.ss, ['-K', '-Htn', 'dst', peer]);
    for (const asked of flows) await orLater(this.#options.conntrack, ['-D', ...asked.split(' ')]);
    if (failed !== null) throw failed;
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
      // `[fe80::1%eth0]:22`, or `[fe80::1]%eth0:22`.
      const address = peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]?(?:%.*)?\]?$/g, '');
      const network = networkOf(address);
      if (network === null) return;
      // A peer of IPv4 may be shown as one of IPv6, and is to be asked for as it is shown.
      const asked = address.includes(':') === network.includes(':') ? network : address;
      found.add(asked.includes(':') ? `[${asked}]` : asked);
    });
    return found;
  }

  /** @throws {Error} if the program does not do what it is told; that there was nothing to be deleted is no error */
  async #run(
    program: string | null,
    own: readonly string[],
    onLine: (line: string) => void = () => {},
  ): Promise<void> {
    if (program === null) return;
    const { namespace, timeoutMs, run } = this.#options;
    const [file = program, ...args] = [...namespace.prefix, program, ...own];
    const result = await run({ file, args, timeoutMs, encoding: 'latin1', onLine });
    // `conntrack` ends with 1 where there was nothing to be deleted, and says so.
    if (result.exitCode === 0 || /\b0 flow entries have been/.test(result.stderr)) return;
    throw new Error(`${program} ${own.join(' ')} failed: ${whyOf(result, timeoutMs)}`);
  }
}

function whyOf({ startError, timedOut, stderr, exitCode }: CommandResult, timeoutMs: number): string {
  if (startError !== null) return startError.message;
  if (timedOut) return `it took longer than ${timeoutMs / 1000} s`;
  return stderr.trim().split('\n')[0] || `it ended with ${exitCode ?? 'a signal'}`;
}
