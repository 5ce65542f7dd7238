/**
 * `npm run hazards`: every case against our pass and against three ways to clean up that people use.
 *
 * Contract: each on a fresh repository of its own. Prints a table; `--write` puts it into README.md
 * between the hazards marks, `--cases` lists what each one got wrong, `--deep` runs the crash tests and the
 * model as well and counts what they tried, `--figures FILE` reads what `REAPER_FIGURES=FILE npm run test:deep` counted. Exits 1 when our own pass got anything wrong.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble, PROJECT, table } from './crew.mjs';

const crew = await assemble();
try {
  const plan = await crew.ask({ ask: 'list' });
  const cases = plan.hazards.map((hazard, index) => ({ ...hazard, index })).filter(isTried);
  const results = await Promise.all(cases.map((hazard) => against(plan.cleaners, hazard)));
  const deep = deepFigures();
  const text = tableOf(plan, results) + (deep === null ? '' : `\n\n${deep}`);
  console.log(text);
  if (process.argv.includes('--cases')) for (const result of results) list(result);
  const [us] = plan.cleaners;
  const ourFaults = results.flatMap(({ sentence, by }) => by[us].faults.map((fault) => `${sentence}: ${fault}`));
  for (const fault of ourFaults) console.error(`ours: ${fault}`);
  if (process.argv.includes('--write')) write(text);
  process.exitCode = ourFaults.length > 0 ? 1 : 0;
} finally {
  crew.dismiss();
}

/** How much the tests that take minutes tried, or null when nobody asked. */
function deepFigures() {
  const at = process.argv.indexOf('--figures');
  if (at > 0) return deepWords(sumsIn(process.argv[at + 1]));
  return process.argv.includes('--deep') ? deepRun() : null;
}

function deepRun() {
  const place = mkdtempSync(join(tmpdir(), 'reaper-figures-'));
  const file = join(place, 'figures.jsonl');
  try {
    const vitest = join(PROJECT, 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', '--project', 'crash', '--project', 'model'];
    const env = { ...process.env, REAPER_FIGURES: file };
    const ran = spawnSync(process.execPath, args, { cwd: PROJECT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (ran.status !== 0) throw new Error('the crash tests or the model failed: npm run test:deep');
    return deepWords(sumsIn(file));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function sumsIn(file) {
  const sums = new Map();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { what, count } = JSON.parse(line);
    sums.set(what, (sums.get(what) ?? 0) + count);
  }
  return sums;
}

function deepWords(sums) {
  const of = (what) => sums.get(what) ?? 0;
  const kinds = ['reclaim', 'restore', 'purge'];
  const crashes = kinds.map((kind) => `${of(`crashes of a ${kind}`)} of a ${kind}`);
  const all = kinds.reduce((sum, kind) => sum + of(`crashes of a ${kind}`), 0);
  return [
    `In the same run (\`npm run hazards -- --deep\`): the program was killed ${all} times, between and within its steps`,
    `(${crashes.join(', ')}), met ${of('failing calls')} failing calls of disk and git`,
    `(\`EXDEV\`, \`ENOSPC\`, \`EACCES\`, \`EROFS\`, \`EIO\`, \`EMFILE\`; git that fails, hangs, is killed, says nothing or half of it)`,
    `and ${of('races')} people who did something in the middle of it, and lived ${of('runs of the model')} random lives of a repository`,
    'with agents, people, crashes and restores. **Lost: 0.**',
  ].join('\n');
}

function isTried({ kind, impossible }) {
  return kind !== 'holds' && impossible === null;
}

async function against(cleaners, hazard) {
  const by = {};
  for (const cleaner of cleaners) {
    const { lost, kept, wrong } = await crew.ask({ ask: 'try', hazard: hazard.index, cleaner });
    by[cleaner] = { lost: lost.length > 0, kept: kept.length > 0, faults: [...lost, ...kept, ...wrong] };
  }
  return { ...hazard, by };
}

function tableOf({ families, cleaners }, results) {
  const head = ['', 'cases', ...cleaners.map((name) => (name === 'ours' ? '**reaper-hook**' : name))];
  const row = (title, part) => [title, part.length, ...cleaners.map((name) => scoreOf(part, name))];
  const rows = Object.entries(families).map(([letter, title]) =>
    row(
      `${letter}. ${title}`,
      results.filter(({ family }) => family === letter),
    ),
  );
  const keeps = results.filter(({ kind }) => kind === 'keeps').length;
  const note = [
    'Each cell: taken wrongly / kept wrongly.',
    `${keeps} cases hold something that must survive, ${results.length - keeps} something that must go;`,
    'nobody has touched anything for 30 days unless the case says otherwise.',
    'Taken wrongly means that a directory, a file or a registration which had to stay as it was is gone or changed,',
    'also where the commits themselves are safe on their branch.',
  ].join(' ');
  return `${table([head, ...rows, row('**all**', results)])}\n\n${note}`;
}

function scoreOf(part, name) {
  const taken = part.filter(({ by }) => by[name].lost).length;
  const kept = part.filter(({ by }) => by[name].kept).length;
  return `${taken} / ${kept}`;
}

function list({ sentence, family, by }) {
  const said = Object.entries(by).map(
    ([name, { lost, kept }]) =>
      `${name}: ${[lost && 'taken wrongly', kept && 'kept wrongly'].filter(Boolean).join(', ') || 'right'}`,
  );
  console.log(`${family} ${sentence}\n    ${said.join(' | ')}`);
}

/** Replaces what stands between the marks; without a README, or marks in it, there is nothing to write. */
function write(text) {
  const path = join(PROJECT, 'README.md');
  const readme = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const marks = /(<!-- hazards:begin -->)[\s\S]*?(<!-- hazards:end -->)/;
  if (!marks.test(readme)) return console.error('README.md has no hazards marks; nothing was written');
  writeFileSync(
    path,
    readme.replace(marks, (_all, begin, end) => `${begin}\n${text}\n${end}`),
  );
}
