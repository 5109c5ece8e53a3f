import type { Log } from '../job/ports/log.ts';
import type { RunCommand } from './command.ts';

/** Node has no Unix datagram sockets. So this program, which is part of systemd, speaks for the process that started it. */
const SYSTEMD_NOTIFY = '/usr/bin/systemd-notify';
const TIMEOUT_MS = 5_000;

export interface ServiceManagerOptions {
  notifySocket: string | null;
  watchdogMs: number | null;
  /** Why the worker is stuck; `null`: it is not. */
  whyStuck: () => string | null;
  run: RunCommand;
  log: Log;
}

/** Tells systemd how the worker is: sd_notify(3). Without systemd, it does nothing. */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
  }

  /**
   * Says that the worker is ready. If systemd wants signs of life, it gets them from now on, often enough, until the worker is
   * stuck: then systemd is to start the worker again.
   */
  async ready(status: string): Promise<void> {
    await this.#tell('READY=1', `STATUS=${status}`);
    const { watchdogMs } = this.#options;
    if (watchdogMs === null || this.#watchdog !== null) return;
    this.#watchdog = setInterval(() => this.#beat(), watchdogMs / 3);
    this.#watchdog.unref();
  }

  async stopping(): Promise<void> {
    await this.#tell('STOPPING=1');
  }

  close(): void {
    clearInterval(this.#watchdog ?? undefined);
  }

  #beat(): void {
    const reason = this.#options.whyStuck();
    if (reason === null) void this.#tell('WATCHDOG=1');
    else this.#options.log.error({ reason }, 'The worker is stuck: the service manager is to start it again');
  }

  async #tell(...words: string[]): Promise<void> {
    const { notifySocket, run, log } = this.#options;
    if (notifySocket === null) return;
    const environment = { NOTIFY_SOCKET: notifySocket };
    const { exitCode, stderr, startError } = await run({
      file: SYSTEMD_NOTIFY,
      args: words,
      environment,
      timeoutMs: TIMEOUT_MS,
    });
    if (exitCode !== 0) log.warn({ words, reason: startError?.message ?? stderr }, 'Cannot tell systemd');
  }
}
