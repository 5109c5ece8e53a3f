import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { GateLookRow } from '../../api/rollouts.ts';

const HEIGHT = 130;
const SECOND = 1_000;

/** The values of a gate over time. A picture for those who see it: the same is in the text and in the table beside it. */
export function Plot({ looks, says }: { looks: readonly GateLookRow[]; says: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  useEffect(() => {
    const { current: element } = box;
    if (element === null) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element), dataOf(looks), element);
    };
    make();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      dark.removeEventListener('change', make);
      observer.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(looks)), [looks]);

  return <div ref={box} role="img" aria-label={says} className="plot" />;
}

/** All values in a line, and once more those of looks that did not pass: they are marked. */
function dataOf(looks: readonly GateLookRow[]): uPlot.AlignedData {
  return [
    looks.map(({ at }) => Date.parse(at) / SECOND),
    looks.map(({ value }) => value),
    looks.map(({ value, verdict }) => (verdict === 'pass' ? null : value)),
  ];
}

function optionsOf(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const [text, line, grid, bad] = ['--text', '--link', '--line', '--bad'].map((name) =>
    style.getPropertyValue(name).trim(),
  ) as [string, string, string, string];
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    // As all other times of the page, these are in UTC.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * SECOND), 'Etc/UTC'),
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: rangeOf } },
    axes: [
      { ...axis, values: clocks, space: 70 },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      { stroke: line, width: 2, points: { show: true, size: 4, fill: line } },
      { stroke: bad, width: 0, paths: () => null, points: { show: true, size: 9, stroke: bad, width: 2 } },
    ],
  };
}

/** A little room above and below; and for values that are all the same, a scale at all. */
function rangeOf(_plot: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.1 || Math.abs(most) * 0.1 || 1;
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
}

function clocks(_plot: uPlot, seconds: number[]): string[] {
  return seconds.map((at) => new Date(at * SECOND).toISOString().slice(11, 16));
}
