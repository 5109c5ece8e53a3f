import type { HostAnswers } from '../../central/ask/options.ts';
import { isFleetEvent } from '../../central/log/event-reader.ts';
import { inconclusiveGates } from '../../central/rollout/gate-decision.ts';
import { notTakenBack } from '../../central/rollout/group-failures.ts';
import type { RolloutEnd, RolloutState } from '../../central/rollout/rollout-state.ts';
import { countEnds } from '../../central/rollout/told-ends.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import type { GateLook } from '../../contract/rollouts/gates.ts';
import type { RolloutEvent } from '../../contract/rollouts/rollout-events.ts';
import { escapeControl } from '../../contract/words/escape.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { LiveView, tellAside } from '../terminal/live-view.ts';
import { paint, paintEnd } from '../terminal/paint.ts';
import { print, printAside, printJson } from '../terminal/print.ts';
import { describeEvent, describeLook } from './describe-event.ts';
import { statusOfRollout } from './report-answers.ts';
import { tableOf } from './rollout-table.ts';
import { showAnswers, tellCounts } from './show-answers.ts';
import { showNotTakenBack } from './show-not-taken-back.ts';
import { queuedOf } from './tell-unheard.ts';

/** Tells of a rollout as it goes: a live table on a terminal, a line for each event elsewhere, and how it ended. */
export class RolloutReport {
  readonly #json: boolean;
  readonly #file: RulesetFile | null;
  readonly #view = new LiveView();
  readonly #answers: HostAnswers = new Map();
  #state: RolloutState | null = null;
  #heldBy: readonly string[] = [];

  /** @param state of one that was begun before */
  constructor(json: boolean, file: RulesetFile | null, state: RolloutState | null = null) {
    this.#json = json;
    this.#file = file;
    this.#state = state;
  }

  readonly onGates = (looks: readonly GateLook[]): void => {
    for (const look of looks) printAside(`${describeLook(look)}\n`);
  };

  /** Gates that say nothing, for which it waits. */
  get heldBy(): readonly string[] {
    return this.#heldBy;
  }

  /** Once something was heard of it. */
  get rolloutId(): string | null {
    return this.#state?.record.rolloutId ?? null;
  }

  readonly onEvent = (event: FleetEvent | RolloutEvent, state: RolloutState): void => {
    this.#state = state;
    if (event.type === 'fleetwall.rollout.looked') this.#tellHeld(state);
    if (event.type === 'fleetwall.job.completed') {
      this.#answers.set(event.data.hostId, { end: event.data.outcome, result: event.data });
    }
    if (this.#json) printJson(event);
    else if (this.#view.isShown) this.#view.draw(tableOf(state));
    else if (!isFleetEvent(event) || event.type === 'fleetwall.job.completed') {
      printAside(`${describeEvent(event)}\n`);
    }
  };

  end(end: RolloutEnd): ExitStatus {
    this.#view.clear();
    const { status, reason, hosts, rolloutId } = end;
    const summary = countEnds(Object.values(hosts));
    const left = this.#state === null ? [] : notTakenBack(this.#state);
    if (this.#json) {
      const more = left.length === 0 ? {} : { notTakenBack: left };
      printJson({ summary, hosts, stopped: status !== 'completed', ...more });
    } else {
      const why = reason === null ? '' : `: ${reason}`;
      const unheard = Object.entries(hosts).filter(
        ([host, how]) => !this.#answers.has(host) || how === 'rolled_back',
      );
      for (const [host, how] of unheard) {
        this.#answers.set(host, { end: how, result: this.#answers.get(host)?.result ?? null });
      }
      const lines = showAnswers(this.#answers, this.#file);
      print(
        `${[...lines, `${paint.bold(`rollout ${rolloutId}`)} ${paintEnd(status)}${why}`, tellCounts(summary)].join('\n')}\n`,
      );
    }
    this.#tellNext(end);
    if (!this.#json && this.#state !== null)
      for (const line of showNotTakenBack(left, this.#state.record.ruleset)) print(`${line}\n`);
    return statusOfRollout(end);
  }

  /** Of one that was to be ended, and is: whether what it did was taken back where it was to be. */
  get statusOfTakingBack(): ExitStatus {
    const left = this.#state === null ? [] : notTakenBack(this.#state);
    if (left.length === 0) return 0;
    return left.every(({ why }) => why === 'silent') ? 4 : 1;
  }

  /** What waits on hosts that are away, and what may be typed next. */
  #tellNext({ status, hosts, rolloutId }: RolloutEnd): void {
    const silent = Object.keys(hosts).filter((host) => hosts[host] === 'silent');
    const record = this.#state?.record;
    if (record !== undefined) for (const line of queuedOf(record, silent)) printAside(`${line}\n`);
    const file = this.#file?.path ?? 'FILE';
    if (status === 'stopped') printAside(`next: fleetwall rollout ${file} --retry-failed ${rolloutId}\n`);
  }

  /** Once when it begins, and once when it is over. */
  #tellHeld(state: RolloutState): void {
    const heldBy = inconclusiveGates(state);
    const { rolloutId, gates } = state.record;
    if (heldBy.length > 0 && this.#heldBy.length === 0) {
      tellAside(
        `rollout ${rolloutId} begins no more hosts while a gate says nothing, and looks again every ${gates?.everySeconds} s: ${escapeControl(heldBy.join('; '))}`,
      );
    }
    if (heldBy.length === 0 && this.#heldBy.length > 0)
      tellAside(`the gates of rollout ${rolloutId} say something again`);
    this.#heldBy = heldBy;
  }
}
