import { closest, distance } from 'fastest-levenshtein';

const { compare } = new Intl.Collator('en', { numeric: true });

/** As people number hosts: app-2 comes before app-10. */
export function inNaturalOrder(one: string, other: string): number {
  return compare(one, other);
}

const MOST_SLIPS = 3;

/** `: did you mean web-1?`, or nothing, if no name is near. */
export function suggestion(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === null ? '' : `: did you mean ${nearest}?`;
}

/** The name that a slip was made in; `null`: none is near. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const names = [...known];
  if (names.length === 0) return null;
  const nearest = closest(name, names);
  const slips = distance(name, nearest);
  return slips <= Math.min(MOST_SLIPS, Math.ceil(name.length / 3)) ? nearest : null;
}
