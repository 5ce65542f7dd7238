/**
 * The two charts of the report: lines over time as inline SVG, bars by size as a list.
 *
 * Contract: pure; texts are already safe for HTML. Colours come from the page by class. Whatever a chart shows
 * stands beside it in words or in a table, for whoever cannot see it.
 */

export interface Series {
  /** Class that colours it. */
  readonly kind: string;
  readonly name: string;
  /** In order of x; a null breaks the line. */
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
}

export interface Axes {
  readonly label: string;
  readonly x: (value: number) => string;
  readonly y: (value: number) => string;
}

const HEIGHT = 240;
const LEFT = 66;
const RIGHT = 12;
const BOTTOM = 28;
const TOP = 10;
/** More grid lines than these are noise. */
const STEPS = 4;

/** Lines over the same axes, `width` units wide: drawn twice, so that the letters stay readable on a phone. */
export function lineChart(series: readonly Series[], axes: Axes, width: number): string {
  const all = series.flatMap(({ points }) => points);
  const first = Math.min(...all.map(({ x }) => x));
  const span = Math.max(1, Math.max(...all.map(({ x }) => x)) - first);
  const top = niceTop(Math.max(1, ...all.map(({ y }) => y ?? 0)));
  const toX = (x: number) => (LEFT + ((x - first) / span) * (width - LEFT - RIGHT)).toFixed(1);
  const toY = (y: number) => (HEIGHT - BOTTOM - (y / top) * (HEIGHT - BOTTOM - TOP)).toFixed(1);
  const grid = Array.from({ length: STEPS + 1 }, (_, index) => {
    const value = (top * index) / STEPS;
    return `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${toY(value)}" y2="${toY(value)}"/><text x="${LEFT - 8}" y="${toY(value)}" dy="4" text-anchor="end">${axes.y(value)}</text>`;
  });
  const ends = [
    `<text x="${LEFT}" y="${HEIGHT - 8}">${axes.x(first)}</text>`,
    `<text x="${width - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${axes.x(first + span)}</text>`,
  ];
  const lines = series.flatMap(({ kind, points }) =>
    stretches(points).map((stretch) => {
      const at = stretch.map(({ x, y }) => `${toX(x)} ${toY(y)}`);
      return `<path class="line ${kind}" d="M${at.join(' L')}"/>`;
    }),
  );
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${axes.label}">${grid.join('')}${lines.join('')}${ends.join('')}</svg>`;
}

type Point = { readonly x: number; readonly y: number };

/** The parts of a line between its gaps. A part of one point becomes a dot: a line of no length with round ends. */
function stretches(points: Series['points']): Point[][] {
  const parts: Point[][] = [[]];
  for (const { x, y } of points) {
    if (y === null) parts.push([]);
    else parts.at(-1)?.push({ x, y });
  }
  return parts.flatMap((part) => {
    const [only] = part;
    return only === undefined ? [] : [part.length === 1 ? [only, only] : part];
  });
}

/** The next of 1, 2, 4, 6, 8 times a power of ten: grid lines at round numbers. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((each) => each * power >= value) ?? 10) * power;
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  /** Class that colours it. */
  readonly kind: string;
  /** The colour in words. */
  readonly word: string;
}

/** Bars as a list, in the order in which they come. */
export function barList(bars: readonly Bar[]): string {
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  const items = bars.map(({ name, value, label, kind, word }) => {
    const percent = Math.max(0.5, (value / longest) * 100).toFixed(1);
    return `<li><span class="name">${name}</span><span class="track"><span class="bar ${kind}" style="width:${percent}%"></span></span><span class="size">${label}</span><span class="word ${kind}">${word}</span></li>`;
  });
  return `<ol class="bars">${items.join('\n')}</ol>`;
}
