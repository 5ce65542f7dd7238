/**
 * Throwaway repositories to measure on.
 *
 * Contract: everything lies below one temporary directory, with a HOME of its own; git's own
 * variables and the hook switches of the surroundings do not reach it.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { start } from './measure.mjs';

/** Where `dist` and `hooks` are taken from: the project, unless another build is to be measured. */
const PROJECT = process.env.BENCH_PACKAGE ?? resolve(import.meta.dirname, '..');

/** Opens a place with a HOME and a private copy of the built program. */
export function openStage() {
  const place = mkdtempSync(join(tmpdir(), 'reaper-bench-'));
  const home = join(place, 'home');
  mkdirSync(home);
  writeFileSync(
    join(home, '.gitconfig'),
    '[user]\n\tname = Bench\n\temail = bench@example.invalid\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n',
  );
  // Certificates of a company's own, which node 20 reads at every start for 40 ms; the hook starts it without them, too.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GIT_|REAPER_|CI$|HUSKY|LEFTHOOK|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|npm_)/.test(name),
  );
  const env = { ...Object.fromEntries(kept), HOME: home, XDG_CONFIG_HOME: join(home, '.config'), NO_COLOR: '1' };
  for (const part of ['dist', 'hooks']) cpSync(join(PROJECT, part), join(place, 'package', part), { recursive: true });
  const program = join(place, 'package', 'dist', 'cli.js');
  const run = (file, args, cwd) =>
    execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  return {
    place,
    home,
    env,
    program,
    git: (args, cwd) => run('git', args, cwd),
    sh: (script, cwd) => run('sh', ['-c', script], cwd),
    reaper: (args, cwd) => run(process.execPath, [program, ...args], cwd),
    close: () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Writes `count` small files, a hundred to a directory. */
export function fill(directory, count, text = (index) => `file ${index}\n`) {
  for (let index = 0; index < count; index++)
    put(join(directory, `d${Math.floor(index / 100)}`, `f${index}.txt`), text(index));
}

export function put(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A repository with `files` files on `main`, and whatever `.gitignore` is given. */
export function makeRepo(stage, name, { files = 20, ignore = 'node_modules/\n.agent-config/\n' } = {}) {
  const root = join(stage.place, name, 'repo');
  mkdirSync(root, { recursive: true });
  stage.git(['init', '-q', '-b', 'main'], root);
  fill(root, files);
  put(join(root, '.gitignore'), ignore);
  stage.git(['add', '-A'], root);
  stage.git(['commit', '-q', '-m', 'first'], root);
  return root;
}

/** Where the worktree of that name lies. */
export const treeOf = (root, name) => join(dirname(root), 'wt', name);

/** Adds worktrees on `agent/<prefix><n>` that were made a moment ago. */
export function addYoung(stage, root, count, prefix = 'w', from = 0) {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
  const lines = names.map((name) => `git worktree add -q -b agent/${name} '${treeOf(root, name)}' main`);
  stage.sh(lines.join('\n'), root);
  return names;
}

/** Adds worktrees with one commit each, squash-merged into main, clean and left alone for two days. */
export function addLanded(stage, root, count, prefix = 'l') {
  const names = addYoung(stage, root, count, prefix);
  const lines = names.map((name) => {
    const tree = treeOf(root, name);
    return [
      `echo ${name} >'${tree}/${name}.txt'`,
      `git -C '${tree}' add -A`,
      `git -C '${tree}' commit -q -m 'Add ${name}'`,
      `git merge -q --squash agent/${name} >/dev/null`,
      `git commit -q -m 'Add ${name} (squashed)'`,
    ].join('\n');
  });
  stage.sh(lines.join('\n'), root);
  for (const name of names) leaveAlone(stage, root, name);
  return names;
}

const HOUR_MS = 3_600_000;

/** Files two days old, the index an hour younger, so that git need not read their content again. */
export function leaveAlone(stage, root, name) {
  const tree = treeOf(root, name);
  setTimes(tree, 48 * HOUR_MS);
  stage.git(['update-index', '-q', '--refresh'], tree);
  setTimes(join(root, '.git', 'worktrees', name), 47 * HOUR_MS);
  setTimes(join(root, '.git', 'logs', 'refs', 'heads', 'agent', name), 47 * HOUR_MS);
}

/**
 * Installs the hook's program and lets it look once, as the hook does; answers how the hook starts its pass.
 * What changed less than two seconds ago may change again unseen, so the first look at that leaves no note.
 */
export async function installed(stage, root) {
  stage.git(['config', 'reaper.budget', '60s'], root);
  stage.reaper(['install', '--repo', root], '/');
  const own = join(root, '.git', 'reaper');
  const pass = () => runHook(stage, root, join(own, 'bin', 'quick.cjs'));
  for (let tries = 0; tries < 30 && !existsSync(join(own, 'rest')); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    pass();
  }
  if (!existsSync(join(own, 'rest'))) throw new Error(`no pass over ${root} comes to rest`);
  const forget = () => rmSync(join(own, 'rest'), { force: true });
  return { pass, forget };
}

/** Starts the pass as the hook's shell does. */
export function runHook(stage, root, program = stage.program, env = stage.env) {
  start(process.execPath, [program, 'run', '--hook', 'bench', '--from', root], { cwd: '/', env });
}

export function setTimes(path, ageMs) {
  const info = lstatSync(path);
  if (info.isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), ageMs);
  const at = new Date(Date.now() - ageMs);
  utimesSync(path, at, at);
}
