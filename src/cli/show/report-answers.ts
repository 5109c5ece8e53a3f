import type { HostAnswers } from '../../central/ask/options.ts';
import type { RolloutEnd } from '../../central/rollout/rollout-state.ts';
import { countEnds } from '../../central/rollout/told-ends.ts';
import type { FleetEvent } from '../../contract/events/event.ts';
import { isGoodEnd } from '../../contract/rollouts/outcome.ts';
import type { RulesetFile } from '../files/ruleset-file.ts';
import type { ExitStatus } from '../terminal/exit-status.ts';
import { LiveView, progressBar } from '../terminal/live-view.ts';
import { print, printAside, printJson } from '../terminal/print.ts';
import { showAnswers, tellCounts } from './show-answers.ts';

const BAR_WIDTH = 30;

/** Tells of answers as they come, and of all of them in the end. */
export class AnswerReport {
  readonly #json: boolean;
  readonly #view = new LiveView();
  readonly #expected: number;
  readonly #ended = new Set<string>();

  constructor(json: boolean, expected: number) {
    this.#json = json;
    this.#expected = expected;
    this.#draw();
  }

  readonly onEvent = (event: FleetEvent): void => {
    if (this.#json) printJson(event);
    if (event.type === 'fleetwall.job.completed') this.#ended.add(event.data.hostId);
    if (event.type === 'fleetwall.job.awaiting_confirmation' && event.data.mode === 'manual') {
      this.#view.clear();
      const { hostId, jobId, deadline } = event.data;
      printAside(`${hostId} waits until ${deadline}: fleetwall confirm ${jobId}\n`);
    }
    this.#draw();
  };

  /**
   * @param show what a person is shown of the answers
   * @param isCounted whether how many ended how comes after it
   */
  end(answers: HostAnswers, file: RulesetFile | null, show = showAnswers, isCounted = true): ExitStatus {
    this.#view.clear();
    const hosts = Object.fromEntries([...answers].map(([host, { end }]) => [host, end]));
    const summary = countEnds(Object.values(hosts));
    const counts = isCounted ? [tellCounts(summary)] : [];
    if (this.#json) printJson({ summary, hosts, stopped: false });
    else print(`${[...show(answers, file), ...counts].join('\n')}\n`);
    return statusOf(Object.values(hosts));
  }

  #draw(): void {
    if (!this.#json)
      this.#view.draw([progressBar(this.#ended.size, Math.max(this.#expected, this.#ended.size), BAR_WIDTH)]);
  }
}

/** Of how hosts ended: what failed comes before what is not known. */
export function statusOf(ends: readonly string[]): ExitStatus {
  const bad = ends.filter((end) => !isGoodEnd(end));
  if (bad.some((end) => end !== 'silent' && end !== 'not_started')) return 1;
  if (bad.includes('silent')) return 4;
  return bad.length === 0 ? 0 : 1;
}

/** Of a rollout: one that was stopped, or had a reason to be, is not well, whatever its hosts have. */
export function statusOfRollout({ status, reason, hosts }: RolloutEnd): ExitStatus {
  const own = statusOf(Object.values(hosts));
  return own === 0 && (status !== 'completed' || reason !== null) ? 1 : own;
}
