import { CHANNELS } from './asyncapi-channels.ts';
import { MESSAGES } from './asyncapi-messages.ts';
import { OPERATIONS } from './asyncapi-operations.ts';
import type { JsonSchema } from './json-schemas.ts';

/**
 * Returns an AsyncAPI 3 document of the wire: what workers receive and send, and what operators say of rollouts. Its messages
 * refer to the JSON Schema files beside it.
 */
export function asyncApi(version: string): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'fleetwall',
      version,
      description:
        'Firewall ruleset jobs for the hosts of a fleet, and the events that answer them. "receive" and "send" are as a worker sees it; where an operator or the broker does it, the operation says so.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: {
      broker: {
        host: '{host}:{port}',
        protocol: 'amqp',
        protocolVersion: '0.9.1',
        description:
          'RabbitMQ 3.10 to 4.x, with one virtual host for a fleet. By TLS it is amqps, and port 5671.',
        variables: { host: { default: '127.0.0.1' }, port: { default: '5672' } },
      },
    },
    defaultContentType: 'application/json',
    channels: CHANNELS,
    operations: OPERATIONS,
    components: {
      messages: Object.fromEntries(
        Object.entries(MESSAGES).map(([name, message]) => [name, { name, ...message }]),
      ),
    },
  };
}
