import { hash } from 'node:crypto';
import type { IncomingMessage } from '../../broker/stream-source.ts';

const HEARTBEAT = '.worker.heartbeat';
const ID = /"id":"[^"]*"/;
const TIME = /"time":"([^"]*)"/;

/**
 * Knows heartbeats that say what the one before said. A log of events is made of these almost alone, and reading each of them as what it
 * might be takes most of the time that the log takes.
 */
export class RepeatedHeartbeats {
  /** What was said last, but for id and time, by host. */
  readonly #last = new Map<string, string>();

  /** @returns when it was said, in milliseconds since 1970, and by whom; `null`: it is to be read as any other message */
  timeOf(message: IncomingMessage): { hostId: string; time: number } | null {
    if (!message.key.endsWith(HEARTBEAT)) return null;
    const hostId = hostOf(message);
    const text = message.body.toString('utf8');
    if (this.#last.get(hostId) !== digestOf(message, text)) return null;
    const time = Date.parse(TIME.exec(text)?.[1] ?? '');
    return Number.isNaN(time) ? null : { hostId, time };
  }

  /** Notes a message that was read, and believed. After anything but a heartbeat, the next one may say something else of the host. */
  note(message: IncomingMessage): void {
    const hostId = hostOf(message);
    if (message.key.endsWith(HEARTBEAT))
      this.#last.set(hostId, digestOf(message, message.body.toString('utf8')));
    else this.#last.delete(hostId);
  }
}

function hostOf({ key }: IncomingMessage): string {
  return key.slice(0, key.indexOf('.'));
}

function digestOf({ key, user, exchange }: IncomingMessage, text: string): string {
  return hash(
    'sha256',
    [exchange, key, user ?? '', text.replace(ID, '').replace(TIME, '')].join('\n'),
    'base64',
  );
}
