/**
 * The benchmark: `npm run bench -- [--quick] [--write] [--only NAME,...]`.
 *
 * Contract: prints one table of what is measured, against what, and whether the target is met. With --write
 * it goes between the bench marks of the README, and the growth plot to bench/growth.svg.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { checkouts, dueCheckout } from './checkout.mjs';
import { claims } from './claims.mjs';
import { byCommits, byFiles } from './growth.mjs';
import { hangingGit } from './limits.mjs';
import { idlePasses, memory, staging, warmPass } from './passes.mjs';
import { plot } from './plot.mjs';
import { large, many } from './reclaim.mjs';
import { makeRepo, openStage } from './stage.mjs';

const PROJECT = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '').split(',') : null;
const wants = (name) => only === null || only.includes(name);
const size = (full, quick) => (isQuick ? quick : full);

const PASSES = {
  title: 'a pass, all too young, looking anew',
  unit: 'worktrees',
  ours: 'pass, start of node included',
  theirs: 'git worktree list',
};
const FILES = {
  title: 'a pass that vets one worktree',
  unit: 'tracked files',
  ours: 'pass, start of node included',
  theirs: 'git status',
};
const COMMITS = {
  title: 'the proof of a squash, from nothing',
  unit: 'commits of the base since then',
  ours: 'reaper-hook landed, start of node included',
  theirs: 'git cherry, which does not find it',
};

const stage = openStage();
const rows = [];
const say = (text) => process.stderr.write(`${text}\n`);
const panels = [];
try {
  if (wants('checkout')) {
    say('checkouts');
    rows.push(...(await checkouts(stage, { rounds: size(11, 3), files: 200 })));
    const root = makeRepo(stage, 'due', { files: 20 });
    rows.push(await dueCheckout(stage, { rounds: size(15, 5), root }));
  }
  if (wants('passes')) {
    say('passes');
    const counts = size([10, 100, 1000], [10, 100]);
    const idle = await idlePasses(stage, { counts, rounds: size(15, 3) });
    rows.push(...idle.rows, memory(stage, idle.root, counts.at(-1)));
    panels.push({ ...PASSES, points: idle.points });
  }
  if (wants('landed')) {
    say('landed and clean');
    rows.push(...(await warmPass(stage, { count: size(200, 40), rounds: size(5, 2) })));
  }
  if (wants('reclaim')) {
    say('reclaims');
    rows.push(...(await large(stage, { tracked: 2000, ignored: size(50_000, 10_000), rounds: size(3, 1) })));
    rows.push(...(await many(stage, { count: size(100, 20), rounds: size(7, 1) })));
  }
  if (wants('staging')) {
    say('staging entries');
    rows.push(...(await staging(stage, { entries: size(5000, 500), dead: 50, rounds: size(7, 3) })));
  }
  if (wants('claims')) {
    say('claims');
    rows.push(...(await claims(stage, { count: size(1000, 200), rounds: size(61, 3) })));
  }
  if (wants('hang')) {
    say('a git that hangs');
    rows.push(...(await hangingGit(stage, { rounds: size(5, 2) })));
  }
  if (wants('growth')) {
    say('growth');
    const rounds = size(5, 2);
    panels.push({ ...FILES, points: await byFiles(stage, { counts: size([100, 1000, 10_000], [100, 1000]), rounds }) });
    const counts = size([100, 1000, 10_000], [100, 1000]);
    panels.push({ ...COMMITS, points: await byCommits(stage, { counts, rounds }) });
  }
} finally {
  stage.close();
}
const table = tableOf(rows);
console.log(table);
if (args.includes('--write')) write(table);

function tableOf(all) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const met = { true: 'met', false: '**missed**', null: '' };
  const lines = all.map(
    ({ what, against, target, measured, isMet }) =>
      `| ${[what, against, target, measured, met[isMet]].map(cell).join(' | ')} |`,
  );
  return ['| what | against | must reach | measured | |', '|---|---|---|---|---|', ...lines].join('\n');
}

function write(text) {
  const readme = join(PROJECT, 'README.md');
  const present = readFileSync(readme, 'utf8');
  const block = /<!-- bench:begin -->[\s\S]*<!-- bench:end -->/;
  if (!block.test(present)) throw new Error('the README has no bench marks');
  const git = execFileSync('git', ['version'], { encoding: 'utf8' }).trim();
  const machine = `Medians, each row side by side in one run: node ${process.version}, ${git}, ${cpus().length} cores.`;
  writeFileSync(
    readme,
    present.replace(block, () => `<!-- bench:begin -->\n${text}\n\n${machine}\n<!-- bench:end -->`),
  );
  if (panels.length === 3) writeFileSync(join(PROJECT, 'bench', 'growth.svg'), plot(panels));
}
