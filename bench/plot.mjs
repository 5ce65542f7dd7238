/** How a pass grows with the number of worktrees, as an SVG that reads by day and by night. */
const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 70;
const RIGHT = 110;
const TOP = 30;
const BOTTOM = 45;

/** @param points `{x: worktrees, y: our milliseconds, theirs: milliseconds of git worktree list}` */
export function plot(points) {
  const top = Math.max(...points.map(({ y }) => y)) * 1.1;
  const most = Math.log10(points.at(-1).x);
  const least = Math.log10(points[0].x);
  const toX = (x) => LEFT + ((Math.log10(x) - least) / Math.max(0.1, most - least)) * (WIDTH - LEFT - RIGHT);
  const toY = (y) => HEIGHT - BOTTOM - (y / top) * (HEIGHT - TOP - BOTTOM);
  const line = (name, colour, value) => {
    const dots = points.map((point) => `${toX(point.x).toFixed(1)},${toY(value(point)).toFixed(1)}`);
    const last = points.at(-1);
    return `<polyline points="${dots.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${WIDTH - RIGHT + 8}" y="${(toY(value(last)) + 4).toFixed(1)}" fill="${colour}">${name} ${Math.round(value(last))} ms</text>`;
  };
  const ticks = points.map(
    ({ x }) => `<text x="${toX(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x}</text>`,
  );
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = toY(top * part).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#8b949e" stroke-opacity="0.3"/><text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${Math.round(top * part)} ms</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#768390" role="img" aria-label="time of a pass by number of worktrees">
<text x="${LEFT}" y="18">a pass that finds nothing old enough, by number of worktrees (start of node included)</text>
${grid.join('\n')}
${ticks.join('\n')}
<text x="${(WIDTH - RIGHT + LEFT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">worktrees</text>
${line('pass', '#2da44e', ({ y }) => y)}
${line('list', '#8250df', ({ theirs }) => theirs)}
</svg>
`;
}
