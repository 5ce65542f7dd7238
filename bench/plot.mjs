/** How the work grows, three panels in one SVG that reads by day and by night; both axes count in powers of ten. */
const PANEL = 300;
const HEIGHT = 260;
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 58, 42];
const OURS = '#2da44e';
const THEIRS = '#8250df';

/** @param panels `{title, unit, ours, theirs, points: {x, ours, theirs}[]}`; times in milliseconds */
export function plot(panels) {
  // The last tick of the last panel stands out a little.
  const width = PANEL * panels.length + 16;
  const drawn = panels.map((panel, index) => `<g transform="translate(${index * PANEL} 0)">${drawPanel(panel)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="#768390" role="img" aria-label="${panels.map(({ title, unit }) => `${title} by ${unit}`).join('; ')}">
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, unit, ours, theirs, points }) {
  const values = points.flatMap((point) => [point.ours, point.theirs]);
  const [low, high] = [Math.floor(log(Math.min(...values))), Math.ceil(log(Math.max(...values)))];
  const [least, most] = [log(points[0].x), log(points.at(-1).x)];
  const toX = (x) => LEFT + ((log(x) - least) / Math.max(0.1, most - least)) * (PANEL - LEFT - RIGHT);
  const toY = (y) => HEIGHT - BOTTOM - ((log(y) - low) / Math.max(1, high - low)) * (HEIGHT - TOP - BOTTOM);
  const powers = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
  const grid = powers.map(
    (y) =>
      `<line x1="${LEFT}" x2="${PANEL - RIGHT}" y1="${at(toY(y))}" y2="${at(toY(y))}" stroke="#8b949e" stroke-opacity="0.3"/>` +
      `<text x="${LEFT - 6}" y="${at(toY(y) + 4)}" text-anchor="end">${y >= 1000 ? `${y / 1000} s` : `${y} ms`}</text>`,
  );
  const ticks = points.map(
    ({ x }) =>
      `<text x="${at(toX(x))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
  );
  const line = (colour, value) =>
    `<polyline points="${points.map((point) => `${at(toX(point.x))},${at(toY(value(point)))}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  const key = (y, colour, text) => `<text x="${LEFT}" y="${y}" fill="${colour}">${text}</text>`;
  return [
    `<text x="${LEFT}" y="14" font-weight="600">${title}</text>`,
    key(30, OURS, ours),
    key(44, THEIRS, theirs),
    ...grid,
    ...ticks,
    `<text x="${(PANEL - RIGHT + LEFT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${unit}</text>`,
    line(OURS, (point) => point.ours),
    line(THEIRS, (point) => point.theirs),
  ].join('\n');
}

const log = Math.log10;
const at = (number) => number.toFixed(1);
