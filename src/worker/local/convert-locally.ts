import type { WorkerSettings } from '../../config/worker-settings.ts';
import type { Failure } from '../../contract/events/failure.ts';
import type { Ruleset } from '../../contract/jobs/job.ts';
import { lintRuleset } from '../../job/intake/lint.ts';
import { describeFailure } from '../../job/outcome/describe-end.ts';
import { asJobFailure } from '../../job/outcome/job-end.ts';
import { intentOf } from '../../job/plan/intent.ts';
import { NO_ANSWERS } from '../../job/ports/confirmation.ts';
import type { Log } from '../../job/ports/log.ts';
import { rehearse } from '../../job/rehearse/rehearse.ts';
import { type PerFamily, perFamily } from '../../ruleset/tables.ts';
import { fromBytes } from '../../ruleset/text/bytes.ts';
import { renderWanted } from '../../ruleset/wanted/render-wanted.ts';
import { preparePorts } from '../open/prepare.ts';
import { type LocalRuleset } from './run-locally.ts';

/** What the texts make: for each family as `iptables-save` prints it; empty for a family that the ruleset has no text for. */
export interface Converted {
  failure: Failure | null;
  texts: PerFamily<string>;
}

/**
 * Runs the texts in a rehearsal on this host, and returns what the kernel then holds: chains, policies and rules in its own
 * spelling, which mean the same in whatever order they are loaded. The host's rules are neither read nor written.
 *
 * @throws {SettingsError} if the trusted keys cannot be read
 * @throws {SetupError} if the host lacks something
 */
export async function convertLocally(
  written: LocalRuleset,
  settings: WorkerSettings,
  log: Log,
): Promise<Converted> {
  const events = { publish: async () => {}, confirmed: async () => {} };
  const ports = await preparePorts(settings, {
    probes: [],
    events,
    answers: NO_ANSWERS,
    hasBroker: false,
    log,
  });
  const ruleset: Ruleset = { ...written, scope: 'tables', revision: written.revision ?? 1 };
  try {
    const { wanted, failure } = await lintRuleset(ruleset, ports.rehearsals);
    if (failure !== null) throw failure;
    const nothing = () => perFamily(() => new Map());
    const intent = intentOf(ruleset, ruleset, wanted, []);
    const { spelled } = await rehearse(intent, nothing(), nothing(), ports.sandbox);
    return {
      failure: null,
      texts: perFamily((family) => fromBytes(renderWanted(spelled[family].values())).text),
    };
  } catch (error) {
    return { failure: describeFailure(asJobFailure(error)), texts: { ipv4: '', ipv6: '' } };
  }
}
