import { useEffect, useState } from 'preact/hooks';

/** Where a row has all its columns side by side. The style sheet says the same. */
const WIDE = '(min-width: 64rem)';

/** In `rem`, as in the style sheet: in one line, and in several. */
const HEIGHTS: Readonly<Record<string, { wide: number; narrow: number }>> = {
  fleet: { wide: 2, narrow: 5.25 },
  rollouts: { wide: 2, narrow: 5.25 },
  events: { wide: 2, narrow: 5.25 },
};

/** In pixels, for a table by its name. */
export function useRowHeight(name: string): number {
  const [isWide, setWide] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const look = () => setWide(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  const { wide, narrow } = HEIGHTS[name] ?? { wide: 2, narrow: 4 };
  return (isWide ? wide : narrow) * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
