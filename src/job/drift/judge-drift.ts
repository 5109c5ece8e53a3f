import type { Diff, FleetEvent, Writer } from '../../contract/events/event.ts';
import { inOrderOfHooks } from '../change/appended-hooks.ts';
import { fitDiff } from '../outcome/fit-event.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import { namesOf } from '../outcome/naming.ts';
import { isOver } from '../plan/lasting.ts';
import { LockLost } from '../ports/host-lock.ts';
import type { Ports } from '../ports/ports.ts';
import type { HostSession } from '../ports/session.ts';
import { type DriftOf, describeDrift, driftKey, findDrift } from './drift.ts';
import { driftEvent } from './drift-event.ts';
import { lookAfterBootFiles } from './look-after-boot-files.ts';
import { repairDrift } from './repair-drift.ts';
import { RepairLimit } from './repair-limit.ts';

export type DriftMode = 'report' | 'repair';

/** Compares what is live with what was committed. Publishes each difference once and, in mode `repair`, puts the ruleset back. */
export class DriftJudge {
  readonly #ports: Pick<Ports, 'identity' | 'facts' | 'log'>;
  readonly #mode: DriftMode;
  readonly #tell: (event: FleetEvent) => void;
  readonly #limit = new RepairLimit();
  /** For each ruleset that has drifted, the key of the difference that was published last. */
  readonly #told = new Map<string, string>();
  readonly #inSync = new Map<string, boolean>();
  /** Rulesets that were to be put back as nothing of them was live, and could not be yet. */
  readonly #owed = new Set<string>();

  constructor(
    ports: Pick<Ports, 'identity' | 'facts' | 'log'>,
    mode: DriftMode,
    tell: (event: FleetEvent) => void,
  ) {
    this.#ports = ports;
    this.#mode = mode;
    this.#tell = tell;
  }

  /** Whether the ruleset was live as committed at the last look; `null` if there was no look yet. */
  inSync(ruleset: string): boolean | null {
    return this.#inSync.get(ruleset) ?? null;
  }

  /**
   * Looks for drift once.
   *
   * @param by who wrote last, if that is known
   * @param putsBack whether to put back a ruleset of which nothing is live, even in mode `report`
   * @throws {JobFailure | StateUnavailable | LockLost}
   */
  async look(by: Writer | null, putsBack: boolean, session: HostSession): Promise<void> {
    // A pending change may wait for its answer. It is not committed yet, and so is no drift.
    if ((await session.ports.journal.read()) !== null) return;
    await lookAfterBootFiles(session);
    let hasWritten = false;
    for (const found of inOrderOfHooks(await findDrift(session))) {
      const { name } = found.record;
      const drift = hasWritten ? await again(found, session) : found;
      // What is over is not put back, and that it is not live is no drift: a boot may have gone back already.
      if (isOver(drift.record, Date.now())) continue;
      const isOwed = drift.isGone && (putsBack || this.#owed.has(name));
      if (!drift.isGone) this.#owed.delete(name);
      if (drift.plans.length === 0) this.#told.delete(name);
      else if (await this.#judge(drift, by, isOwed, session)) hasWritten = true;
      this.#inSync.set(name, !this.#told.has(name));
    }
  }

  /** @returns whether it was written to */
  async #judge(drift: DriftOf, by: Writer | null, putsBack: boolean, session: HostSession): Promise<boolean> {
    const { record, plans } = drift;
    const wanted = putsBack || this.#mode === 'repair';
    const allowed = wanted && this.#limit.allows(record);
    const gaveUp = wanted && !allowed;
    const diff = fitDiff(describeDrift(plans));
    const key = `${driftKey(plans)} ${gaveUp}`;
    if (this.#told.get(record.name) !== key) this.#announce(drift, diff, by, gaveUp);
    this.#told.set(record.name, key);
    if (allowed) await this.#repair(drift, diff, by, session);
    return allowed;
  }

  #announce({ record, intent }: DriftOf, diff: Diff, by: Writer | null, gaveUp: boolean): void {
    const { log } = this.#ports;
    const { added, removed } = diff;
    log.warn({ ...namesOf(intent), added, removed, by }, 'What is live is not what was committed');
    if (gaveUp)
      log.error(
        { ...namesOf(intent), by },
        'Another program keeps changing a ruleset: it is put back no more',
      );
    this.#tell(driftEvent('fleetwall.drift.detected', record, diff, by, this.#ports, gaveUp));
  }

  async #repair(drift: DriftOf, diff: Diff, by: Writer | null, session: HostSession): Promise<void> {
    const { record, intent } = drift;
    const { log } = this.#ports;
    try {
      await repairDrift(drift, session);
    } catch (error) {
      if (error instanceof LockLost) throw error;
      // Others write to the same chains. What is missing there, or in the way, is no fight.
      if (error instanceof JobFailure && error.code === 'verify_mismatch') this.#limit.note(record);
      if (drift.isGone) this.#owed.add(record.name);
      log.error({ ...namesOf(intent), error }, 'Cannot put back what was committed');
      return;
    }
    this.#limit.note(record);
    this.#owed.delete(record.name);
    this.#told.delete(record.name);
    log.warn(namesOf(intent), 'Put back what was committed');
    this.#tell(driftEvent('fleetwall.drift.repaired', record, diff, by, this.#ports));
  }
}

/** Where another ruleset was put back meanwhile, hooks that stand before all others have another place. */
async function again(found: DriftOf, session: HostSession): Promise<DriftOf> {
  const { record, plans } = found;
  if (plans.length === 0 || !record.claims.hooks.some(({ first }) => first)) return found;
  const [now = found] = await findDrift(session, record.name);
  return now;
}
