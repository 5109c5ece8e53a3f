import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cause } from './cause.ts';

const STOPPED_MS = 750;
const GOING_MS = 250;
/** So that Prometheus has seen the process that is ended next. */
const SEEN_MS = 1_500;

/** Alerts of hosts that are not there, or hardly. */
export const CAUSES_OF_HOSTS: readonly Cause[] = [
  {
    alert: 'FleetwallHostDown',
    what: 'the worker of web-2 is killed',
    labels: { instance: 'web-2' },
    harm: async (fleet) => void (await fleet.host('web-2').end('SIGKILL')),
    mend: async (fleet) => await fleet.restart('web-2'),
  },
  {
    alert: 'FleetwallNoHosts',
    what: 'the scrape job has another name',
    labels: { job: 'fleetwall' },
    harm: async ({ prometheus }) => await prometheus.renameJob('hosts'),
    mend: async ({ prometheus }) => await prometheus.renameJob('fleetwall'),
  },
  {
    alert: 'FleetwallWorkerRestarting',
    what: 'the worker of web-2 is killed again and again',
    labels: { instance: 'web-2' },
    goOn: async (fleet) => {
      await fleet.host('web-2').end('SIGKILL');
      await fleet.restart('web-2');
      await sleep(SEEN_MS);
    },
    mend: async () => {},
  },
  {
    alert: 'FleetwallHostUnready',
    what: 'the state folder of web-2 is taken away',
    labels: { instance: 'web-2', check: 'state' },
    harm: async (fleet) => {
      const { stateDir } = fleet.host('web-2');
      await rename(stateDir, `${stateDir}-aside`);
    },
    mend: async (fleet) => {
      const { stateDir } = fleet.host('web-2');
      await rename(`${stateDir}-aside`, stateDir);
    },
  },
  {
    alert: 'FleetwallEventLoopLag',
    what: 'the worker of web-1 gets a quarter of the time',
    labels: { instance: 'web-1' },
    quicker: 200,
    goOn: async (fleet) => {
      const { worker } = fleet.host('web-1');
      worker.kill('SIGSTOP');
      await sleep(STOPPED_MS);
      worker.kill('SIGCONT');
      await sleep(GOING_MS);
    },
    mend: async () => {},
  },
];
