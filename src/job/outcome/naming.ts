import type { RulesetRecord } from '../ports/stores.ts';

/** One revision of a ruleset. */
export interface NamedRevision {
  name: string;
  revision: number;
}

/** Names a revision in sentences: `edge revision 7`. */
export function labelOf({ name, revision }: NamedRevision): string {
  return `${name} revision ${revision}`;
}

/** Names a revision in the log. The fields are the same in each log line, so that people can search for them. */
export function namesOf({ name, revision }: NamedRevision): { ruleset: string; revision: number } {
  return { ruleset: name, revision };
}

/** Names a record in the log. `revision` is `null` where nothing is committed. */
export function namesOfRecord({ name, committed }: Pick<RulesetRecord, 'name' | 'committed'>): {
  ruleset: string;
  revision: number | null;
} {
  return { ruleset: name, revision: committed?.revision ?? null };
}
