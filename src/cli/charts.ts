/**
 * Two charts as inline SVG.
 *
 * Contract: pure; texts are already safe for HTML. Colours come from the page by class.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Axes {
  readonly label: string;
  readonly x: (value: number) => string;
  readonly y: (value: number) => string;
}

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 80;
const BOTTOM = 30;
const TOP = 12;
const STEPS = 4;

/** A line that rises in steps: a value holds until the next one. */
export function lineChart(points: readonly Point[], axes: Axes): string {
  const first = points[0]?.x ?? 0;
  const span = Math.max(1, (points.at(-1)?.x ?? 1) - first);
  const top = Math.max(1, ...points.map(({ y }) => y));
  const toX = (x: number) => LEFT + ((x - first) / span) * (WIDTH - LEFT - 20);
  const toY = (y: number) => HEIGHT - BOTTOM - (y / top) * (HEIGHT - BOTTOM - TOP);
  const steps = points.map(({ x, y }, index) => {
    const at = `${toX(x).toFixed(1)}`;
    return index === 0 ? `M${at} ${toY(y).toFixed(1)}` : `H${at} V${toY(y).toFixed(1)}`;
  });
  const floor = toY(0).toFixed(1);
  const lines = Array.from({ length: STEPS + 1 }, (_, index) => {
    const value = (top * index) / STEPS;
    const y = toY(value).toFixed(1);
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - 20}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${axes.y(value)}</text>`;
  });
  const ends = [
    `<text x="${LEFT}" y="${HEIGHT - 8}">${axes.x(first)}</text>`,
    `<text x="${WIDTH - 20}" y="${HEIGHT - 8}" text-anchor="end">${axes.x(first + span)}</text>`,
  ];
  const area = `${steps.join(' ')} V${floor} H${toX(first).toFixed(1)} Z`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axes.label}">${lines.join('')}<path class="area" d="${area}"/><path class="line" d="${steps.join(' ')}"/>${ends.join('')}</svg>`;
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  /** Class that colours it. */
  readonly kind: string;
}

const ROW = 24;
const NAMES = 300;
const LABELS = 90;
/** Longer names than this run into the bars. */
const NAME_LENGTH = 42;

/** Bars, longest first as they come. */
export function barChart(bars: readonly Bar[]): string {
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  const rows = bars.map(({ name, value, label, kind }, index) => {
    const y = index * ROW;
    const width = Math.max(2, (value / longest) * (WIDTH - NAMES - LABELS));
    const shown = name.length > NAME_LENGTH && !name.includes('&') ? `${name.slice(0, NAME_LENGTH)}…` : name;
    return `<text x="${NAMES - 8}" y="${y + 16}" text-anchor="end">${shown}</text><rect class="${kind}" x="${NAMES}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="3"><title>${name}: ${label}</title></rect><text x="${(NAMES + width + 6).toFixed(1)}" y="${y + 16}">${label}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${bars.length * ROW + 4}" role="img" aria-label="worktrees by size">${rows.join('')}</svg>`;
}
