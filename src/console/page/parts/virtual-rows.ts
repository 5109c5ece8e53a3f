import {
  defaultRangeExtractor,
  observeWindowOffset,
  observeWindowRect,
  type VirtualItem,
  Virtualizer,
  windowScroll,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** Rows beyond those that are seen: who goes on by keyboard comes to them. */
const OVERSCAN = 5;

export interface VirtualRows {
  items: readonly VirtualItem[];
  height: number;
  /** Where the first row begins. */
  start: number;
  scrollTo: (index: number) => void;
}

/**
 * Which rows of a long table are near the window. The window itself scrolls, as on any page.
 *
 * @param rowHeight in pixels; all rows have it
 * @param pinned a row that stays, wherever the window is: it has the focus
 */
export function useVirtualRows(
  body: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  pinned: number | null,
): VirtualRows {
  const [, render] = useReducer<number, void>((n) => n + 1, 0);
  const [start, setStart] = useState(0);
  const kept = useRef<Virtualizer<Window, HTMLElement> | null>(null);
  const heightBefore = useRef(rowHeight);
  const options = {
    count,
    getScrollElement: () => window,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollMargin: start,
    // The head of the table stays above the rows.
    scrollPaddingStart: rowHeight,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    onChange: () => render(),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) =>
      withPinned(defaultRangeExtractor(range), pinned, count),
  };
  kept.current ??= new Virtualizer<Window, HTMLElement>(options);
  const virtualizer = kept.current;
  virtualizer.setOptions({ ...virtualizer.options, ...options });
  if (heightBefore.current !== rowHeight) {
    heightBefore.current = rowHeight;
    virtualizer.measure();
  }

  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => {
    const look = () => setStart(Math.round((body.current?.getBoundingClientRect().top ?? 0) + scrollY));
    look();
    // What stands above the rows cannot grow without the page. The observer is called once all is laid out, so to look costs nothing.
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  return {
    items: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    start,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  };
}

function withPinned(indexes: number[], pinned: number | null, count: number): number[] {
  if (pinned === null || pinned >= count || indexes.includes(pinned)) return indexes;
  return [...indexes, pinned].toSorted((a, b) => a - b);
}
