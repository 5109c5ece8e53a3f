import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NamespaceLock } from '../host/lock.ts';
import { ProgramStarters } from '../host/starter/program-starters.ts';
import { LockTimeout } from '../job/ports/host-lock.ts';
import { type Examined, type Finding, failure, ok, RUN_MS, warning } from './finding.ts';
import { isThere } from './is-there.ts';

const FLOCK = '/usr/bin/flock';
const XTABLES_LOCK = '/run/xtables.lock';
const CONFLICT_STATUS = 75;

/** Whether a job would have to wait: for fleetwall's own lock, or for that of iptables-legacy. */
export async function examineLocks(host: Examined): Promise<Finding[]> {
  return [
    await examineOwn(host),
    ...(host.programs.backend === 'legacy' ? [await examineXtables(host)] : []),
  ];
}

async function examineOwn({ settings, namespace, run, log }: Examined): Promise<Finding> {
  const { runDir, hostId } = settings;
  const starters = new ProgramStarters(run, log);
  const lock = new NamespaceLock({
    runDir,
    inode: namespace.inode,
    hostId,
    timeoutSeconds: 0,
    starters,
    log,
  });
  // A look must not make the lock file or its folder.
  if (!(await isThere(lock.path))) return ok(`nobody has had the lock of these rules yet (${lock.path})`);
  try {
    await lock.assertFree();
    return ok(`the lock of these rules is free (${lock.path})`);
  } catch (error) {
    if (!(error instanceof LockTimeout)) throw error;
    return warning(error.message, 'a job is under way, or waits to be confirmed: others wait for it');
  }
}

async function examineXtables({ run }: Examined): Promise<Finding> {
  if (!(await isThere(XTABLES_LOCK))) return await examineMissing();
  const args = ['-n', '-E', String(CONFLICT_STATUS), XTABLES_LOCK, '/bin/true'];
  const { exitCode, startError, stderr } = await run({ file: FLOCK, args, timeoutMs: RUN_MS });
  if (exitCode === 0) return ok(`the xtables lock is free (${XTABLES_LOCK})`);
  if (exitCode !== CONFLICT_STATUS) throw new Error(`${FLOCK}: ${startError?.message ?? stderr}`);
  return warning(
    `another program has the xtables lock (${XTABLES_LOCK})`,
    `if that lasts, jobs end as xtables_lock_timeout: see who has it with "lslocks | grep xtables"`,
  );
}

/** It is made by whoever needs it first; where that cannot be, iptables-legacy does nothing at all. */
async function examineMissing(): Promise<Finding> {
  const problem = await access(dirname(XTABLES_LOCK), constants.W_OK).then(
    () => null,
    (error: Error) => error.message,
  );
  if (problem === null) return ok(`nobody has had the xtables lock yet (${XTABLES_LOCK})`);
  return failure(
    `${XTABLES_LOCK} cannot be made, and iptables-legacy needs it: ${problem}`,
    `have a tmpfs on ${dirname(XTABLES_LOCK)} (in a container, --tmpfs ${dirname(XTABLES_LOCK)}); where the firewall is that of the host, "touch ${XTABLES_LOCK}" there, and give it to the container (--volume ${XTABLES_LOCK}:${XTABLES_LOCK})`,
  );
}
