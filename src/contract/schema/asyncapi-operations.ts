import { BINDING_VERSION, type ChannelName } from './asyncapi-channels.ts';
import type { JsonSchema } from './json-schemas.ts';

const PUBLISHED = { deliveryMode: 2, mandatory: true };

/** Who does what with which channel. Bindings say how: persistent, and coming back where no queue is bound (`mandatory`). */
export const OPERATIONS = {
  receiveJob: {
    ...operation('receive', 'jobs', { ...PUBLISHED, ack: true }),
    summary: 'A host is sent a job.',
    description:
      'Publish with confirms and mandatory: a job that comes back has no host. Each host answers with fleetwall.job.completed, once. It is acknowledged when the broker has confirmed that event.',
    reply: reply('events', 'event'),
  },
  receiveControl: {
    ...operation('receive', 'control', { ...PUBLISHED, ack: true }),
    summary: 'A host is sent an answer for a job that waits, the end of one that is not begun, or a ping.',
    description:
      'confirm, abort and cancel are answered with the end of that job, ping with fleetwall.worker.heartbeat.',
    reply: reply('events', 'event'),
  },
  sendEvent: {
    ...operation('send', 'events', PUBLISHED),
    summary: 'A host says what has happened. The same fact has the same id, however often it is published.',
  },
  sendRolloutEvent: {
    ...operation('send', 'rollouts', PUBLISHED),
    summary: 'An operator, not a worker, says what is done in a rollout.',
  },
  sendHostForgotten: {
    ...operation('send', 'forgottenHosts', PUBLISHED),
    summary: 'An operator, not a worker, takes a host out of the fleet.',
  },
  sendLogMarker: {
    ...operation('send', 'logMarkers', PUBLISHED),
    summary: 'An operator, not a worker, marks where the event log ends for now, and reads up to there.',
  },
  consumeJobs: {
    ...operation('receive', 'hostJobs', { ack: true }),
    summary: 'A worker consumes the jobs of its host, exclusively.',
  },
  consumeControl: {
    ...operation('receive', 'hostControl', { ack: true }),
    summary: 'A worker consumes the control messages of its host, exclusively.',
  },
  readEventLog: {
    ...operation('receive', 'eventLog', { ack: true }),
    summary: 'An operator, not a worker, reads what hosts and rollouts have said.',
  },
  sendDeadLetter: {
    ...operation('send', 'deadLetters', {}),
    summary: 'The broker puts here what a worker rejects. The worker has answered it with an event before.',
  },
};

function operation(action: 'send' | 'receive', channel: ChannelName, amqp: JsonSchema): JsonSchema {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    bindings: { amqp: { ...amqp, bindingVersion: BINDING_VERSION } },
  };
}

function reply(channel: ChannelName, message: string): JsonSchema {
  return {
    channel: { $ref: `#/channels/${channel}` },
    messages: [{ $ref: `#/channels/${channel}/messages/${message}` }],
  };
}
