import type { BrokerAccess } from '../../broker/connection/broker-access.ts';
import { probeBroker } from '../../broker/probe.ts';
import type { HostProbe } from '../../config/read-host-probes.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { RunCommand } from '../../host/command.ts';
import { tryHostProbe } from '../../host/try-host-probe.ts';
import type { Answers, Confirmation, Probe } from '../../job/ports/confirmation.ts';

export interface ProbeOptions {
  /** `null`: there is no broker to be probed. */
  access: (() => Promise<BrokerAccess>) | null;
  /** Gives what of an event may leave the host. */
  shown: <T extends FleetEvent>(event: T) => T;
  hostId: string;
  hostProbes: readonly HostProbe[];
  /** What runs a command in the network namespace whose rules are managed. */
  prefix: readonly string[];
  run: RunCommand;
}

const REACH_MS = 10_000;

/**
 * Probes what has to work after a change: the broker, from the worker's own network namespace, and the targets of the host's own
 * probes, from the namespace whose rules are managed.
 */
export class ProbingConfirmation implements Confirmation {
  readonly answers: Answers;
  readonly #options: ProbeOptions;

  constructor(options: ProbeOptions, answers: Answers) {
    this.#options = options;
    this.answers = answers;
  }

  async assertReachable(): Promise<void> {
    const { access } = this.#options;
    if (access === null) return;
    await probeBroker({
      access: await access(),
      connectionName: this.#connectionName,
      limitMs: REACH_MS,
    });
  }

  probes(event: FleetEvent, headers: Record<string, string>): Probe[] {
    const { access, shown, hostProbes, prefix, run } = this.#options;
    const own = hostProbes.map(
      (probe): Probe =>
        async () =>
          await tryHostProbe(probe, prefix, run),
    );
    if (access === null) return own;
    const broker: Probe = async (limitMs) => await this.#tryBroker(access, shown(event), headers, limitMs);
    return [broker, ...own];
  }

  async #tryBroker(
    access: () => Promise<BrokerAccess>,
    event: FleetEvent,
    headers: Record<string, string>,
    limitMs: number,
  ): Promise<string | null> {
    const connectionName = this.#connectionName;
    try {
      await probeBroker({ access: await access(), connectionName, event: { event, headers }, limitMs });
      return null;
    } catch (error) {
      return `no new connection to the broker worked (${(error as Error).message})`;
    }
  }

  get #connectionName(): string {
    return `fleetwall probe ${this.#options.hostId}`;
  }
}
