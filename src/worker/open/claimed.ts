import type { StateFolder } from '../../host/state/state-folder.ts';
import type { HostLock } from '../../job/ports/host-lock.ts';
import type { OutboxStore } from '../../job/ports/stores.ts';

type Claim = Pick<StateFolder, 'assertClaimed'>;

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
