import { CONTROL_EXCHANGE, EVENTS_EXCHANGE, JOBS_EXCHANGE } from '../names.ts';
import { COMPLETED_EXAMPLE, CONTROL_EXAMPLES, JOB_EXAMPLES, UNDONE_EXAMPLE } from './examples.ts';
import { type JsonSchema, type SchemaName, schemaFile } from './json-schemas.ts';

/** https://www.asyncapi.com/docs/reference/bindings/amqp, version 0.3.0 */
const BINDING_VERSION = '0.3.0';
const ROUTING_TO_HOSTS = 'host.<hostId>, group.<group> or all';

/**
 * Returns an AsyncAPI 3 document of a worker: what it receives and what it sends. Its messages refer to the JSON Schema files
 * beside it.
 */
export function asyncApi(version: string): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'fleetwall',
      version,
      description: 'Firewall ruleset jobs for the hosts of a fleet, and the events that answer them.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      jobs: channel(JOBS_EXCHANGE, 'jobKey', `Jobs, by ${ROUTING_TO_HOSTS}.`, 'job'),
      control: channel(
        CONTROL_EXCHANGE,
        'controlKey',
        `Control messages, by ${ROUTING_TO_HOSTS}.`,
        'control',
      ),
      events: channel(
        EVENTS_EXCHANGE,
        'eventKey',
        'Events, by <hostId>.<type without fleetwall.>, and for a finished job .<outcome>.',
        'event',
      ),
    },
    operations: {
      receiveJob: {
        action: 'receive',
        channel: { $ref: '#/channels/jobs' },
        summary: 'Every job is answered by a fleetwall.job.completed of each host.',
        bindings: { amqp: { mandatory: true, deliveryMode: 2, ack: true, bindingVersion: BINDING_VERSION } },
        reply: { channel: { $ref: '#/channels/events' } },
      },
      receiveControl: { action: 'receive', channel: { $ref: '#/channels/control' } },
      sendEvent: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        bindings: { amqp: { deliveryMode: 2, bindingVersion: BINDING_VERSION } },
      },
    },
    components: {
      messages: {
        job: {
          ...message('job', 'application/json'),
          summary:
            'Also as the payload of a JWS: application/jose (compact), application/jose+json (general).',
          correlationId: { location: '$message.payload#/id' },
          examples: examplesOf(JOB_EXAMPLES),
        },
        control: { ...message('control', 'application/json'), examples: examplesOf(CONTROL_EXAMPLES) },
        event: {
          ...message('event', 'application/cloudevents+json'),
          examples: examplesOf({
            'a job that failed': COMPLETED_EXAMPLE,
            'a change that was taken back after all': UNDONE_EXAMPLE,
          }),
        },
      },
    },
  };
}

function channel(exchange: string, key: string, description: string, messageName: string): JsonSchema {
  return {
    address: `{${key}}`,
    description: `${description} Exchange: ${exchange}.`,
    parameters: { [key]: { description: 'The routing key.' } },
    messages: { [messageName]: { $ref: `#/components/messages/${messageName}` } },
    bindings: {
      amqp: {
        is: 'routingKey',
        exchange: { name: exchange, type: 'topic', durable: true, autoDelete: false, vhost: '/' },
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function message(schema: SchemaName, contentType: string): JsonSchema {
  return {
    name: schema,
    contentType,
    payload: {
      schemaFormat: 'application/schema+json;version=draft-2020-12',
      schema: { $ref: `./${schemaFile(schema)}` },
    },
  };
}

function examplesOf(examples: Record<string, unknown>): JsonSchema[] {
  return Object.entries(examples).map(([name, payload]) => ({ name, payload }) as const);
}
