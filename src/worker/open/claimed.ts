import type { FileHostClock } from '../../host/state/host-clock.ts';
import type { StateFolder } from '../../host/state/state-folder.ts';
import type { HostClock } from '../../job/ports/host-clock.ts';
import type { HostLock } from '../../job/ports/host-lock.ts';
import type { OutboxStore, ResultStore } from '../../job/ports/stores.ts';

type KeptClock = HostClock & Pick<FileHostClock, 'isBehind'>;
type KeptResults = Omit<ResultStore, 'putAside'>;

export type Claim = Pick<StateFolder, 'assertClaimed'>;

/** The right to the rules, which is had only with the state folder: a worker may have been started while that could not be used. */
export function claimedLock(lock: HostLock, folder: Claim): HostLock {
  return {
    get isBusy() {
      return lock.isBusy;
    },
    hold: async (purpose, work) => {
      await folder.assertClaimed();
      return await lock.hold(purpose, work);
    },
  };
}

/** The time is kept in the folder. */
export function claimedClock(clock: KeptClock, folder: Claim): KeptClock {
  return {
    get isBehind() {
      return clock.isBehind;
    },
    now: () => clock.now(),
    vouch: (sentAt) => clock.vouch(sentAt),
    keep: async () => {
      await folder.assertClaimed();
      await clock.keep();
    },
  };
}

/** What is known of jobs that have ended. In a folder that is not the worker's nothing is known of any. */
export function claimedResults(results: KeptResults, folder: Claim): KeptResults {
  return {
    find: async (jobId) => {
      await folder.assertClaimed();
      return await results.find(jobId);
    },
    put: async (jobId, event) => {
      await folder.assertClaimed();
      await results.put(jobId, event);
    },
    prune: async () => {
      await folder.assertClaimed();
      await results.prune();
    },
  };
}

/** The events that are left in the state folder, which may be another worker's. */
export function claimedOutbox(store: OutboxStore, folder: Claim): OutboxStore {
  return {
    list: async () => {
      await folder.assertClaimed();
      return await store.list();
    },
    put: async (event) => {
      await folder.assertClaimed();
      await store.put(event);
    },
    remove: async (event) => {
      await folder.assertClaimed();
      await store.remove(event);
    },
  };
}
