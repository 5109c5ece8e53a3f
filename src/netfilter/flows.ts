import type { CommandResult, RunCommand } from '../host/command.ts';
import type { FlowCutter } from '../job/ports/lists.ts';
import { parseNetwork } from '../list/network.ts';
import type { Ranges } from '../list/ranges.ts';
import type { NetworkNamespace } from './namespace.ts';

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
    const tracked = new Set<string>();
    for (const family of ['ipv4', 'ipv6']) {
      const note = (line: string) => {
        for (const [, address = ''] of line.matchAll(/\b(?:src|dst)=(\S+)/g)) tracked.add(address);
      };
      await this.#run(this.#options.conntrack, ['-L', '-f', family], note);
    }
    const connected = new Set<string>();
    await this.#run(this.#options.ss, ['-Htn'], (line) => {
      const peer = line.trim().split(/\s+/)[4] ?? '';
      connected.add(peer.slice(0, peer.lastIndexOf(':')).replace(/^\[|\]$/g, ''));
    });
    const isIn = (address: string) => {
      const network = parseNetwork(address);
      return typeof network !== 'string' && networks.overlap(network) !== null;
    };
    // The sockets first: each of their packets would have the flow tracked again.
    const cut = { sockets: [...connected].filter(isIn), flows: [...tracked].filter(isIn) };
    for (const address of cut.sockets) {
      await this.#run(this.#options.ss, [
        '-K',
        '-Htn',
        'dst',
        address.includes(':') ? `[${address}]` : address,
      ]);
    }
    for (const address of cut.flows) {
      for (const direction of DIRECTIONS)
        await this.#run(this.#options.conntrack, ['-D', direction, address]);
    }
    return { addresses: new Set([...cut.sockets, ...cut.flows]).size };
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
