import type { HostProbe } from '../config/host-probes.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { HostPolicy } from '../contract/host-policy.ts';
import { FileAttemptStore } from '../host/attempt-store.ts';
import { FileBootFiles } from '../host/boot-files.ts';
import { FileContentStore } from '../host/content-store.ts';
import { FileJournal } from '../host/journal.ts';
import { FileResultStore } from '../host/result-store.ts';
import { FileRulesetStore } from '../host/ruleset-store.ts';
import { FileUndoneStore } from '../host/undone-store.ts';
import type { Answers } from '../job/confirmation.ts';
import type { KeyRing } from '../job/envelope.ts';
import type { Caretaker, EventPublisher, Log, Ports } from '../job/ports.ts';
import { RehearsalMemory } from '../job/rehearsal-memory.ts';
import { ToldJobs } from '../job/told-jobs.ts';
import { KeyFile } from '../keys/key-file.ts';
import { brokerAccess, shownBy } from './broker-access.ts';
import { ProbingConfirmation } from './confirmation.ts';
import { type HostChecks, type ManagedHost, openHost } from './open-host.ts';
import { spellPolicy } from './spell-policy.ts';

export interface Surroundings {
  /** What the host lets be done to it; by default, anything. */
  policy?: HostPolicy;
  /** The host's own probes. */
  probes: readonly HostProbe[];
  events: EventPublisher;
  told?: ToldJobs;
  /** By default, what is left is left to other processes. */
  caretaker?: Caretaker;
  answers: Answers;
  /** Whether a broker is to be had, and to be probed. */
  hasBroker: boolean;
  open?: typeof openHost;
  log: Log;
}

export type PreparedPorts = Ports & { checks: HostChecks } & Pick<ManagedHost, 'holder'>;

/** All that jobs need. @throws {SetupError} if the host is not fit for them */
export async function preparePorts(
  settings: WorkerSettings,
  {
    policy = HostPolicy.parse({}),
    probes: hostProbes,
    events,
    told = new ToldJobs(),
    caretaker = { wake() {} },
    answers,
    hasBroker,
    open = openHost,
    log,
  }: Surroundings,
): Promise<PreparedPorts> {
  const { hostId, groups, allowUnsigned, stateDir } = settings;
  const { restore, prefix, run, ...host } = await open(settings, log);
  const guardrails = await spellPolicy(policy, host.stage);
  if (guardrails?.fault != null)
    log.error({ fault: guardrails.fault }, 'The policy has a rule that cannot be read: no ruleset is taken');
  const probing = {
    access: hasBroker ? brokerAccess(settings) : null,
    shown: shownBy(settings),
    hostId,
    hostProbes,
    prefix,
    run,
  };
  return {
    identity: {
      hostId,
      groups,
      allowUnsigned: allowUnsigned && settings.trustedKeys === undefined,
      signatures: policy.signatures,
    },
    guardrails,
    ring: settings.trustedKeys === undefined ? TRUSTS_ALL : await KeyFile.open(settings.trustedKeys, log),
    ...host,
    rehearsals: new RehearsalMemory(),
    rulesets: new FileRulesetStore(stateDir),
    contents: new FileContentStore(stateDir),
    boot: new FileBootFiles(stateDir, restore),
    journal: new FileJournal(stateDir),
    confirmation: new ProbingConfirmation(probing, answers),
    results: new FileResultStore(stateDir),
    undone: new FileUndoneStore(stateDir),
    attempts: new FileAttemptStore(stateDir),
    told,
    caretaker,
    events,
    meter: { ended() {} },
    log,
  };
}

/** Whether it takes what is not signed is said elsewhere. */
const TRUSTS_ALL: KeyRing = { keys: async () => null };
