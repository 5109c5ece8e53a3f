import { ControlMessage } from '../../contract/control.ts';
import { authorise } from '../../job/intake/authorise.ts';
import { decodeJson, describeIssues } from '../../job/intake/decode.ts';
import type { Delivery, Disposition } from '../../job/ports/delivery.ts';
import { type WorkerState, workerEvent } from './worker-events.ts';

/** Hears a message of the control queue. One that is not for this host, or cannot be read, is logged and dropped. */
export async function handleControl(delivery: Delivery, worker: WorkerState): Promise<Disposition> {
  const { ports, answers } = worker;
  const { log, identity, events } = ports;
  let message: ControlMessage;
  try {
    const decoded = await decodeJson(delivery, ports.ring);
    const read = ControlMessage.safeParse(decoded.message);
    if (!read.success) throw new Error(describeIssues(read.error));
    message = read.data;
    const ruleset = message.kind === 'ping' ? undefined : answers.rulesetOf(message.jobId);
    authorise(message, decoded.signers, identity, ruleset);
  } catch (error) {
    log.warn({ messageId: delivery.messageId, error }, 'Control message was refused');
    return 'acknowledge';
  }
  if (message.kind === 'ping') {
    await events.publish(await workerEvent('fleetwall.worker.heartbeat', worker));
    return 'acknowledge';
  }
  const { jobId, kind } = message;
  const isHeard = answers.give(jobId, kind);
  log.info({ jobId, kind }, isHeard ? 'A waiting job was answered' : 'No job waits for this control message');
  return 'acknowledge';
}
