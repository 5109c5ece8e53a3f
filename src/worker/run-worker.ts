import { setTimeout as sleep } from 'node:timers/promises';
import type { HostProbe } from '../config/read-host-probes.ts';
import type { ServiceEnvironment } from '../config/service-environment.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import type { WorkerEvent } from '../contract/events/event.ts';
import type { HostPolicy } from '../contract/jobs/host-policy.ts';
import { missingRights } from '../host/rights.ts';
import { runCommand } from '../host/run-command.ts';
import { ServiceManager } from '../host/service-manager.ts';
import { FileOutboxStore } from '../host/state/outbox-store.ts';
import { StateFolder } from '../host/state/state-folder.ts';
import { handleDelivery } from '../job/handle-delivery.ts';
import type { EventPublisher } from '../job/ports/events.ts';
import type { Log } from '../job/ports/log.ts';
import type { Ports } from '../job/ports/ports.ts';
import { RecentIds } from '../job/ports/recent-ids.ts';
import { StateUnavailable } from '../job/ports/stores.ts';
import { BrokerLink } from './link/broker-link.ts';
import { handleControl } from './link/handle-control.ts';
import { MessageAnswers } from './link/message-answers.ts';
import { whyUnready } from './link/why-unready.ts';
import { type WorkerState, workerEvent } from './link/worker-events.ts';
import { assertAuthority } from './open/assert-authority.ts';
import { claimedLock, claimedOutbox } from './open/claimed.ts';
import { openHost, perList } from './open/open-host.ts';
import { preparePorts } from './open/prepare.ts';
import { shownBy } from './open/what-leaves.ts';
import { Health } from './pages/health.ts';
import { newMetrics, openPages } from './pages/open-pages.ts';
import { WorkerCaretaker } from './upkeep/caretaker.ts';
import { DriftGuard } from './upkeep/drift-guard.ts';
import { EndingGuard } from './upkeep/ending-guard.ts';
import { lanesOf } from './upkeep/lanes-of-worker.ts';
import { ListGuard } from './upkeep/list-guard.ts';
import { makeReady } from './upkeep/make-ready.ts';
import { expectLeftAnswer } from './upkeep/settle-at-start.ts';
import { SpareMemory } from './upkeep/spare-memory.ts';

/** A broker that does not confirm keeps no worker from its stop. */
const FAREWELL_MS = 3_000;

export interface WorkerOptions {
  settings: WorkerSettings;
  probes: readonly HostProbe[];
  policy: HostPolicy;
  /** What systemd has told this process. */
  service: ServiceEnvironment;
  open?: typeof openHost;
}

/**
 * The daemon: takes this host's jobs until it is told to stop, then finishes the one in hand and says good-bye.
 *
 * @throws {SetupError} if the host or the settings do not let it start
 */
export async function runWorker(
  { settings, probes, policy, service, open = openHost }: WorkerOptions,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  assertAuthority(settings, policy);
  const confirmedEnds = new RecentIds();
  const folder = await claimFolder(settings, log);
  const store = claimedOutbox(new FileOutboxStore(settings.stateDir), folder);
  const link = new BrokerLink(settings, confirmedEnds, store, log);
  await link.events.load();
  const answers = new MessageAnswers(stop);
  const shown = shownBy(settings);
  const events: EventPublisher = {
    publish: async (event, headers) => await link.events.publish(shown(event), headers),
    confirmed: async (eventId) => await link.events.confirmed(eventId),
  };
  const caretaker = new WorkerCaretaker();
  const metrics = await newMetrics(settings);
  const prepared = await preparePorts(settings, {
    policy,
    probes,
    events,
    confirmedEnds,
    caretaker,
    answers,
    hasBroker: true,
    open,
    folder,
    log,
  });
  const owning = {
    ...prepared,
    lock: claimedLock(prepared.lock, folder),
    listLocks: perList((name) => claimedLock(prepared.listLocks.of(name), folder)),
  };
  const ports = metrics?.around(owning) ?? owning;
  const guard = newGuard(ports, settings);
  const listGuard = new ListGuard(ports, settings);
  const guarded = guard === null ? ports : { ...ports, lock: guard.around(ports.lock) };
  const { lanes: waiting, jobPorts } = lanesOf(guarded);
  const endings = new EndingGuard(jobPorts, waiting);
  const assertUsable = async () => await folder.assertUsable();
  const unready = async () => await whyUnready({ ports, assertUsable });
  const worker: WorkerState = { ports, answers, guard, waiting, unready };
  const health = new Health(waiting, link, { ...prepared.checks, state: assertUsable }, settings);
  const pages = await openPages(settings, metrics, health, { ...worker, link, waiting, listGuard });
  const spare = new SpareMemory(() => waiting.inHand === null);
  spare.start();
  const isLeft = await expectLeftAnswer(ports);
  // A change is settled, and drift is looked for, without waiting for the broker.
  const begun = makeReady(ports, guard, listGuard, endings, waiting, stop);
  const ready = begun.all;
  waiting.holdRulesets(ready);
  ready.then(() => caretaker.start(jobPorts, waiting)).catch(() => {});
  let wasOnline = false;
  await link.open({
    job: async (delivery) => {
      metrics?.delivered(delivery);
      return await handleDelivery(delivery, waiting, jobPorts);
    },
    onJobs: () => waiting.gather(),
    control: async (delivery) => await handleControl(delivery, worker),
    onOnline: () => {
      wasOnline = true;
      void announce('fleetwall.worker.online', worker);
    },
    // Lists need not wait until somebody confirms what a ruleset has changed.
    ready: isLeft ? begun.lists : ready,
  });
  const heartbeat = setInterval(() => {
    void announce('fleetwall.worker.heartbeat', worker);
    ports.clock.keep().catch((error: unknown) => log.debug({ error }, 'Cannot keep the time'));
    void link.check();
  }, settings.heartbeatSeconds * 1000);
  log.info({ worker: ports.facts, netns: settings.netns ?? null }, 'Worker started');
  const missing = (await missingRights()).map(({ name, why }) => `${name} (${why})`);
  if (missing.length > 0)
    log.error({ missing }, 'Rights are missing, without which jobs fail: see fleetwall doctor');
  const manager = new ServiceManager({ ...service, whyStuck: () => health.whyStuck(), run: runCommand, log });
  void manager.ready(`host ${settings.hostId}, iptables ${ports.facts.iptables} (${ports.facts.backend})`);

  void forgetOldResults(ready, ports);

  await aborted(stop);
  log.info({}, 'Worker stops: no new jobs are taken, the one in hand is finished');
  clearInterval(heartbeat);
  spare.stop();
  void manager.stopping();
  const consumed = link.stopConsuming();
  waiting.stop();
  await Promise.all([consumed, ready, begun.left]);
  await caretaker.stop();
  await Promise.all([guard?.stop(), listGuard.stop(), endings.stop()]);
  // A worker that was never online keeps quiet: another one with the same host id may be online.
  if (wasOnline) {
    const farewell = announce('fleetwall.worker.offline', worker);
    await Promise.race([farewell, sleep(FAREWELL_MS, undefined, { ref: false })]);
  }
  await link.close();
  manager.close();
  await pages?.close();
  await folder.release();
  log.info({}, 'Worker stopped');
}

/**
 * A folder that cannot be used now keeps no worker from its start: it answers jobs with that, and goes on when the folder can be used.
 *
 * @throws {SetupError} if the folder is another worker's
 */
async function claimFolder({ stateDir, hostId, netns }: WorkerSettings, log: Log): Promise<StateFolder> {
  const folder = new StateFolder(stateDir, { hostId, netns: netns ?? null }, runCommand);
  await folder.claim().catch((error: unknown) => {
    if (!(error instanceof StateUnavailable)) throw error;
    log.error({ error }, 'The state folder cannot be used: jobs end with that until it can');
  });
  return folder;
}

/** Comes last in a start, as nobody waits for it. */
async function forgetOldResults(
  ready: Promise<void>,
  { results, log }: Pick<Ports, 'results' | 'log'>,
): Promise<void> {
  await ready.catch(() => {});
  await results.prune().catch((error: unknown) => log.error({ error }, 'Cannot forget old results'));
}

function newGuard(ports: Ports, { drift, driftIntervalSeconds }: WorkerSettings): DriftGuard | null {
  if (drift === 'off') return null;
  return new DriftGuard(ports, { mode: drift, intervalSeconds: driftIntervalSeconds });
}

/** Publishes an event of the worker's life. If that fails, it is only logged. */
async function announce(type: WorkerEvent['type'], worker: WorkerState): Promise<void> {
  const { events, log } = worker.ports;
  try {
    await events.publish(await workerEvent(type, worker));
  } catch (error) {
    log.warn({ type, error }, 'Cannot publish a worker event');
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
