const DIGITS = /\d+/g;
const WIDTH = 12;
const MOST_KEPT = 100_000;

const kept = new Map<string, string>();

/** By these keys, `web-2` comes before `web-10`. They are kept, as the same few names are compared time and again. */
export function naturalKey(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const key = text.toLowerCase().replace(DIGITS, (digits) => digits.padStart(WIDTH, '0'));
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(text, key);
  return key;
}

/** As a function to sort with. */
export function compareKeys(one: string | number, other: string | number): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
