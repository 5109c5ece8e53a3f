/** What systemd tells a service of type `notify`: sd_notify(3), sd_watchdog_enabled(3). */
export interface ServiceEnvironment {
  /** Where to tell it how one is; `null`: nobody wants to know. */
  notifySocket: string | null;
  /** It wants to hear of this process at least so often; `null`: it does not. */
  watchdogMs: number | null;
}

export function readServiceEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid,
): ServiceEnvironment {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = environment;
  const isMeant = watched === undefined || Number(watched) === pid;
  const watchdogMs = isMeant && Number(usec) > 0 ? Number(usec) / 1000 : null;
  return { notifySocket: socket ?? null, watchdogMs };
}
