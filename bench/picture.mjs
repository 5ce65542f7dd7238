/**
 * The terminal picture of the README, from a real session: `node bench/picture.mjs [--check]`.
 *
 * Contract: runs `status` of the built program at a real terminal, in the repository of `demo --keep`, and draws
 * what it printed. With --check it only says whether the picture still shows the same words.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '..');
const PROGRAM = join(process.env.BENCH_PACKAGE ?? PROJECT, 'dist', 'cli.js');
const FILE = join(PROJECT, 'bench', 'status.svg');
const COLUMNS = 110;
const COLOURS = { 31: '#f85149', 32: '#3fb950', 33: '#d29922', 34: '#58a6ff', 35: '#bc8cff', 36: '#39c5cf' };
const LINE = 19;
const CHARACTER = 8.4;

const place = mkdtempSync(join(tmpdir(), 'reaper-picture-'));
try {
  const svg = drawn(session());
  if (!process.argv.includes('--check')) writeFileSync(FILE, svg);
  else if (steady(svg) !== steady(readFileSync(FILE, 'utf8'))) {
    console.error('bench/status.svg no longer shows what status prints: node bench/picture.mjs');
    process.exitCode = 1;
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}

function session() {
  const env = { ...process.env, TMPDIR: place };
  execFileSync(process.execPath, [PROGRAM, 'demo', '--keep'], { env, stdio: 'ignore' });
  const demo = readdirSync(place).find((name) => name.startsWith('reaper-demo-'));
  const repo = join(place, demo, 'shop');
  const command = `stty cols ${COLUMNS} rows 60; '${process.execPath}' '${PROGRAM}' status --quiet --repo '${repo}' 2>/dev/null`;
  const { NO_COLOR: _none, CI: _ci, ...rest } = process.env;
  const shown = execFileSync('script', ['-qec', command, '/dev/null'], {
    env: { ...rest, TERM: 'xterm-256color', HOME: join(place, demo, 'home') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return shown
    .replaceAll('\r', '')
    .replaceAll(`${join(place, demo)}/`, '')
    .trimEnd();
}

function drawn(text) {
  const lines = [`$ npx reaper-hook status`, ...text.split('\n')];
  const height = lines.length * LINE + 30;
  const width = Math.ceil(COLUMNS * CHARACTER + 32);
  const rows = lines.map(
    (line, index) => `<text x="16" y="${30 + index * LINE}" xml:space="preserve">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`;
}

function spans(line) {
  let style = '';
  return line
    .split(/(\u001b\[[0-9;]*m)/)
    .map((part) => {
      const code = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
      if (code === undefined) return part === '' ? '' : `<tspan${style}>${safe(part)}</tspan>`;
      if (COLOURS[code]) style = ` fill="${COLOURS[code]}"`;
      else if (code === '1') style = ' font-weight="bold"';
      else if (code === '2') style = ' fill="#8b949e"';
      else style = '';
      return '';
    })
    .join('');
}

function safe(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Numbers, ids and the gaps they leave differ from run to run. */
function steady(svg) {
  const words = svg
    .replace(/<[^>]+>/g, ' ')
    .replace(/[0-9a-f]{8}/g, 'ID')
    .replace(/█+/g, '')
    .replace(/&[lg]t;1s|\d+(\.\d+)?/g, 'N');
  return words
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
    .sort()
    .join('\n');
}
