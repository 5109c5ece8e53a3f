import type { FleetEvent } from '../../contract/events/event.ts';
import { FAMILIES } from '../../contract/words/identifiers.ts';
import { setName } from '../../list/set-lines.ts';
import { isFarEnd } from '../../list/timeout.ts';
import type { DriftMode } from '../drift/judge-drift.ts';
import { RepairLimit } from '../drift/repair-limit.ts';
import type { ListSession } from '../ports/list-session.ts';
import type { ListRecord, SetHeader, StoredList } from '../ports/lists.ts';
import type { Ports } from '../ports/ports.ts';
import { areSets, compareList, isCounted, type ListDifference, looksRight } from './compare-list.ts';
import { driftOf, listDriftEvent } from './list-drift.ts';
import { dropSpares, mendList } from './live-list.ts';
import { renewLiveTimeouts, renewTimeouts } from './renew-timeouts.ts';
import { takeOutNever } from './take-out-never.ts';

/** What a look at the lists is for, besides what it always does. */
export interface ListLook {
  /** Compare entry by entry, and not only how many there are. */
  isWhole: boolean;
  /** A list that is not live at all is put back, whatever the mode. */
  putsBack: boolean;
  /** The clock was set, or the machine slept. */
  renews: boolean;
}

/** Compares what is live of the lists with what is on record, and publishes each difference once. */
export class ListJudge {
  readonly #ports: Pick<Ports, 'identity' | 'facts' | 'log'>;
  readonly #mode: DriftMode | 'off';
  readonly #tell: (event: FleetEvent) => void;
  readonly #limit = new RepairLimit();
  readonly #told = new Map<string, string>();
  readonly #inSync = new Map<string, boolean>();
  /** The networks that each list was last held against. */
  readonly #never = new Map<string, string>();

  constructor(
    ports: Pick<Ports, 'identity' | 'facts' | 'log'>,
    mode: DriftMode | 'off',
    tell: (event: FleetEvent) => void,
  ) {
    this.#ports = ports;
    this.#mode = mode;
    this.#tell = tell;
  }

  /** Whether the list was live as committed at the last look; `null` if there was no look yet. */
  inSync(list: string): boolean | null {
    return this.#inSync.get(list) ?? null;
  }

  /**
   * Looks at one list.
   *
   * @param never as {@link neverKey} has it
   * @returns whether timeouts are as they should be, as far as was asked: they cannot be set in sets that are not the list's
   * @throws {StateUnavailable | SetsFailed | LockLost}
   */
  async look(asked: ListLook, never: string | null, session: ListSession): Promise<boolean> {
    const { name } = session;
    const headers = await session.sets.headers();
    const record = await session.ports.lists.record(name);
    if (record === null) return true;
    await dropSpares(name, session.sets, headers);
    if (record.isRemoved) return true;
    if (this.#mode !== 'off') await this.#compareIfDue(record, asked, headers, session);
    if (never !== null && never !== this.#never.get(name)) {
      await this.#takeOut(name, session);
      this.#never.set(name, never);
    }
    return !(asked.renews || asked.isWhole) || (await this.#renew(name, asked, session));
  }

  /** Of a list that has drifted all is compared until it is right again: by its counts alone it may look so. */
  async #compareIfDue(
    record: ListRecord,
    asked: ListLook,
    headers: ReadonlyMap<string, SetHeader>,
    session: ListSession,
  ): Promise<void> {
    const { name } = record;
    const isWhole = asked.isWhole || this.#told.has(name);
    if (isWhole || !looksRight(record, headers))
      await this.#compare(name, { ...asked, isWhole }, headers, session);
    this.#inSync.set(name, !this.#told.has(name));
  }

  async #compare(
    name: string,
    { isWhole, putsBack }: ListLook,
    headers: ReadonlyMap<string, SetHeader>,
    session: ListSession,
  ): Promise<void> {
    const stored = await session.ports.lists.read(name);
    if (stored === null) return;
    if (!isWhole && areSets(stored.record, headers) && isCounted(stored, headers, Date.now())) return;
    const difference = await compareList(stored, session.sets);
    if (!difference.isBroken && difference.changes.length === 0) {
      this.#told.delete(name);
      return;
    }
    const isGone = FAMILIES.every((family) => !headers.has(setName(name, family)));
    await this.#judge(stored, difference, putsBack && isGone, session);
  }

  async #judge(
    stored: StoredList,
    difference: ListDifference,
    putsBack: boolean,
    { sets }: ListSession,
  ): Promise<void> {
    const { record } = stored;
    const { log } = this.#ports;
    const isWanted = putsBack || this.#mode === 'repair';
    const isAllowed = isWanted && this.#limit.allows(record);
    const drift = driftOf(stored, difference);
    const key = JSON.stringify([isWanted && !isAllowed, drift.added, drift.removed]);
    const fields = { list: record.name, added: drift.added.length, removed: drift.removed.length };
    if (this.#told.get(record.name) !== key) {
      log.warn(fields, 'What is live of a list is not what is on record');
      const gaveUp = isWanted && !isAllowed;
      this.#tell(listDriftEvent('fleetwall.drift.detected', stored, drift, this.#ports, gaveUp));
    }
    this.#told.set(record.name, key);
    if (!isAllowed) return;
    await mendList(record.name, stored, sets);
    this.#limit.note(record);
    this.#told.delete(record.name);
    log.warn(fields, 'Put back what is on record of a list');
    this.#tell(listDriftEvent('fleetwall.drift.repaired', stored, drift, this.#ports));
  }

  async #takeOut(name: string, session: ListSession): Promise<void> {
    const stored = await session.ports.lists.read(name);
    if (stored === null) return;
    const found = await takeOutNever(stored, session);
    if (found.length === 0) return;
    const [first] = found;
    this.#ports.log.warn(
      { list: name, entries: found.length, first: first?.text, because: first?.because },
      'A list had what it must never have: that is taken out',
    );
    const drift = { added: [], removed: found.map(({ text }) => text) };
    this.#tell(listDriftEvent('fleetwall.drift.detected', stored, drift, this.#ports));
  }

  /** Of what is live only: that something is missing is a drift, and judged as such. */
  async #renew(name: string, { renews }: ListLook, { ports, sets }: ListSession): Promise<boolean> {
    const stored = await ports.lists.read(name);
    if (stored === null || (!renews && !hasFarEnds(stored))) return true;
    const areOwn = areSets(stored.record, await sets.headers());
    if (areOwn && !this.#told.has(name)) await renewTimeouts(stored, sets);
    else await renewLiveTimeouts(stored, sets);
    return areOwn;
  }

  /** What deny lists must not have, to be compared with that of the last look; `null`: it cannot be seen. */
  async neverKey({ never, log }: Pick<Ports, 'never' | 'log'>): Promise<string | null> {
    try {
      const { names } = await never.read();
      return [...names.keys()].toSorted().join(' ');
    } catch (error) {
      log.warn({ error }, 'Cannot see which addresses this host has');
      return null;
    }
  }
}

/** The kernel counts the time of such an entry wrongly, until its end is near. */
function hasFarEnds({ content }: StoredList): boolean {
  const nowMs = Date.now();
  for (const until of content.values()) if (isFarEnd(until, nowMs)) return true;
  return false;
}
