import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { HostProbe } from '../../config/read-host-probes.ts';
import type { WorkerSettings } from '../../config/worker-settings.ts';
import { HostPolicy } from '../../contract/jobs/host-policy.ts';
import { FileAttemptStore } from '../../host/state/attempt-store.ts';
import { FileBootFiles } from '../../host/state/boot-files.ts';
import { FileCancelStore } from '../../host/state/cancel-store.ts';
import { FileContentStore } from '../../host/state/content-store.ts';
import { FileHostClock } from '../../host/state/host-clock.ts';
import { FileJournal } from '../../host/state/journal.ts';
import { FileListJournal } from '../../host/state/list-journal.ts';
import { FileListStore } from '../../host/state/list-store.ts';
import { FileResultStore } from '../../host/state/result-store.ts';
import { FileRulesetStore } from '../../host/state/ruleset-store.ts';
import { SparedResults } from '../../host/state/spared-results.ts';
import { FileUndoneStore } from '../../host/state/undone-store.ts';
import type { Answers } from '../../job/ports/confirmation.ts';
import type { EventPublisher } from '../../job/ports/events.ts';
import type { KeyRing } from '../../job/ports/key-ring.ts';
import type { Log } from '../../job/ports/log.ts';
import type { Caretaker, Ports } from '../../job/ports/ports.ts';
import { RecentIds } from '../../job/ports/recent-ids.ts';
import { RehearsalMemory } from '../../job/ports/rehearsal-memory.ts';
import { KeyFile } from '../../keys/key-file.ts';
import { type Claim, claimedClock, claimedResults } from './claimed.ts';
import { ProbingConfirmation } from './confirm-by-probe.ts';
import { HostsNever } from './never-networks.ts';
import { type HostChecks, type ManagedHost, openHost } from './open-host.ts';
import { spellPolicy } from './spell-policy.ts';
import { readBrokerAccess, shownBy } from './what-leaves.ts';

export interface Surroundings {
  /** What the host allows; by default, everything. */
  policy?: HostPolicy;
  /** The host's own probes. */
  probes: readonly HostProbe[];
  events: EventPublisher;
  confirmedEnds?: RecentIds;
  /** By default one that does nothing: other processes take care of what is left to be done. */
  caretaker?: Caretaker;
  answers: Answers;
  /** Whether there is a broker, and changes are confirmed by probing it. */
  hasBroker: boolean;
  open?: typeof openHost;
  /** The state folder, where this process has it for itself. */
  folder?: Claim;
  log: Log;
}

/** A command beside the worker has it only while it has the lock. */
const UNCLAIMED: Claim = { assertClaimed: async () => {} };

export type PreparedPorts = Ports & { checks: HostChecks } & Pick<ManagedHost, 'holder' | 'listHolders'>;

/**
 * Opens everything that jobs need.
 *
 * @throws {SetupError} if the host is not fit for them
 * @throws {SettingsError} if the trusted keys cannot be read
 */
export async function preparePorts(
  settings: WorkerSettings,
  {
    policy = HostPolicy.parse({}),
    probes: hostProbes,
    events,
    confirmedEnds = new RecentIds(),
    caretaker = { wake() {} },
    answers,
    hasBroker,
    open = openHost,
    folder = UNCLAIMED,
    log,
  }: Surroundings,
): Promise<PreparedPorts> {
  const { hostId, groups, allowUnsigned, stateDir } = settings;
  const { restore, ipset, prefix, run, ...host } = await open(settings, log);
  const clock = claimedClock(await FileHostClock.open(stateDir, log), folder);
  const guardrails = await spellPolicy(policy, host.sandbox);
  if (guardrails?.fault != null)
    log.error({ fault: guardrails.fault }, 'The policy has a rule that cannot be read: no ruleset is taken');
  const probing = {
    access: hasBroker ? async () => await readBrokerAccess(settings) : null,
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
    policyTests: policy.tests,
    ring: settings.trustedKeys === undefined ? TRUSTS_ALL : await KeyFile.open(settings.trustedKeys, log),
    ...host,
    rehearsals: new RehearsalMemory(),
    rulesets: new FileRulesetStore(stateDir),
    contents: new FileContentStore(stateDir),
    boot: new FileBootFiles(stateDir, restore, ipset),
    lists: new FileListStore(stateDir),
    tellsReach: true,
    listJournal: new FileListJournal(stateDir),
    listTurn: { aside: async (work) => await work() },
    never: new HostsNever({
      addresses: hasBroker ? settings.amqpUrl.map(({ hostname }) => hostname) : [],
      never: policy.never ?? [],
      prefix,
      run,
    }),
    journal: new FileJournal(stateDir),
    confirmation: new ProbingConfirmation(probing, answers),
    clock,
    results: new SparedResults(
      claimedResults(new FileResultStore(join(stateDir, 'results'), clock), folder),
      new FileResultStore(spareFolder(settings), clock),
    ),
    undone: new FileUndoneStore(stateDir),
    cancels: new FileCancelStore(stateDir),
    attempts: new FileAttemptStore(stateDir),
    confirmedEnds,
    caretaker,
    events,
    meter: { ended() {} },
    log,
  };
}

/** Of a state folder, in the run folder, which others may share. */
function spareFolder({ stateDir, runDir }: WorkerSettings): string {
  const digest = createHash('sha256').update(resolve(stateDir)).digest('hex');
  return join(runDir, `spare-${digest.slice(0, 16)}`);
}

/** For a host without a file of trusted keys. Whether it takes unsigned jobs is decided by `allowUnsigned`. */
const TRUSTS_ALL: KeyRing = { keys: async () => null };
