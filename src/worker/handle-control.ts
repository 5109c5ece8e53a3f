import { ControlMessage } from '../contract/control.ts';
import { authorise } from '../job/authorise.ts';
import { decodeJson, describeIssues } from '../job/decode.ts';
import type { Delivery, Ports, Settlement } from '../job/ports.ts';
import { workerEvent } from './worker-events.ts';

/** Hears a message of the control queue. One that is not for this host, or cannot be read, is logged and dropped. */
export async function handleControl(delivery: Delivery, ports: Ports): Promise<Settlement> {
  const { log, identity, events } = ports;
  let message: ControlMessage;
  try {
    const read = ControlMessage.safeParse(await decodeJson(delivery));
    if (!read.success) throw new Error(describeIssues(read.error));
    message = read.data;
    authorise(message, identity);
  } catch (error) {
    log.warn({ messageId: delivery.messageId, error }, 'Control message was refused');
    return 'acknowledge';
  }
  // No job waits for a confirmation in this version: to confirm or abort does nothing, as for any job that does not wait.
  if (message.kind === 'ping') await events.publish(await workerEvent('fleetwall.worker.heartbeat', ports));
  else log.info({ jobId: message.jobId, kind: message.kind }, 'No job waits for this control message');
  return 'acknowledge';
}
