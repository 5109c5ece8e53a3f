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

/** The known name that is near enough to be meant, or `null`. Capitals are no slip. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const names = new Map([...known].map((each) => [each.toLowerCase(), each]));
  if (names.size === 0) return null;
  const wanted = name.toLowerCase();
  const found = closest(wanted, [...names.keys()]);
  const isNear = distance(wanted, found) <= Math.min(MOST_SLIPS, Math.ceil(name.length / 3));
  return isNear ? (names.get(found) ?? null) : null;
}
