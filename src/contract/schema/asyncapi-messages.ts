import type { FleetEvent } from '../events/event.ts';
import type { HostForgotten } from '../events/host-forgotten.ts';
import type { LogMarked } from '../events/log-marker.ts';
import type { RolloutEvent } from '../rollouts/rollout-events.ts';
import { COMPLETED_EXAMPLE, ENDED_EXAMPLE, UNDONE_EXAMPLE } from './event-examples.ts';
import { CONTROL_EXAMPLES, JOB_EXAMPLES } from './examples.ts';
import { type JsonSchema, type SchemaName, schemaFile } from './json-schemas.ts';
import { FORGOTTEN_EXAMPLE, MARKER_EXAMPLE, ROLLOUT_EXAMPLES } from './operator-examples.ts';
import { SIGNED_CONTROL_EXAMPLE, SIGNED_JOB_EXAMPLE } from './signed-examples.ts';

const SCHEMA_FORMAT = 'application/schema+json;version=draft-2020-12';
const EVENTS = 'application/cloudevents+json';

const TRACE = {
  traceparent: { type: 'string', description: 'W3C Trace Context. The events of a job carry it on.' },
  tracestate: { type: 'string', description: 'W3C Trace Context. The events of a job carry it on.' },
};
const CLOUD_EVENT_HEADERS = {
  type: 'object',
  properties: {
    'ce-id': { type: 'string', description: 'The id of the event, as in its body.' },
    'ce-type': { type: 'string', description: 'The type of the event, as in its body.' },
    'ce-source': { type: 'string', description: 'The source of the event, as in its body.' },
    'ce-subject': {
      type: 'string',
      description: 'The subject of the event, if it has one: of events of jobs, the id of the job.',
    },
    ...TRACE,
  },
  required: ['ce-id', 'ce-type', 'ce-source'],
};
const COMPACT = {
  type: 'string',
  pattern: String.raw`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`,
  description: 'A JWS in compact form: header, payload and signature in base64url.',
};
const BASE64URL = { type: 'string', pattern: '^[A-Za-z0-9_-]+$' };
const GENERAL = {
  type: 'object',
  properties: {
    payload: { ...BASE64URL, description: 'The JSON of the message, in base64url.' },
    signatures: {
      type: 'array',
      minItems: 1,
      description: 'One of each signer.',
      items: {
        type: 'object',
        properties: {
          protected: { ...BASE64URL, description: 'The header in base64url: alg (EdDSA or ES256) and kid.' },
          signature: { ...BASE64URL, description: 'The signature, in base64url.' },
        },
        required: ['protected', 'signature'],
      },
    },
  },
  required: ['payload', 'signatures'],
};

const OF_EVENT = {
  headers: CLOUD_EVENT_HEADERS,
  'x-amqp-properties': { ...propertiesOf(EVENTS, 'the id of the event'), type: 'the type of the event' },
};

/** Each message that there is. `x-amqp-properties` is what AMQP carries beside its headers. */
export const MESSAGES = {
  job: {
    ...toHost('A job', 'application/json', payloadOf('job')),
    correlationId: { location: '$message.payload#/id' },
    examples: examplesOf(JOB_EXAMPLES),
  },
  signedJob: {
    ...toHost('A job, signed by one key', 'application/jose', COMPACT),
    examples: examplesOf({ apply: SIGNED_JOB_EXAMPLE.compact }),
  },
  jobOfSigners: {
    ...toHost('A job, signed by several keys', 'application/jose+json', GENERAL),
    examples: examplesOf({ apply: SIGNED_JOB_EXAMPLE.general }),
  },
  control: {
    ...toHost('A control message', 'application/json', payloadOf('control')),
    examples: examplesOf(CONTROL_EXAMPLES),
  },
  signedControl: {
    ...toHost('A control message, signed by one key', 'application/jose', COMPACT),
    examples: examplesOf({ ping: SIGNED_CONTROL_EXAMPLE.compact }),
  },
  controlOfSigners: {
    ...toHost('A control message, signed by several keys', 'application/jose+json', GENERAL),
    examples: examplesOf({ ping: SIGNED_CONTROL_EXAMPLE.general }),
  },
  event: {
    ...message('An event of a host', EVENTS, payloadOf('event')),
    ...OF_EVENT,
    correlationId: { description: 'The id of the job.', location: '$message.header#/ce-subject' },
    examples: [
      eventExample('a job that failed', COMPLETED_EXAMPLE),
      eventExample('a change that was taken back after all', UNDONE_EXAMPLE),
      eventExample('a ruleset that has ended', ENDED_EXAMPLE),
    ],
  },
  rolloutEvent: {
    ...message('What an operator says of a rollout', EVENTS, payloadOf('rollout-event')),
    correlationId: { description: 'The id of the rollout.', location: '$message.payload#/subject' },
    ...OF_EVENT,
    examples: Object.entries(ROLLOUT_EXAMPLES).map(([name, event]) => eventExample(name, event)),
  },
  hostForgotten: {
    ...message('A host is taken out of the fleet', EVENTS, payloadOf('host-forgotten')),
    ...OF_EVENT,
    examples: [eventExample('a host that is gone', FORGOTTEN_EXAMPLE)],
  },
  logMarker: {
    ...message('A place in the event log', EVENTS, payloadOf('log-marker')),
    ...OF_EVENT,
    examples: [eventExample('where the log ends for now', MARKER_EXAMPLE)],
  },
  deadLetter: {
    ...message('A message as it came', 'application/octet-stream', {}),
    description:
      'Its properties and headers are those that it came with. The broker adds x-death: when, from which queue, and why.',
    headers: {
      type: 'object',
      properties: {
        'x-first-death-queue': { type: 'string', description: 'The queue of the host that has rejected it.' },
        'x-first-death-reason': { type: 'string', description: 'Where the host has rejected it: rejected.' },
      },
    },
    examples: [
      {
        name: 'text that is no job',
        headers: { 'x-first-death-queue': 'fleetwall.host.web-1', 'x-first-death-reason': 'rejected' },
        payload: 'no job',
      },
    ],
  },
} satisfies Record<string, JsonSchema>;

export type MessageName = keyof typeof MESSAGES;

/** A message that a host receives. */
function toHost(title: string, contentType: string, payload: JsonSchema): JsonSchema {
  return {
    ...message(title, contentType, payload),
    headers: { type: 'object', properties: TRACE },
    'x-amqp-properties': {
      ...propertiesOf(contentType, 'the id of the message'),
      content_encoding: 'none, or gzip',
    },
  };
}

function message(title: string, contentType: string, payload: JsonSchema): JsonSchema {
  return {
    title,
    contentType,
    payload: { schemaFormat: SCHEMA_FORMAT, schema: payload },
  };
}

function payloadOf(name: SchemaName): JsonSchema {
  return { $ref: `./${schemaFile(name)}` };
}

function propertiesOf(contentType: string, messageId: string): JsonSchema {
  return { content_type: contentType, delivery_mode: 2, message_id: messageId };
}

function examplesOf(examples: Record<string, unknown>): JsonSchema[] {
  return Object.entries(examples).map(([name, payload]) => ({ name, payload }));
}

function eventExample(
  name: string,
  event: FleetEvent | RolloutEvent | HostForgotten | LogMarked,
): JsonSchema {
  const { id, type, source } = event;
  const subject = 'subject' in event ? { 'ce-subject': event.subject } : {};
  return {
    name,
    headers: { 'ce-id': id, 'ce-type': type, 'ce-source': source, ...subject },
    payload: event,
  };
}
