import type { Writer } from '../../contract/events/event.ts';
import type { FollowCommand } from '../../host/command.ts';
import type { RulesMonitor } from '../../job/ports/firewall.ts';
import type { Log } from '../../job/ports/log.ts';
import type { NetworkNamespace } from './namespace.ts';

export interface MonitorOptions {
  /** The path of `nft`; `null` if it is not installed or the rules are legacy: then there is nothing to follow. */
  nft: string | null;
  namespace: NetworkNamespace;
  follow: FollowCommand;
  log: Log;
}

/** Makes nft print line by line. Into a pipe it would print in blocks. */
const LINE_BUFFERED = ['/usr/bin/stdbuf', '-oL'];
/** A worker that is killed cannot end it; the kernel does (prctl(2), PR_SET_PDEATHSIG). */
const ENDS_WITH_PARENT = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'];
/** The line with which `nft monitor` ends each transaction: `# new generation 6 by process 8498 (iptables-nft-re)`. */
const GENERATION = /^# new generation \d+(?: by process (\d+) \((.*)\))?$/;

/** Reports each write to the nft rules of one network namespace, as `nft monitor` prints it. */
export class NftMonitor implements RulesMonitor {
  readonly #options: MonitorOptions;
  #following: { stop(): void } | null = null;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  start(heard: (by: Writer | null) => void): void {
    const { nft, namespace, follow, log } = this.#options;
    if (nft === null || this.#following !== null) return;
    const [file, ...args] = [...ENDS_WITH_PARENT, ...namespace.prefix, ...LINE_BUFFERED, nft, 'monitor'];
    this.#following = follow({
      file,
      args,
      onLine: (line) => {
        const [match, pid, name = ''] = GENERATION.exec(line) ?? [];
        if (match !== undefined) heard(pid === undefined ? null : { pid: Number(pid), name });
      },
      onEnd: (reason) => {
        this.#following = null;
        log.warn(
          { reason },
          'Cannot follow what is written to the rules: they are looked at from time to time only',
        );
      },
    });
  }

  stop(): void {
    this.#following?.stop();
    this.#following = null;
  }
}
