import widthOf from 'fast-string-truncated-width';

const GAP = '  ';
const LEAST_WIDTH = 8;

interface TableOptions {
  /** The width of the terminal: what does not fit is cut from the widest column. None, or 0, is not known: nothing is cut. */
  columns?: number | undefined;
  /** How wide each column is at least, for rows that are shown one by one. */
  least?: readonly number[];
}

/** Rows in columns. Cells are safe to show, and may be painted. */
export function layTable(
  rows: readonly (readonly string[])[],
  { columns, least = [] }: TableOptions = {},
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(least[at] ?? 0, ...rows.map((row) => widthOf(row[at] ?? '').width)),
  );
  const total = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  const most = sizeOr(columns, Number.POSITIVE_INFINITY);
  while (total() > most && Math.max(...widths) > LEAST_WIDTH) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => cut(cell, widths[at] ?? 0));
    const padded = cells.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell).width));
    return padded.join(GAP).trimEnd();
  });
}

/** How wide, or high, a terminal says that it is. Some say 0, such as one that a program has opened: that is not known. */
export function sizeOr(said: number | undefined, unknown: number): number {
  return said !== undefined && said > 0 ? said : unknown;
}

/** One row of a table whose other rows come later. */
export function layRow(cells: readonly string[], least: readonly number[]): string {
  return layTable([cells], { least })[0] ?? '';
}

/** No wider than that, in columns of a terminal. What is painted ends where it is cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text).width <= width) return text;
  const { index } = widthOf(text, { limit: width, ellipsis: '…', ellipsisWidth: 1 });
  return `${text.slice(0, index)}…${text.includes('\u001b') ? '\u001b[0m' : ''}`;
}
