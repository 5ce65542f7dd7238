/**
 * The throwaway repository of `demo`: worktrees and staging entries in every state.
 *
 * Contract: writes only below `place`, with a HOME of its own; git and the program are started
 * as a person would start them.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Stage {
  readonly root: string;
  /** Runs git and returns what it printed on stdout; throws when it fails. */
  readonly git: (args: readonly string[], cwd?: string) => string;
  /** Runs git and returns what a terminal would show: both streams. */
  readonly gitBoth: (args: readonly string[]) => string;
  /** Runs this program in the repository and returns what it printed. */
  readonly reaper: (args: readonly string[], isShown?: boolean) => string;
  readonly path: (name: string) => string;
  readonly close: () => void;
}

/** What makes a program that is started with pipes print as for the terminal of whoever watches. */
export interface Terminal {
  readonly env: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;

/** Opens an empty stage below `place`. */
export function openStage(place: string, gitBinary: string, programFile: string, terminal: Terminal): Stage {
  const home = join(place, 'home');
  const root = join(place, 'shop');
  mkdirSync(home);
  mkdirSync(root);
  // One pass is to show it all, also on a machine that is busy with other things.
  writeFileSync(
    join(home, '.gitconfig'),
    '[user]\n\tname = Demo\n\temail = demo@example.invalid\n[advice]\n\tdetachedHead = false\n[reaper]\n\tbudget = 20s\n',
  );
  const env = cleanEnvironment(home);
  const shown = { ...env, ...terminal.env };
  const children: ChildProcess[] = [];
  const execute = (program: string, args: readonly string[], cwd: string, shownIn = env) =>
    execFileSync(program, args, { cwd, env: shownIn, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const stage = {
    root,
    git: (args: readonly string[], cwd = root) => execute(gitBinary, args, cwd),
    gitBoth: (args: readonly string[]) => {
      const { stdout, stderr } = spawnSync(gitBinary, args, { cwd: root, env, encoding: 'utf8' });
      return `${stdout}${stderr}`;
    },
    reaper: (args: readonly string[], isShown = true) =>
      execute(process.execPath, [programFile, ...args], root, isShown ? shown : env),
    path: (name: string) => join(place, 'worktrees', name),
    close: () => {
      for (const child of children) child.kill();
    },
  };
  furnish(stage, children, env);
  return stage;
}

/** Neither git's hook variables nor CI's may reach the demo: the hook would keep quiet. */
function cleanEnvironment(home: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|CI$|REAPER_|HUSKY|npm_)/.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
  };
}

function furnish(stage: Stage, children: ChildProcess[], env: Record<string, string>): void {
  const { git, root } = stage;
  git(['init', '-q', '-b', 'main']);
  commit(stage, root, 'shop.txt', 'apples\n', 'Open the shop');
  commit(stage, root, '.gitignore', 'node_modules/\n.env\n.agent-config/\n', 'Ignore what is built');
  const branch = (name: string) => {
    git(['worktree', 'add', '-q', '-b', `agent/${name}`, stage.path(name), 'main']);
    return stage.path(name);
  };
  commit(stage, branch('add-pears'), 'pears.txt', 'pears\n', 'Add pears');
  commit(stage, branch('add-plums'), 'plums.txt', 'plums\n', 'Add plums');
  commit(stage, stage.path('add-plums'), 'plums.txt', 'ripe plums\n', 'Only ripe ones');
  commit(stage, branch('fix-sign'), 'sign.txt', 'open\n', 'Fix the sign');
  commit(stage, branch('half-done'), 'half.txt', 'half\n', 'Half of it');
  commit(stage, branch('dirty'), 'dirty.txt', 'first\n', 'Begin');
  commit(stage, branch('live'), 'live.txt', 'live\n', 'Work in progress');
  commit(stage, branch('has-secret'), 'secret-user.txt', 'x\n', 'Use a secret');
  commit(stage, branch('locked'), 'locked.txt', 'x\n', 'Locked work');
  branch('never-used');
  land(stage);
  dirtyUp(stage, children, env);
  stagingEntries(stage);
  for (const name of [
    'add-pears',
    'add-plums',
    'fix-sign',
    'half-done',
    'dirty',
    'live',
    'has-secret',
    'locked',
    'never-used',
  ])
    backdate(stage, name, 30 * HOUR_MS);
  branch('just-made');
}

/** The ways work reaches the base: fast-forward, squash, merge commit. */
function land({ git, root }: Stage): void {
  git(['merge', '-q', '--ff-only', 'agent/fix-sign']);
  git(['merge', '-q', '--squash', 'agent/add-plums']);
  git(['commit', '-q', '-m', 'Add plums (squashed)']);
  for (const name of ['add-pears', 'dirty', 'live', 'has-secret', 'locked'])
    git(['merge', '-q', '--no-edit', '--no-ff', `agent/${name}`]);
  git(['branch', '-q', 'next'], root);
}

/** Enough to be seen in the sums, little enough to be written in a moment. */
const DEPENDENCIES_BYTES = 12_000_000;

function dirtyUp(stage: Stage, children: ChildProcess[], env: Record<string, string>): void {
  for (const name of ['add-pears', 'add-plums', 'fix-sign', 'half-done']) {
    const modules = join(stage.path(name), 'node_modules');
    put(join(modules, '.package-lock.json'), '{}\n');
    put(join(modules, 'left-pad', 'index.js'), 'x'.repeat(DEPENDENCIES_BYTES));
  }
  put(join(stage.path('dirty'), 'dirty.txt'), 'first\nand a line nobody committed\n');
  put(join(stage.path('has-secret'), '.env'), 'TOKEN=only-copy\n');
  stage.git(['worktree', 'lock', '--reason', 'kept for the audit', stage.path('locked')]);
  children.push(spawn('sleep', ['600'], { cwd: stage.path('live'), stdio: 'ignore', env }));
}

/** A number no process has, and this program's own. */
function stagingEntries({ root }: Stage): void {
  const dead = join(root, '.agent-config', 'pack-compose.staging-4194301');
  put(join(dead, 'staged.diff'), 'a diff nobody waits for\n');
  const alive = join(root, '.agent-config', `pack-compose.staging-${process.pid}`);
  put(join(alive, 'staged.diff'), 'a diff somebody waits for\n');
  setTimes(dead, 48 * HOUR_MS);
}

function commit({ git }: Stage, cwd: string, name: string, text: string, message: string): void {
  put(join(cwd, name), text);
  git(['add', '--', name], cwd);
  git(['commit', '-q', '-m', message], cwd);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Makes a worktree look as if it had been left alone for a while. */
function backdate({ root, path }: Stage, name: string, ageMs: number): void {
  setTimes(join(root, '.git', 'worktrees', name), ageMs);
  setTimes(join(root, '.git', 'logs', 'refs', 'heads', 'agent', name), ageMs);
  setTimes(path(name), ageMs);
}

function setTimes(path: string, ageMs: number): void {
  const info = lstatSync(path);
  if (info.isDirectory()) for (const name of readdirSync(path)) setTimes(join(path, name), ageMs);
  const at = new Date(Date.now() - ageMs);
  if (!info.isSymbolicLink()) utimesSync(path, at, at);
}
