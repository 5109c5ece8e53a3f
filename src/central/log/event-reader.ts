import type { IncomingMessage } from '../../broker/stream-source.ts';
import { FleetEvent, MAX_EVENT_BYTES, MAX_REPORT_BYTES } from '../../contract/events/event.ts';
import { HostForgotten } from '../../contract/events/host-forgotten.ts';
import { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { escapeLines } from '../../contract/words/escape.ts';
import { eventKey, OPERATOR_EXCHANGE } from '../../contract/words/names.ts';

/** In the routing key of the event of a job that has asked for a report. */
const REPORTED = '.job.completed.reported';

const MOST_UNBELIEVED = 1_000;

/** Reads events of hosts and of rollouts from the event log, and drops what is not what it says. */
export class EventReader {
  readonly #ownUser: string | undefined;
  /** By host. */
  readonly #unbelieved = new Map<string, string>();

  /** @param ownUser what the broker knows us as: where one user is shared by all, its name says nothing */
  constructor(ownUser: string | undefined) {
    this.#ownUser = ownUser;
  }

  /** The routing key of the first event of each host that says of itself what is not so, or is too large. */
  get unbelieved(): string[] {
    return [...this.#unbelieved.values()];
  }

  /**
   * @returns `null` for a message that is no event of ours, that is too large to be one, or that says something else of itself than the
   * routing key with which the broker has let its publisher write
   */
  read(message: IncomingMessage): FleetEvent | RolloutEvent | null {
    return message.exchange === OPERATOR_EXCHANGE ? readRollout(message) : this.#readHost(message);
  }

  #drop(key: string): void {
    const [host = ''] = key.split('.');
    if (!this.#unbelieved.has(host) && this.#unbelieved.size < MOST_UNBELIEVED)
      this.#unbelieved.set(host, key);
  }

  /** @returns the host that an operator has taken out of the fleet; `null` for any other message */
  readForgotten({ exchange, key, body }: IncomingMessage): string | null {
    if (exchange !== OPERATOR_EXCHANGE || !key.endsWith('.forgotten')) return null;
    return HostForgotten.safeParse(parse(body)).data?.data.hostId ?? null;
  }

  #readHost({ key, user, body }: IncomingMessage): FleetEvent | null {
    if (body.byteLength > (key.endsWith(REPORTED) ? MAX_REPORT_BYTES : MAX_EVENT_BYTES)) {
      this.#drop(key);
      return null;
    }
    const read = FleetEvent.safeParse(parse(body));
    if (!read.success) return null;
    const event = read.data;
    const { hostId } = event.data;
    const isPublisher = user === undefined || user === hostId || user === this.#ownUser;
    if (isPublisher && isOneStory(event, key)) return event;
    this.#drop(key);
    return null;
  }
}

/** Whether an event is one of a host. */
export function isFleetEvent(event: FleetEvent | RolloutEvent): event is FleetEvent {
  return !event.type.startsWith('fleetwall.rollout.');
}

/** A host may write with keys that begin with its own id, and what an event says of its host and job has to be that. */
function isOneStory(event: FleetEvent, key: string): boolean {
  const { hostId } = event.data;
  const outcome = event.type === 'fleetwall.job.completed' ? event.data.outcome : undefined;
  if (event.source !== `/fleetwall/hosts/${hostId}`) return false;
  if ('subject' in event && event.subject !== event.data.jobId) return false;
  return key === eventKey(hostId, event.type, outcome);
}

function readRollout({ body }: IncomingMessage): RolloutEvent | null {
  const read = RolloutEvent.safeParse(parse(body));
  return read.success ? read.data : null;
}

/** Reads JSON. Workers escape what their texts have of control characters; whoever else writes to the log might not have. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'), (_, value: unknown) =>
      typeof value === 'string' ? escapeLines(value) : value,
    );
  } catch {
    return null;
  }
}
