import type { HostProbe } from '../../src/config/read-host-probes.ts';
import { WorkerSettings } from '../../src/config/worker-settings.ts';
import { HostPolicy } from '../../src/contract/jobs/host-policy.ts';
import type { RunCommand } from '../../src/host/command.ts';
import { RestoreFailed } from '../../src/job/ports/firewall.ts';
import type { Fence, HostLock } from '../../src/job/ports/host-lock.ts';
import { PacketsUnavailable } from '../../src/job/ports/packets.ts';
import { silentLog } from '../../src/log/logger.ts';
import { Ipset } from '../../src/netfilter/sets/ipset.ts';
import type { ManagedHost } from '../../src/worker/open/open-host.ts';
import { runWorker } from '../../src/worker/run-worker.ts';
import { SimulatedFirewall, SimulatedStage } from './simulated-rules.ts';

/** What a host does with a change: `deaf` never begins, `stuck` begins and never ends, until it is let go. */
export type Character = 'well' | 'slow' | 'failing' | 'rolled_back' | 'deaf' | 'stuck';

const SLOW_MS = 1_000;
const PROBES: HostProbe[] = [{ kind: 'tcp', target: '192.0.2.1:22', name: 'gateway', timeoutSeconds: 1 }];
const FENCE: Fence = { descriptor: -1, assertHeld: () => {} };

/** A worker whose host alone is simulated: its rules, and the right to write them. All else of it is real. */
export class SimulatedHost {
  readonly id: string;
  readonly firewall = new SimulatedFirewall(async () => await this.#beforeWrite());
  character: Character = 'well';
  readonly #stop = new AbortController();
  readonly #settings: WorkerSettings;
  #ended: Promise<void> = Promise.resolve();
  #held: Promise<unknown> = Promise.resolve();
  #letGo: () => void = () => {};
  #isLetGo = new Promise<void>(() => {});

  /** @param folder for its state */
  constructor(
    id: string,
    options: {
      brokerUrl: string;
      folder: string;
      groups: string[];
      queueType?: 'quorum' | 'classic';
      heartbeatSeconds?: number;
    },
  ) {
    this.id = id;
    this.#settings = WorkerSettings.parse({
      hostId: id,
      groups: options.groups,
      amqpUrl: options.brokerUrl,
      queueType: options.queueType ?? 'classic',
      allowUnsigned: true,
      stateDir: `${options.folder}/${id}`,
      runDir: `${options.folder}/${id}-run`,
      heartbeatSeconds: options.heartbeatSeconds ?? 3_600,
      driftIntervalSeconds: 3_600,
    });
  }

  /** Resolves at once: that it is there, its events tell. */
  start(): void {
    const service = { notifySocket: null, watchdogMs: null } as const;
    const policy = HostPolicy.parse({});
    const options = { settings: this.#settings, probes: PROBES, policy, service };
    const open = async () => this.#managed();
    this.#ended = runWorker({ ...options, open }, silentLog(), this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.become('well');
    this.#stop.abort();
    await this.#ended;
  }

  /** What held it up is over. */
  become(character: Character): void {
    this.#letGo();
    this.character = character;
    this.#isLetGo = new Promise((resolve) => (this.#letGo = resolve));
  }

  #managed(): ManagedHost {
    const { id } = this;
    return {
      facts: { version: '0.0.0', backend: 'nft', iptables: '0.0.0', kernel: '0', bootId: id },
      place: `simulated ${id}`,
      lock: this.#lock(),
      firewall: this.firewall,
      holder: { findStopped: async () => null, signal: () => {} },
      listHolders: { of: () => ({ findStopped: async () => null, signal: () => {} }) },
      checks: { lock: async () => {}, backend: async () => {}, lastProgress: () => performance.now() },
      monitor: { start: () => {}, stop: () => {} },
      sandbox: new SimulatedStage(),
      packets: NO_PACKETS,
      watchdog: { arm: async () => {}, disarm: async () => {} },
      listWatchdogs: { of: () => ({ arm: async () => {}, disarm: async () => {} }) },
      listLocks: { of: () => ({ isBusy: false, hold: async (_, work) => await work(FENCE) }) },
      sets: new Ipset({ ipset: null, namespace: { prefix: [] }, timeoutMs: 1_000, run: this.#runProbe }),
      flows: { missing: 'simulated', cut: async () => ({ addresses: 0 }) },
      ipset: null,
      restore: { ipv4: '/nowhere', ipv6: '/nowhere' },
      prefix: [],
      run: this.#runProbe,
    };
  }

  #lock(): HostLock {
    const hold = async <T>(_: string, work: (fence: Fence) => Promise<T>): Promise<T> => {
      if (this.character === 'deaf') await this.#isLetGo;
      const before = this.#held;
      const own = before.then(
        async () => await work(FENCE),
        async () => await work(FENCE),
      );
      this.#held = own;
      return await own;
    };
    return { isBusy: false, hold };
  }

  async #beforeWrite(): Promise<void> {
    const { character } = this;
    if (character === 'slow') await new Promise((resolve) => setTimeout(resolve, Math.random() * SLOW_MS));
    if (character === 'stuck') await this.#isLetGo;
    if (character === 'failing') {
      const message = 'the kernel said no';
      const fault = { kind: 'commit' as const, lines: [], command: 'iptables-restore', exitCode: 4 };
      throw new RestoreFailed({ ...fault, message, stderr: message });
    }
  }

  /** The host's own probe, which is where a change shows that it locks out. */
  readonly #runProbe: RunCommand = async () => {
    const isWell = this.character !== 'rolled_back';
    const common = { stdout: '', timedOut: false, truncated: false, startError: null };
    return { ...common, exitCode: isWell ? 0 : 1, stderr: isWell ? '' : 'no answer' };
  };
}

/** Nothing goes over a simulated network. */
const NO_PACKETS: ManagedHost['packets'] = {
  look: async () => await Promise.reject(new PacketsUnavailable('nothing goes over a simulated network')),
  routesTo: async () => new Map(),
  routesOf: async () => [],
  entriesOf: async () => new Map(),
  open: async () => await Promise.reject(new PacketsUnavailable('nothing goes over a simulated network')),
};
