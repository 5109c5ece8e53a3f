import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeJob } from '../client.ts';
import { edgeFor, push, pushBad, pushSame } from './acts.ts';
import type { AlertFleet } from './alert-fleet.ts';
import type { Cause } from './cause.ts';

const OLD_MS = 150_000;
const report = { action: 'report', confirm: undefined };

/** Started by one part of a cause, and ended by another. */
let pushing: Promise<string> = Promise.resolve('');
let holder: ChildProcess | null = null;

/** Alerts of jobs. */
export const CAUSES_OF_JOBS: readonly Cause[] = [
  {
    alert: 'FleetwallJobsFailing',
    what: 'web-1 is sent a ruleset that no kernel takes',
    labels: { instance: 'web-1' },
    goOn: async (fleet) => await pushBad(fleet, 'web-1'),
    mend: async (fleet) => await pushSame(fleet, 'web-1'),
  },
  {
    alert: 'FleetwallRolledBack',
    what: 'nobody confirms a change of web-1',
    labels: { instance: 'web-1', code: 'confirm_timeout' },
    harm: async (fleet) => {
      await push(fleet, 'web-1', ['--confirm', 'manual', '--confirm-timeout', '2'], edgeFor(2));
    },
    mend: async () => {},
  },
  {
    alert: 'FleetwallUndoFailed',
    what: 'a change of web-2 is aborted, and each restore there is killed',
    labels: { instance: 'web-2' },
    harm: async (fleet) => {
      const host = fleet.host('web-2');
      pushing = push(fleet, 'web-2', ['--confirm', 'manual', '--confirm-timeout', '600'], edgeFor(3));
      const isOpen = async () =>
        (await fleet.samples('web-2'))?.get('fleetwall_confirmation_window_open') === 1;
      await fleet.until('the window of a change', isOpen);
      await host.sabotage('dies', 0, 'live', 10_000);
      const journal = await readFile(join(host.stateDir, 'journal/change.json'), 'utf8');
      const { change } = JSON.parse(journal) as { change: { job: { id: string } } };
      const { id } = change.job;
      // It is answered as silent: the undo is tried for as long as it waits for the end.
      await fleet.operator(['abort', id]);
    },
    mend: async (fleet) => {
      await fleet.host('web-2').endSabotage();
      await pushing;
    },
  },
  {
    alert: 'FleetwallJobStuck',
    what: 'an iptables of web-2 hangs',
    labels: { instance: 'web-2' },
    harm: async (fleet) => {
      await fleet.host('web-2').holdNextRestore();
      pushing = push(fleet, 'web-2', [], edgeFor(4));
      await fleet.host('web-2').heldRestore();
    },
    mend: async (fleet) => {
      process.kill(await fleet.host('web-2').heldRestore(), 'SIGKILL');
      await pushing;
    },
  },
  {
    alert: 'FleetwallQueueLag',
    what: 'jobs of web-1 were issued minutes ago',
    labels: { instance: 'web-1' },
    goOn: async (fleet) => {
      const issuedAt = new Date(Date.now() - OLD_MS).toISOString();
      const expiresAt = new Date(Date.now() + OLD_MS).toISOString();
      await fleet.publishSigned('web-1', makeJob('web-1', { ...report, issuedAt, expiresAt }));
      await sleep(300);
    },
    mend: async () => {},
  },
  {
    alert: 'FleetwallJobsRefused',
    what: 'db-1 is sent what nobody has signed',
    labels: { instance: 'db-1', code: 'signature_missing' },
    harm: async (fleet) => await fleet.publish('db-1', makeJob('db-1', report)),
    mend: async (fleet) => await pushSame(fleet, 'db-1'),
  },
  {
    alert: 'FleetwallDeadLetters',
    what: 'web-1 is sent what is no job',
    labels: { instance: 'web-1', code: 'job_malformed' },
    harm: async (fleet) => await fleet.publish('web-1', { of: 'another program' }, 'application/jose'),
    mend: async ({ broker }) => void (await broker.ctl('purge_queue', '-p', 'fleet', 'fleetwall.dead')),
  },
  {
    alert: 'FleetwallLockTimeouts',
    what: 'another program has the lock of web-1',
    labels: { instance: 'web-1' },
    harm: async (fleet) => {
      holder = await holdLock(fleet);
      const printed = await push(fleet, 'web-1', [], edgeFor(5));
      if (!printed.includes('lock_timeout')) throw new Error(`a job did not wait for the lock: ${printed}`);
    },
    mend: async (fleet) => {
      process.kill(-(holder?.pid ?? 0));
      await pushSame(fleet, 'web-1');
    },
  },
];

async function holdLock(fleet: AlertFleet): Promise<ChildProcess> {
  const { runDir } = fleet.host('web-1');
  const name = (await readdir(runDir)).find((entry) => /^netns-\d+\.lock$/.test(entry)) ?? '';
  const command = ['-x', join(runDir, name), 'sh', '-c', 'echo held; sleep 600'];
  const child = spawn('flock', command, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
