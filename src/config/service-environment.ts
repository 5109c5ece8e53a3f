/** What systemd tells a service of type `notify`: sd_notify(3), sd_watchdog_enabled(3). */
export interface ServiceEnvironment {
  /** The socket on which to tell systemd how the process is; `null`: systemd does not want to know. */
  notifySocket: string | null;
  /** systemd wants a sign of life of this process at least this often; `null`: it wants none. */
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
