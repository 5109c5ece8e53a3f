import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { escapeControl } from '../../../contract/words/escape.ts';
import { useRowHeight } from './row-height.ts';
import { useVirtualRows } from './virtual-rows.ts';

export interface Column<T> {
  id: string;
  head: string;
  isNumber?: boolean;
  canSort?: boolean;
  cell: (row: T) => ComponentChildren;
  /** All that the cell says: it may be cut by the width of its column. */
  title?: (row: T) => string;
}

interface Sorting {
  column: string;
  isDown: boolean;
}

interface Props<T> {
  /** Also the class by which its columns are laid out. */
  name: string;
  label: string;
  rows: readonly T[];
  keyOf: (row: T) => string;
  columns: readonly Column<T>[];
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
}

/**
 * A table of any length, of which only the rows that are seen are made. All rows are of one height, and each has a link: by Tab and the
 * arrow keys one goes from row to row, also to those that were not there yet.
 */
export function Table<T>({ name, label, rows, keyOf, columns, sorting, onSort }: Props<T>) {
  const body = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<number | null>(null);
  const goal = useRef<number | null>(null);
  const { items, height, start, scrollTo } = useVirtualRows(body, rows.length, useRowHeight(name), focused);

  useLayoutEffect(() => {
    if (goal.current === null) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-index="${goal.current}"] a`);
    if (!link) return;
    goal.current = null;
    link.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const from = indexOf(event.target);
    const to = from === null ? null : aim(event.key, from, rows.length);
    if (to === null) return;
    event.preventDefault();
    goal.current = to;
    setFocused(to);
    scrollTo(to);
  };

  return (
    <div role="table" aria-label={label} aria-rowcount={rows.length + 1} className={`table ${name}`}>
      <div role="rowgroup" className="head">
        <div role="row" aria-rowindex={1} className="row">
          {columns.map((column) => (
            <Head key={column.id} column={column} sorting={sorting} onSort={onSort} />
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        className="body"
        ref={body}
        style={{ height: `${height}px` }}
        onKeyDown={onKeyDown}
        onFocusIn={({ target }) => setFocused(indexOf(target))}
        onFocusOut={() => setFocused(null)}
      >
        {items.map(({ index, start: top }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <div
              role="row"
              key={keyOf(row)}
              className="row"
              aria-rowindex={index + 2}
              data-index={index}
              style={{ transform: `translateY(${top - start}px)` }}
            >
              {columns.map(({ id, cell, isNumber, title }) => (
                <div
                  role="cell"
                  key={id}
                  className={`cell c-${id}${isNumber ? ' number' : ''}`}
                  title={title === undefined ? undefined : escapeControl(title(row))}
                >
                  {cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head<T>({
  column: { id, head, isNumber, canSort },
  sorting,
  onSort,
}: {
  column: Column<T>;
  sorting: Sorting | undefined;
  onSort: ((sorting: Sorting) => void) | undefined;
}) {
  const isSorted = sorting?.column === id;
  const order = isSorted && sorting.isDown ? 'descending' : 'ascending';
  const className = `cell c-${id}${isNumber ? ' number' : ''}`;
  if (!canSort || onSort === undefined)
    return (
      <div role="columnheader" className={className}>
        {head}
      </div>
    );
  return (
    <div role="columnheader" className={className} aria-sort={isSorted ? order : 'none'}>
      <button type="button" onClick={() => onSort({ column: id, isDown: isSorted && !sorting.isDown })}>
        {head}
        <span aria-hidden="true">{isSorted ? (sorting.isDown ? ' ▼' : ' ▲') : ''}</span>
      </button>
    </div>
  );
}

function indexOf(target: EventTarget | null): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null;
  return row === null ? null : Number(row.dataset['index']);
}

const FAR = 20;

/** Where a key leads to; `null`: it leads nowhere. */
function aim(key: string, from: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: FAR,
    PageUp: -FAR,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(count - 1, Math.max(0, from + step));
}
