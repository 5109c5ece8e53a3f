/** From the first port to the last, both in it. */
export type PortRange = readonly [first: number, last: number];

const MOST = 65_535;
const RANGE = /^(\d{1,5})?(:)?(\d{1,5})?$/;

/**
 * Reads a list such as `22,80:90`, with one range or more. A range may lack one of its ends.
 *
 * @returns `null` if there is a name in it, or a range from the higher to the lower port
 */
export function readPorts(text: string): PortRange[] | null {
  const ranges: PortRange[] = [];
  for (const part of text.split(',')) {
    const [match, first, colon, last] = RANGE.exec(part) ?? [];
    if (match === undefined || match === '') return null;
    const range: PortRange = [Number(first ?? 0), Number(colon === undefined ? first : (last ?? MOST))];
    if (range[0] > range[1] || range[1] > MOST) return null;
    ranges.push(range);
  }
  return ranges;
}

/** Whether each port of the second list is in the first. */
export function holdsPorts(ports: readonly PortRange[], others: readonly PortRange[]): boolean {
  const merged = merge(ports);
  return others.every(([first, last]) => merged.some((range) => range[0] <= first && last <= range[1]));
}

/** Joins what overlaps or touches. */
function merge(ports: readonly PortRange[]): PortRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of ports.toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}
