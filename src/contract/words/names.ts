/** Every name that fleetwall uses on the broker. */

/** Where jobs are published, a topic exchange. */
export const JOBS_EXCHANGE = 'fleetwall.jobs';
/** Where control messages are published, a topic exchange. */
export const CONTROL_EXCHANGE = 'fleetwall.control';
/** Where hosts publish events, a topic exchange. */
export const EVENTS_EXCHANGE = 'fleetwall.events';
/** Where messages go that no host can read. */
export const DEAD_EXCHANGE = 'fleetwall.dead';
/** The queue with what no host can read. */
export const DEAD_QUEUE = 'fleetwall.dead';
/** The log of events, a stream. */
export const EVENT_LOG_STREAM = 'fleetwall.events.log';

/**
 * The queue with the jobs of a host.
 *
 * @example
 * ```ts
 * console.log(brokerNames.hostJobsQueue('web-1')); // fleetwall.host.web-1
 * ```
 */
export function hostJobsQueue(hostId: string): string {
  return `fleetwall.host.${hostId}`;
}

/**
 * The queue with the control messages of a host.
 *
 * @example
 * ```ts
 * console.log(brokerNames.hostControlQueue('web-1')); // fleetwall.control.web-1
 * ```
 */
export function hostControlQueue(hostId: string): string {
  return `fleetwall.control.${hostId}`;
}

/** The key that reaches every host. */
export const ALL_KEY = 'all';

/**
 * The routing key that reaches one host.
 *
 * @example
 * ```ts
 * console.log(brokerNames.hostKey('web-1')); // host.web-1
 * ```
 */
export function hostKey(hostId: string): string {
  return `host.${hostId}`;
}

/**
 * The routing key that reaches the hosts of a group.
 *
 * @example
 * ```ts
 * console.log(brokerNames.groupKey('web')); // group.web
 * ```
 */
export function groupKey(group: string): string {
  return `group.${group}`;
}

/**
 * The exchange for what operators publish about rollouts. It also feeds the log of events, but not those who listen to the hosts.
 */
export const OPERATOR_EXCHANGE = 'fleetwall.operator';

const TYPE_PREFIX = 'fleetwall.';

/**
 * Returns the routing key of an event: `HOST.TYPE`, the type without its leading `fleetwall.`, and for a finished job also its outcome.
 *
 * @example
 * ```ts
 * console.log(brokerNames.eventKey('web-1', 'fleetwall.job.completed', 'failed')); // web-1.job.completed.failed
 * ```
 */
export function eventKey(hostId: string, type: string, outcome?: string): string {
  const key = `${hostId}.${type.slice(TYPE_PREFIX.length)}`;
  return outcome === undefined ? key : `${key}.${outcome}`;
}
