import { setTimeout as sleep } from 'node:timers/promises';
import type { Operator } from '../ask/operator.ts';
import type { HostAnswers, HostSelection, ListChange, ListOptions, WholeList } from '../ask/options.ts';
import { assertSelection, lookOnce } from '../ask/select.ts';
import { RequestInvalid } from '../messages/errors.ts';
import { suggestion } from '../messages/names.ts';
import { nextListRevision } from './list-revision.ts';
import { mendLists } from './mend-lists.ts';
import { isBeaten, sendListJob } from './send-list-job.ts';

/** So often a revision is chosen anew where others were faster. */
const MOST_ROUNDS = 5;
const MOST_PAUSE_MS = 300;
const COMMON = ['name', 'revision', 'cut', 'onNever'];

/** What is sent as the whole of a list. */
export type WholeRequest =
  | { action: 'list.replace'; list: WholeList }
  | { action: 'list.remove'; list: { name: string; revision: number | 'next' } };

/**
 * Has hosts replace a list, or take it away. Where another was faster on some of them, all are asked again: so all have the same in the end.
 *
 * @throws {RequestInvalid} before anything is sent
 */
export async function askWholeList(
  operator: Operator,
  { action, list }: WholeRequest,
  whom: HostSelection,
  options: ListOptions,
): Promise<HostAnswers> {
  assertSelection(whom);
  assertKnownFields(list, [
    ...COMMON,
    ...(action === 'list.replace' ? ['entries', 'kind', 'maxEntries'] : []),
  ]);
  let tried: { revision: number; answers: HostAnswers } | null = null;
  for (let round = 1; ; round += 1) {
    const observer = lookOnce(operator, tried === null ? options : { signal: options.signal });
    const revision: number =
      list.revision === 'next'
        ? await nextListRevision(operator, observer, list.name, whom, tried, options)
        : list.revision;
    const job = { action, list: { ...list, revision } } as Parameters<typeof sendListJob>[1];
    const answers = await sendListJob(operator, job, observer, whom, options);
    const isDone = list.revision !== 'next' || ![...answers.values()].some(isBeaten);
    if (isDone || round === MOST_ROUNDS) return answers;
    tried = { revision, answers };
    await pause(options);
  }
}

/**
 * Has hosts change some entries of a list. A host on which another was faster is asked again under the next revision; one that has
 * missed a change before gets the whole list from one that has not.
 *
 * @throws {RequestInvalid} before anything is sent
 */
export async function askListChange(
  operator: Operator,
  change: ListChange,
  whom: HostSelection,
  options: ListOptions,
): Promise<HostAnswers> {
  assertSelection(whom);
  assertKnownFields(change, [...COMMON, 'add', 'remove']);
  const answers: HostAnswers = new Map();
  let open = whom;
  let tried: { revision: number; answers: HostAnswers } | null = null;
  for (let round = 1; ; round += 1) {
    const observer = lookOnce(operator, tried === null ? options : { signal: options.signal });
    const revision: number =
      change.revision === 'next'
        ? await nextListRevision(operator, observer, change.name, whom, tried, options)
        : change.revision;
    const job = { action: 'list.change', list: { ...change, revision } } as const;
    const said = await sendListJob(operator, job, observer, open, options);
    for (const [host, answer] of said) answers.set(host, answer);
    if (change.revision !== 'next') return answers;
    for (const [host, answer] of await mendLists(operator, change, answers, observer, options))
      answers.set(host, answer);
    const beaten = [...answers].filter(([, answer]) => isBeaten(answer)).map(([host]) => host);
    if (beaten.length === 0 || round === MOST_ROUNDS) return answers;
    open = { hosts: beaten };
    tried = { revision, answers: said };
    await pause(options);
  }
}

/** Of another length for each of those who try. */
async function pause({ signal }: ListOptions): Promise<void> {
  const ms = Math.random() * MOST_PAUSE_MS;
  await sleep(ms, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

/** Hosts ignore fields that they do not know: whoever misspells one here is told. */
function assertKnownFields(list: object, fields: readonly string[]): void {
  const odd = Object.keys(list).find((field) => !fields.includes(field));
  if (odd !== undefined) throw new RequestInvalid(`a list has no field ${odd}${suggestion(odd, fields)}`);
}
