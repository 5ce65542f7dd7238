/**
 * The terminal picture of the README, from a real session: `node bench/picture.mjs [--check]`.
 *
 * Contract: runs `status` of the built program at a real terminal, in the repository of scene.mjs, and draws what
 * it printed. With --check it only says whether the picture still shows the same words; then the scene weighs
 * megabytes instead of gigabytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openScene } from './scene.mjs';

const PROJECT = resolve(import.meta.dirname, '..');
const PROGRAM = join(process.env.BENCH_PACKAGE ?? PROJECT, 'dist', 'cli.js');
const FILE = join(PROJECT, 'bench', 'status.svg');
/** No line of the scene is longer, so that none is cut at a place that depends on a process's number. */
const COLUMNS = 114;
const LINE = 19;
const CHARACTER = 8.4;
/** What stands above the first line: the window's bar. */
const BAR = 34;
const CLASSES = { 1: 'b', 2: 'd', 32: 'g', 33: 'y', 35: 'm', 36: 'c' };
const STYLE = `
text { white-space: pre; fill: #1f2328; } .back { fill: #ffffff; stroke: #d1d9e0; } .bar { fill: #f6f8fa; }
.b { font-weight: 600; } .d { fill: #59636e; } .g { fill: #1a7f37; } .y { fill: #8f5f00; } .m { fill: #8250df; }
.c { fill: #0969da; } .dot { fill: #d1d9e0; } .prompt { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .back { fill: #0d1117; stroke: #30363d; } .bar { fill: #161b22; } .d { fill: #9198a1; }
  .g { fill: #3fb950; } .y { fill: #d29922; } .m { fill: #bc8cff; } .c { fill: #58a6ff; } .dot { fill: #30363d; }
  .prompt { fill: #3fb950; }
}`;

const isCheck = process.argv.includes('--check');
const place = realpathSync(mkdtempSync(join(tmpdir(), 'reaper-picture-')));
let scene;
try {
  scene = openScene(place, PROGRAM, isCheck ? 1_000 : 1_000_000);
  const svg = drawn(session(scene));
  if (!isCheck) writeFileSync(FILE, svg);
  else if (steady(svg) !== steady(readFileSync(FILE, 'utf8'))) {
    console.error('bench/status.svg no longer shows what status prints; to draw it again: node bench/picture.mjs');
    console.error(steady(svg));
    process.exitCode = 1;
  }
} finally {
  scene?.close();
  rmSync(place, { recursive: true, force: true });
}

function session({ root, env }) {
  const command = `stty cols ${COLUMNS} rows 60; '${process.execPath}' '${PROGRAM}' status --quiet 2>/dev/null`;
  const { NO_COLOR: _none, ...rest } = env;
  const shown = execFileSync('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...rest, TERM: 'xterm-256color' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return shown.replaceAll('\r', '').trimEnd();
}

function drawn(text) {
  const lines = text.split('\n');
  const width = Math.ceil(COLUMNS * CHARACTER + 36);
  const height = BAR + (lines.length + 2) * LINE + 16;
  const at = (index) => BAR + 24 + index * LINE;
  const rows = lines.map((line, index) => `<text x="18" y="${at(index + 1.5)}">${spans(line)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>npx reaper-hook status, in a repository with ten agents' worktrees</title>
<style>${STYLE}
</style>
<rect class="back" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="9"/>
<path class="bar" d="M1 ${BAR} V10 a9 9 0 0 1 9 -9 H${width - 10} a9 9 0 0 1 9 9 V${BAR} Z"/>
<circle class="dot" cx="20" cy="17" r="5.5"/><circle class="dot" cx="38" cy="17" r="5.5"/><circle class="dot" cx="56" cy="17" r="5.5"/>
<text class="d" x="${width / 2}" y="22" text-anchor="middle" font-size="13">~/code/storefront</text>
<text x="18" y="${at(0)}"><tspan class="prompt">$</tspan> npx reaper-hook status</text>
${rows.join('\n')}
</svg>
`;
}

/** A line with its colours as classes. */
function spans(line) {
  let name = '';
  return line
    .split(/(\u001b\[[0-9;]*m)/)
    .map((part) => {
      const code = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
      if (code !== undefined) name = CLASSES[code] ?? '';
      if (code !== undefined || part === '') return '';
      return name === '' ? safe(part) : `<tspan class="${name}">${safe(part)}</tspan>`;
    })
    .join('');
}

function safe(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Sizes, numbers, ids and the gaps they leave differ from run to run. */
function steady(svg) {
  const words = svg
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[0-9a-f]{8}/g, 'ID')
    .replace(/█+/g, '')
    .replace(/\d+(\.\d+)? [kMG]?B\b/g, 'SIZE')
    .replace(/(&lt;1|\d+(\.\d+)?)s\b/g, 'N')
    .replace(/\d+(\.\d+)?/g, 'N');
  const lines = words.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '').join('\n');
}
