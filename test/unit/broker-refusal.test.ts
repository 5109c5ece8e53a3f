import { expect, it } from 'vitest';
import { explainRefusal } from '../../src/broker/connection/explain-refusal.ts';

/** What RabbitMQ 3.10 and amqplib have said. */
it.each([
  [
    `Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to topic 'web-1.doctor' in exchange 'fleetwall.events' in vhost 'fleet' refused for user 'edge-1'"`,
    'user edge-1 has no right to the topic web-1.doctor of exchange fleetwall.events in vhost fleet (ACCESS_REFUSED): fleetwall provision gives users their rights, each for the id of its own host',
  ],
  [
    `Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue 'fleetwall.host.web-1' in vhost '/' refused for user 'weak'"`,
    'user weak has no right to the queue fleetwall.host.web-1 in vhost / (ACCESS_REFUSED): fleetwall provision gives users their rights',
  ],
])('a right that is missing is named: %#', (said, told) => {
  expect(explainRefusal(new Error(said)).message).toBe(told);
});
