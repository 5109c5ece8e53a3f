import { createHash, randomBytes } from 'node:crypto';
import {
  CONTROL_EXCHANGE,
  DEAD_EXCHANGE,
  DEAD_QUEUE,
  EVENT_LOG_STREAM,
  EVENTS_EXCHANGE,
  hostControlQueue,
  hostJobsQueue,
  JOBS_EXCHANGE,
  OPERATOR_EXCHANGE,
} from '../contract/words/names.ts';
import {
  bindingKeys,
  controlQueue,
  DEAD_QUEUE_ARGUMENTS,
  EVENT_LOG_ARGUMENTS,
  EXCHANGES,
  jobsQueue,
  type QueueType,
} from './connection/topology.ts';

/** A host, whose id is also the name of its user. `password` is `null` if the user logs in by a certificate. */
export interface ProvisionedHost {
  hostId: string;
  groups: readonly string[];
  password: string | null;
}

/** A user of the central side: an operator, who sends jobs and hears events, or a reader, who hears events. */
export interface ProvisionedUser {
  name: string;
  password: string | null;
}

export interface FleetDefinition {
  vhost: string;
  queueType: QueueType;
  hosts: readonly ProvisionedHost[];
  operators: readonly ProvisionedUser[];
  readers: readonly ProvisionedUser[];
}

/** Queues that the broker names for a client, and those that a client holds while it runs a rollout. */
const CLIENT_QUEUES = String.raw`amq\.gen.*|fleetwall\.rollout\..*`;
const NOTHING = '^$';

/**
 * Everything that a fleet needs on the broker, in the form of RabbitMQ's definitions. Each user gets the least rights possible:
 *
 * - a host reads its own two queues, publishes events under its own name, and makes nothing;
 * - an operator publishes jobs, control messages and the steps of rollouts, and reads events through queues of its own;
 * - a reader reads the log of events, and can neither write nor make anything.
 */
export function fleetDefinitions({ vhost, queueType, hosts, operators, readers }: FleetDefinition) {
  return {
    vhosts: [{ name: vhost }],
    users: [
      ...hosts.map(({ hostId: name, password }) => userOf({ name, password })),
      ...[...operators, ...readers].map(userOf),
    ],
    permissions: [
      ...hosts.map(({ hostId }) => ({
        user: hostId,
        vhost,
        configure: NOTHING,
        write: exactly(EVENTS_EXCHANGE),
        read: exactly(hostJobsQueue(hostId), hostControlQueue(hostId)),
      })),
      ...operators.map(({ name }) => ({
        user: name,
        vhost,
        configure: `^(${CLIENT_QUEUES})$`,
        write: `^(${[JOBS_EXCHANGE, CONTROL_EXCHANGE, OPERATOR_EXCHANGE].map(literal).join('|')}|${CLIENT_QUEUES})$`,
        read: `^(${[EVENTS_EXCHANGE, EVENT_LOG_STREAM].map(literal).join('|')}|${CLIENT_QUEUES})$`,
      })),
      ...readers.map(({ name }) => ({
        user: name,
        vhost,
        configure: NOTHING,
        write: NOTHING,
        read: exactly(EVENT_LOG_STREAM),
      })),
    ],
    topic_permissions: hosts.map(({ hostId }) => ({
      user: hostId,
      vhost,
      exchange: EVENTS_EXCHANGE,
      write: `^${hostId}\\.`,
      read: NOTHING,
    })),
    policies: [eventLogPolicy(vhost)],
    exchanges: [...EXCHANGES, [OPERATOR_EXCHANGE, 'topic'] as const].map(([name, type]) => ({
      name,
      vhost,
      type,
      durable: true,
      auto_delete: false,
      arguments: {},
    })),
    queues: [
      queue(vhost, DEAD_QUEUE, DEAD_QUEUE_ARGUMENTS),
      queue(vhost, EVENT_LOG_STREAM, EVENT_LOG_ARGUMENTS),
      ...hosts.flatMap(({ hostId }) => [
        queue(vhost, hostJobsQueue(hostId), jobsQueue(hostId, queueType).arguments),
        queue(vhost, hostControlQueue(hostId), controlQueue(hostId, queueType).arguments),
      ]),
    ],
    bindings: [
      binding(vhost, DEAD_EXCHANGE, DEAD_QUEUE, ''),
      binding(vhost, EVENTS_EXCHANGE, EVENT_LOG_STREAM, '#'),
      binding(vhost, OPERATOR_EXCHANGE, EVENT_LOG_STREAM, '#'),
      ...hosts.flatMap((host) => hostBindings(vhost, host)),
    ],
  };
}

/** A cluster of more nodes keeps the log on three of them: more copies cost, and make it no safer against the loss of one. */
function eventLogPolicy(vhost: string) {
  return {
    vhost,
    name: 'fleetwall-event-log',
    pattern: exactly(EVENT_LOG_STREAM),
    'apply-to': 'queues',
    priority: 0,
    definition: { 'initial-cluster-size': 3 },
  };
}

export type BrokerDefinitions = ReturnType<typeof fleetDefinitions>;

function hostBindings(vhost: string, { hostId, groups }: ProvisionedHost) {
  return bindingKeys({ hostId, groups }).flatMap((key) => [
    binding(vhost, JOBS_EXCHANGE, hostJobsQueue(hostId), key),
    binding(vhost, CONTROL_EXCHANGE, hostControlQueue(hostId), key),
  ]);
}

function queue(vhost: string, name: string, args: Record<string, unknown>) {
  return { name, vhost, durable: true, auto_delete: false, arguments: args };
}

function binding(vhost: string, source: string, destination: string, key: string) {
  return { source, vhost, destination, destination_type: 'queue', routing_key: key, arguments: {} };
}

/** Without a password a user can log in by a certificate only. */
function userOf({ name, password }: ProvisionedUser) {
  const password_hash = password === null ? '' : hashPassword(password);
  return { name, password_hash, hashing_algorithm: 'rabbit_password_hashing_sha256', tags: [] };
}

/** Base64 of 4 bytes of salt, and the SHA-256 of salt and password: https://www.rabbitmq.com/docs/passwords */
function hashPassword(password: string): string {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

function exactly(...names: string[]): string {
  return `^(${names.map(literal).join('|')})$`;
}

function literal(name: string): string {
  return name.replaceAll('.', String.raw`\.`);
}
