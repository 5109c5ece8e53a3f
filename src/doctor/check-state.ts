import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../config/setup-error.ts';
import { FileJournal } from '../host/state/journal.ts';
import { assertOwnFolder } from '../host/state/own-folder.ts';
import { FileRulesetStore } from '../host/state/ruleset-store.ts';
import { JournalDamaged } from '../job/ports/pending.ts';
import { StateUnavailable } from '../job/ports/stores.ts';
import { examineRoom, nearestThere, RUN_LEAST, STATE_AMPLE, STATE_LEAST } from './check-room.ts';
import { type Examined, type Finding, failure, ok, warning } from './finding.ts';
import { isThere } from './is-there.ts';

/** Whether the state folder and the folder of the lock can be written, what state there is, and how much room is left. */
export async function examineState({ settings: { stateDir, runDir } }: Examined): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const folder of [stateDir, runDir]) {
    const problem = await problemOf(folder);
    if (problem !== null) findings.push(problem);
  }
  if (findings.length > 0) return findings;
  const room = await examineRoom(stateDir, STATE_LEAST, STATE_AMPLE);
  const runRoom = await examineRoom(runDir, RUN_LEAST);
  return [
    ...(await examineContents(stateDir)),
    room,
    // Where both are well, one line is enough.
    ...(runRoom.verdict === 'ok' ? [] : [runRoom]),
  ];
}

async function problemOf(folder: string): Promise<Finding | null> {
  try {
    await assertOwnFolder(folder);
    await access(await nearestThere(folder), constants.W_OK);
    return null;
  } catch (error) {
    if (error instanceof SetupError) return failure(error.message, 'it has to be nobody else’s');
    const { code, message } = error as NodeJS.ErrnoException;
    return failure(
      `${folder} cannot be written: ${message}`,
      code === 'EROFS'
        ? `it is on a file system that is mounted read-only: have a volume or tmpfs there that can be written (of a container: --volume ${folder}:${folder}), or choose another folder`
        : 'mend that, or choose another folder: jobs end as state_unavailable before they change anything',
    );
  }
}

async function examineContents(stateDir: string): Promise<Finding[]> {
  if (!(await isThere(stateDir))) {
    return [ok(`${stateDir} is not there yet: the worker makes it when it starts, with mode 0700`)];
  }
  try {
    const records = await new FileRulesetStore(stateDir).list();
    const live = records.filter((record) => record.live !== null);
    const names = live.map(({ name, committed }) => `${name}@${committed?.revision ?? '?'}`).join(' ');
    const findings = [ok(`${stateDir} has these rulesets: ${names === '' ? 'none' : names}`)];
    const pending = await new FileJournal(stateDir).peek();
    if (pending !== null) {
      const { job, ruleset, owed } = pending;
      const what = `job ${job.id} (${ruleset.name} revision ${ruleset.revision})`;
      findings.push(
        owed === null
          ? warning(
              `${what} is under way, or was cut short`,
              'the worker settles it when it starts, and so does "fleetwall apply"',
            )
          : warning(
              `${what} has failed, and its undo has not succeeded since ${owed.since}`,
              'it is tried on, and nothing else is changed before: the worker’s log, and the end of any other job, say what is in the way',
            ),
      );
    }
    const events = await readdir(join(stateDir, 'outbox')).catch(() => []);
    if (events.length > 0) {
      findings.push(
        warning(
          `events that wait for the broker: ${events.length}`,
          'they are published once it takes them: look at the broker below',
        ),
      );
    }
    return findings;
  } catch (error) {
    if (!(error instanceof StateUnavailable || error instanceof JournalDamaged)) throw error;
    return [failure(error.message, 'restore the folder, or move it away and push the rulesets again')];
  }
}
