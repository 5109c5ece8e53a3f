import type { RulesetRecord } from '../ports/stores.ts';

/** One revision of a ruleset. */
export interface NamedRevision {
  name: string;
  revision: number;
}

/** For sentences: `edge revision 7`. */
export function labelOf({ name, revision }: NamedRevision): string {
  return `${name} revision ${revision}`;
}

/** For lines of the log: one field for the name, one for the number, always the same, as these are what is searched for. */
export function namesOf({ name, revision }: NamedRevision): { ruleset: string; revision: number } {
  return { ruleset: name, revision };
}

/** … of what is on record of a ruleset; `revision` is `null` where nothing is committed. */
export function namesOfRecord({ name, committed }: Pick<RulesetRecord, 'name' | 'committed'>): {
  ruleset: string;
  revision: number | null;
} {
  return { ruleset: name, revision: committed?.revision ?? null };
}
