import { ControlMessage } from '../../contract/jobs/control.ts';
import { IN_WORDS } from '../../contract/words/describe-issue.ts';
import { authorise } from '../../job/intake/authorise.ts';
import { decodeJson, describeIssues } from '../../job/intake/decode.ts';
import type { Delivery, Disposition } from '../../job/ports/delivery.ts';
import { type WorkerState, workerEvent } from './worker-events.ts';

/** Hears a message of the control queue. One that is not for this host, or cannot be read, is logged and dropped. */
export async function handleControl(delivery: Delivery, worker: WorkerState): Promise<Disposition> {
  const { ports, answers } = worker;
  const { log, events } = ports;
  let message: ControlMessage;
  let kids: string[];
  try {
    const decoded = await decodeJson(delivery, ports.ring);
    const read = ControlMessage.safeParse(decoded.message, IN_WORDS);
    if (!read.success) throw new Error(describeIssues(read.error));
    message = read.data;
    kids = decoded.signers.map(({ kid }) => kid);
    const subject = message.kind === 'ping' ? undefined : answers.subjectOf(message.jobId);
    authorise(message, decoded.signers, ports, subject);
  } catch (error) {
    log.warn({ messageId: delivery.messageId, error }, 'Control message was refused');
    return 'acknowledge';
  }
  if (message.kind === 'ping') {
    await events.publish(await workerEvent('fleetwall.worker.heartbeat', worker));
    return 'acknowledge';
  }
  const { jobId, kind } = message;
  if (kind === 'cancel') {
    await cancel(jobId, kids, worker);
    return 'acknowledge';
  }
  const isHeard = answers.give(jobId, kind);
  log.info({ jobId, kind }, isHeard ? 'A waiting job was answered' : 'No job waits for this control message');
  return 'acknowledge';
}

/** Of a job that is begun or has ended, nothing is noted: it goes on. One that has not come yet ends when it comes. */
async function cancel(
  jobId: string,
  kids: readonly string[],
  { ports, answers, waiting }: WorkerState,
): Promise<void> {
  const { log, cancels, results } = ports;
  const isBegun = waiting.isInHand(jobId) || answers.subjectOf(jobId) !== undefined;
  if (isBegun || (await results.find(jobId).catch(() => null)) !== null) {
    log.info({ jobId }, 'A job is begun, or has ended, and is not cancelled');
    return;
  }
  await cancels.add(jobId, kids);
  const didWait = await waiting.endCancelled(jobId);
  log.info({ jobId, didWait }, 'A job is cancelled');
}
