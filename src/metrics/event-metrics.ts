import { Counter, Gauge, type Registry } from 'prom-client';
import type { FleetEvent } from '../contract/events/event.ts';

/** What events tell besides the ends of jobs: drift, changes that wait to be confirmed, and changes taken back afterwards. */
export class EventMetrics {
  readonly #detected;
  readonly #repaired;
  readonly #windows;
  readonly #isOpen;
  readonly #undone;
  readonly #ended;
  /** A ruleset and several lists may wait at the same time. */
  readonly #waiting = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#detected = new Counter({
      name: 'fleetwall_drift_detected_total',
      help: 'How often what is live was found to be other than what was committed',
      registers,
    });
    this.#repaired = new Counter({
      name: 'fleetwall_drift_repaired_total',
      help: 'How often it was put back',
      registers,
    });
    this.#windows = new Counter({
      name: 'fleetwall_confirmation_windows_total',
      help: 'Changes that were applied and had to be confirmed',
      labelNames: ['mode'],
      registers,
    });
    this.#isOpen = new Gauge({
      name: 'fleetwall_confirmation_window_open',
      help: '1 while a change waits to be confirmed',
      registers,
    });
    this.#undone = new Counter({
      name: 'fleetwall_jobs_undone_total',
      help: 'Changes that were taken back after their jobs had ended as undo_failed',
      registers,
    });
    this.#ended = new Counter({
      name: 'fleetwall_rulesets_ended_total',
      help: 'Rulesets whose time (until) has come, by code where what was before them could not be put back',
      labelNames: ['code'],
      registers,
    });
  }

  take(event: FleetEvent): void {
    if (event.type === 'fleetwall.drift.detected') this.#detected.inc();
    if (event.type === 'fleetwall.drift.repaired') this.#repaired.inc();
    if (event.type === 'fleetwall.job.awaiting_confirmation') {
      this.#windows.inc({ mode: event.data.mode });
      this.#waiting.add(event.data.jobId);
    }
    if (event.type === 'fleetwall.job.undone') this.#undone.inc();
    if (event.type === 'fleetwall.ruleset.ended') this.#ended.inc({ code: event.data.failure?.code ?? '' });
    if (event.type === 'fleetwall.job.completed' && event.subject !== undefined)
      this.#waiting.delete(event.subject);
    this.#isOpen.set(this.#waiting.size === 0 ? 0 : 1);
  }
}
