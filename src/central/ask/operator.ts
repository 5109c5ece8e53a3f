import type { FleetLink } from '../../broker/fleet-link.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import { canWait, LONGEST_WAIT_SECONDS } from '../../system/longest-wait.ts';
import { EventReader } from '../log/event-reader.ts';
import type { FleetState } from '../log/fleet-state.ts';
import { observeFleet } from '../log/observe-fleet.ts';
import { type AddressedMessage } from '../messages/addressed-message.ts';
import { RequestInvalid } from '../messages/errors.ts';
import { prepareControl } from '../messages/messages.ts';
import { ask } from './ask.ts';
import type { AskOptions } from './ask-options.ts';
import { hostsBehind } from './behind.ts';
import type { FleetObserver, HostAnswers, LookOptions, PushOptions } from './options.ts';

const TIMEOUT_SECONDS = 60;
const ANSWER_MS = 2_000;
/** As long as the event log keeps events. */
export const LOOK_BACK_MS = 30 * 24 * 3_600_000;

type OperatorAskOptions = Pick<PushOptions, 'timeoutSeconds' | 'signal' | 'onEvent' | 'onBehind'> &
  Pick<AskOptions, 'known'>;

/** Whose connection, name and keys are used for what is asked of a fleet. */
export class Operator implements FleetObserver {
  readonly link: FleetLink;
  readonly keys: readonly SigningKey[];
  readonly reader: EventReader;

  constructor(link: FleetLink, keys: readonly SigningKey[], reader: EventReader) {
    this.link = link;
    this.keys = keys;
    this.reader = reader;
  }

  /** Publishes messages, and gathers the answers. @throws {RequestInvalid} before anything is sent, if no timer can wait for so long */
  async ask(
    messages: readonly AddressedMessage[],
    { timeoutSeconds = TIMEOUT_SECONDS, signal, onEvent, onBehind, known }: OperatorAskOptions,
    exchange?: string,
  ): Promise<HostAnswers> {
    assertWait(timeoutSeconds);
    const tell = onceEach(onEvent);
    const options = { reader: this.reader, timeoutMs: timeoutSeconds * 1000, signal, onEvent: tell, known };
    if (exchange !== undefined) return await ask(this.link, messages, { ...options, exchange });
    const own = new Set(messages.map(({ message }) => message.jobId));
    const lookBehind = async (enough: AbortSignal) => await hostsBehind(this, own, enough);
    return await ask(this.link, messages, { ...options, lookBehind, onBehind });
  }

  async fleet({
    lookBackMs = LOOK_BACK_MS,
    answerMs = ANSWER_MS,
    signal,
  }: LookOptions = {}): Promise<FleetState> {
    const ping = await prepareControl({ kind: 'ping' }, { all: true }, this.keys);
    const isSigned = this.keys.length > 0;
    const options = { reader: this.reader, ping, isSigned, lookBackMs, answerMs, signal };
    return await observeFleet(this.link, options);
  }
}

/** A host publishes an event until it is confirmed, and over each address of its broker as a probe: it is told once. */
function onceEach(onEvent: OperatorAskOptions['onEvent']): OperatorAskOptions['onEvent'] {
  const told = new Set<string>();
  return (event) => {
    if (told.has(event.id)) return;
    told.add(event.id);
    onEvent?.(event);
  };
}

/** What no timer can wait for would be over at once, and all hosts silent. */
function assertWait(seconds: number): void {
  if (canWait(seconds)) return;
  const message = `an answer cannot be waited for ${seconds} seconds: say a number above 0, at most ${LONGEST_WAIT_SECONDS}`;
  throw new RequestInvalid(message, { issues: [{ path: ['timeoutSeconds'], message, nearest: null }] });
}
