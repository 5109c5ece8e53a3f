import { FAMILIES } from '../../contract/words/identifiers.ts';
import { setName, spareName } from '../../list/set-lines.ts';
import { JobFailure } from '../outcome/job-failure.ts';
import type { SetHeader, StoredList } from '../ports/lists.ts';

type Headers = ReadonlyMap<string, SetHeader>;

/** Whether a list has sets now. Else what has their names is not ours. */
export function isOnRecord(stored: StoredList | null): boolean {
  return stored !== null && !stored.record.isRemoved;
}

/**
 * Says before anything is touched whether a list can have its sets.
 *
 * Without a list on record, a set of such a name that is not made as a list's are is a stranger's, and stays. Others may also have put one
 * in the place of a list's: it has to go, and cannot while something matches it.
 *
 * @throws {JobFailure} `chain_conflict` or `list_in_use`, naming the set
 */
export function assertSetsFree(name: string, stored: StoredList | null, headers: Headers): void {
  const nothing = 'nothing was changed';
  for (const family of FAMILIES) {
    for (const set of [setName(name, family), spareName(name, family)]) {
      const header = headers.get(set);
      if (header === undefined) continue;
      const what = `the set ${set} (${header.type})`;
      if (!isOnRecord(stored) && header.family !== family) {
        const message = `list ${name} cannot be made: ${what} is on this host, and is none that fleetwall made; ${nothing}. Choose another name for the list; or delete what matches the set, and then run "ipset destroy ${set}"`;
        throw new JobFailure('host', 'chain_conflict', message);
      }
      // What rules match is swapped, if the kernel does that. Of a second set nobody knows.
      const canStay = set === setName(name, family) && header.swapsWith === family;
      if (header.references > 0 && !canStay) {
        const message = `list ${name} cannot have its sets: others have put ${what} in their place, and rules or other sets refer to it (${header.references}); ${nothing}. Delete what refers to it, and send this again`;
        throw new JobFailure('host', 'list_in_use', message);
      }
    }
  }
}

/**
 * Says before a list is written whole whether its second sets can be made. Of such names only sets that are made as a list's are go.
 *
 * @throws {JobFailure} `chain_conflict`, naming the set
 */
export function assertSparesFree(name: string, headers: Headers): void {
  for (const family of FAMILIES) {
    const set = spareName(name, family);
    const header = headers.get(set);
    if (header === undefined || header.family === family) continue;
    const message = `list ${name} cannot be written: the set ${set} (${header.type}), which is needed for a moment, is none that fleetwall made, and stays. Rename it ("ipset rename"), or delete what matches it and run "ipset destroy ${set}"; then send this again`;
    throw new JobFailure('host', 'chain_conflict', message);
  }
}

/** The sets that have a list's name for good or for a while, and are made as a list's are. */
export function ownSets(name: string, headers: Headers): string[] {
  return FAMILIES.flatMap((family) =>
    [setName(name, family), spareName(name, family)].filter((set) => headers.get(set)?.family === family),
  );
}
