import { FleetEvent, Outcome } from '../events/event.ts';
import { forgottenKey } from '../events/host-forgotten.ts';
import { markerKey } from '../events/log-marker.ts';
import { RolloutEvent, rolloutKey } from '../rollouts/rollout-events.ts';
import {
  ALL_KEY,
  CONTROL_EXCHANGE,
  DEAD_EXCHANGE,
  DEAD_QUEUE,
  EVENT_LOG_STREAM,
  EVENTS_EXCHANGE,
  eventKey,
  groupKey,
  hostControlQueue,
  hostJobsQueue,
  hostKey,
  JOBS_EXCHANGE,
  OPERATOR_EXCHANGE,
} from '../words/names.ts';
import type { MessageName } from './asyncapi-messages.ts';
import type { JsonSchema } from './json-schemas.ts';

/** https://github.com/asyncapi/bindings/tree/master/amqp */
export const BINDING_VERSION = '0.3.0';

const HOST = '{hostId}';
const HOST_ID = { hostId: { description: 'The id of a host.', examples: ['web-1'] } };
const RECIPIENT = {
  recipient: {
    description: 'Whom it is for: host.<hostId>, group.<group> or all.',
    examples: [hostKey('web-1'), groupKey('web'), ALL_KEY],
  },
};
const JOBS: MessageName[] = ['job', 'signedJob', 'jobOfSigners'];
const CONTROL: MessageName[] = ['control', 'signedControl', 'controlOfSigners'];

/** What comes behind the host in the routing keys of its events. @public */
export const EVENT_KEYS = FleetEvent.options
  .flatMap(({ shape: { type } }) => ('options' in type ? type.options : [type.value]))
  .flatMap((type) =>
    type === 'fleetwall.job.completed'
      ? Outcome.options.map((outcome) => eventKey('', type, outcome))
      : [eventKey('', type)],
  )
  .map((key) => key.slice(1));

/** What comes behind the rollout in the routing keys of its events. */
const ROLLOUT_KEYS = RolloutEvent.options.map(({ shape }) => rolloutKey('', shape.type.value).split('.')[2]);

/** Where messages are published, and where they can be read. Bindings have the exchanges and queues, and how they are made. */
export const CHANNELS = {
  jobs: exchange(JOBS_EXCHANGE, '{recipient}', 'Jobs for hosts.', RECIPIENT, JOBS),
  control: exchange(CONTROL_EXCHANGE, '{recipient}', 'Control messages for hosts.', RECIPIENT, CONTROL),
  events: exchange(
    EVENTS_EXCHANGE,
    `${HOST}.{what}`,
    'Events of hosts.',
    {
      ...HOST_ID,
      what: {
        description: 'The type without "fleetwall."; for a job that ended, with its outcome.',
        enum: EVENT_KEYS,
      },
    },
    ['event'],
  ),
  rollouts: exchange(
    OPERATOR_EXCHANGE,
    'rollout.{rolloutId}.{what}',
    'What operators say of a rollout. No host may write here.',
    {
      rolloutId: { description: 'The id of the rollout.', examples: ['2026-11-22-edge'] },
      what: { description: 'The type without "fleetwall.rollout."', enum: ROLLOUT_KEYS },
    },
    ['rolloutEvent'],
  ),
  forgottenHosts: exchange(
    OPERATOR_EXCHANGE,
    forgottenKey(HOST),
    'Hosts that an operator takes out of the fleet.',
    HOST_ID,
    ['hostForgotten'],
  ),
  logMarkers: exchange(
    OPERATOR_EXCHANGE,
    markerKey('{markerId}'),
    'Places in the event log, marked by those who read it. They say nothing of the fleet.',
    {
      markerId: {
        description: 'A UUID of whoever reads.',
        examples: ['1b0f6a53-5c7e-4f5b-8a51-3d9a2c0e7f32'],
      },
    },
    ['logMarker'],
  ),
  hostJobs: queue(
    hostJobsQueue(HOST),
    'The jobs of one host, in the order in which they came.',
    HOST_ID,
    JOBS,
    {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': DEAD_EXCHANGE,
    },
  ),
  hostControl: queue(hostControlQueue(HOST), 'The control messages of one host.', HOST_ID, CONTROL, {
    'x-queue-type': 'quorum',
  }),
  eventLog: queue(
    EVENT_LOG_STREAM,
    `All events of 30 days, a stream, bound with # to ${EVENTS_EXCHANGE} and ${OPERATOR_EXCHANGE}. Consume it with a prefetch, acknowledgements and x-stream-offset.`,
    {},
    ['event', 'rolloutEvent', 'hostForgotten', 'logMarker'],
    { 'x-queue-type': 'stream', 'x-max-length-bytes': 2 * 1024 * 1024 * 1024, 'x-max-age': '30D' },
  ),
  deadLetters: queue(
    DEAD_QUEUE,
    `What a host could not read as a job, or has begun five times without an end, bound to the fanout exchange ${DEAD_EXCHANGE}.`,
    {},
    ['deadLetter'],
    { 'x-queue-type': 'quorum' },
  ),
} as const;

export type ChannelName = keyof typeof CHANNELS;

/** A channel that is published to, by its routing key. */
function exchange(
  name: string,
  address: string,
  description: string,
  parameters: JsonSchema,
  messages: readonly MessageName[],
): JsonSchema {
  const exchangeBinding = { name, type: 'topic', durable: true, autoDelete: false, vhost: '/' };
  return {
    address,
    title: name,
    description,
    parameters,
    messages: referTo(messages),
    bindings: {
      amqp: { is: 'routingKey', exchange: exchangeBinding, bindingVersion: BINDING_VERSION },
    },
  };
}

/** A channel that is read from. `x-arguments` is what the queue is made with, if it is not there already. */
function queue(
  name: string,
  description: string,
  parameters: JsonSchema,
  messages: readonly MessageName[],
  args: JsonSchema,
): JsonSchema {
  const queueBinding = { name, durable: true, exclusive: false, autoDelete: false, vhost: '/' };
  return {
    address: name,
    title: name,
    description,
    parameters,
    messages: referTo(messages),
    bindings: {
      amqp: { is: 'queue', queue: queueBinding, 'x-arguments': args, bindingVersion: BINDING_VERSION },
    },
  };
}

function referTo(messages: readonly MessageName[]): JsonSchema {
  return Object.fromEntries(messages.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
}
