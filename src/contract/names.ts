/** Every name that fleetwall uses on the broker. */

export const JOBS_EXCHANGE = 'fleetwall.jobs';
export const CONTROL_EXCHANGE = 'fleetwall.control';
export const EVENTS_EXCHANGE = 'fleetwall.events';
export const DEAD_EXCHANGE = 'fleetwall.dead';
export const DEAD_QUEUE = 'fleetwall.dead';
export const EVENT_LOG_STREAM = 'fleetwall.events.log';

export function hostJobsQueue(hostId: string): string {
  return `fleetwall.host.${hostId}`;
}

export function hostControlQueue(hostId: string): string {
  return `fleetwall.control.${hostId}`;
}

/** The key that reaches every host. */
export const ALL_KEY = 'all';

export function hostKey(hostId: string): string {
  return `host.${hostId}`;
}

export function groupKey(group: string): string {
  return `group.${group}`;
}

/**
 * The exchange for what operators publish about rollouts. It also feeds the log of events, but not those who listen to the hosts.
 */
export const OPERATOR_EXCHANGE = 'fleetwall.operator';

const TYPE_PREFIX = 'fleetwall.';

/**
 * Returns the routing key of an event: `<hostId>.<type without the leading fleetwall.>`, and for a finished job also its outcome.
 */
export function eventKey(hostId: string, type: string, outcome?: string): string {
  const key = `${hostId}.${type.slice(TYPE_PREFIX.length)}`;
  return outcome === undefined ? key : `${key}.${outcome}`;
}
