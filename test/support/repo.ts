/**
 * Real repositories for tests: hermetic HOME, fixed identity and dates, GIT_* scrubbed.
 *
 * Contract: refuses to touch anything outside the run's sandbox directory.
 */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const sandboxRoot = process.env.REAPER_TEST_SANDBOX;
const elsewhereRoot = process.env.REAPER_TEST_ELSEWHERE;

/** True when there is a file system besides the sandbox's. */
export const hasElsewhere = elsewhereRoot !== undefined;

/** A fresh directory on another file system. */
export function sandboxElsewhere(): string {
  if (elsewhereRoot === undefined) throw new Error('there is no other file system here');
  return mkdtempSync(join(elsewhereRoot, 'case-'));
}

/** A fresh directory inside the sandbox. */
export function sandbox(prefix = 'case-'): string {
  if (sandboxRoot === undefined) throw new Error('tests run through vitest, which makes the sandbox');
  return mkdtempSync(join(sandboxRoot, prefix));
}

/** The environment every spawned git, hook and command of a test gets. */
export function environment(home: string, extra: Record<string, string> = {}): Record<string, string> {
  const base = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(GIT_|REAPER_|CI$|HUSKY|VITEST|NODE_OPTIONS|npm_)/.test(name)),
  ) as Record<string, string>;
  return {
    ...base,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
    GIT_TERMINAL_PROMPT: '0',
    NO_COLOR: '1',
    ...extra,
  };
}

export interface TestRepo {
  /** Root of the main worktree. */
  readonly root: string;
  readonly home: string;
  /** Absolute path of the common directory. */
  readonly commonDir: string;
  /** Runs git in `cwd` (default: the main worktree) and returns trimmed stdout; throws on failure. */
  git(args: string[], cwd?: string, options?: ExecFileSyncOptions): string;
  write(path: string, text: string, cwd?: string): string;
  /** Writes a file, adds and commits it; returns the commit. */
  commit(path: string, text: string, cwd?: string, message?: string): string;
  /** Adds a linked worktree on a new branch; returns its path. */
  worktree(branch: string, path?: string, start?: string): string;
  env(extra?: Record<string, string>): Record<string, string>;
}

/** A repository with one commit on `main`. */
export function makeRepo(name = 'repo', init: readonly string[] = []): TestRepo {
  const place = sandbox();
  const home = join(place, 'home');
  mkdirSync(home);
  writeFileSync(
    join(home, '.gitconfig'),
    '[user]\n\tname = Tester\n\temail = tester@example.invalid\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n',
  );
  const root = join(place, name);
  mkdirSync(root);
  const repo = repoAt(root, home);
  repo.git(['init', '-q', '-b', 'main', ...init]);
  repo.commit('README.md', 'hello\n', root, 'first');
  return repo;
}

/** The same helpers for a repository that is already there. */
export function repoAt(root: string, home: string, commonDir = join(root, '.git')): TestRepo {
  const env = (extra: Record<string, string> = {}) => environment(home, extra);
  const git: TestRepo['git'] = (args, cwd = root, options = {}) => {
    guard(cwd);
    return String(
      execFileSync('git', args, { cwd, env: env(), stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', ...options }),
    ).trimEnd();
  };
  const write: TestRepo['write'] = (path, text, cwd = root) => {
    const full = join(cwd, path);
    guard(full);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  return {
    root,
    home,
    commonDir,
    env,
    git,
    write,
    commit(path, text, cwd = root, message = `edit ${path}`) {
      write(path, text, cwd);
      git(['add', '--', path], cwd);
      git(['commit', '-q', '-m', message], cwd);
      return git(['rev-parse', 'HEAD'], cwd);
    },
    worktree(branch, path = join(dirname(root), 'wt', branch.replaceAll('/', '-')), start = 'main') {
      guard(path);
      mkdirSync(dirname(path), { recursive: true });
      git(['worktree', 'add', '-q', '-b', branch, '--', path, start]);
      return path;
    },
  };
}

/** Sets the times of a worktree's signs of activity (and its files) to `ageMs` before now. */
export function backdate(repo: TestRepo, worktree: string, ageMs: number): void {
  const at = new Date(Date.now() - ageMs);
  const adminDir = repo.git(['rev-parse', '--absolute-git-dir'], worktree);
  const reflog = join(repo.commonDir, 'logs/refs/heads', repo.git(['branch', '--show-current'], worktree));
  // Older than the index by more than any clock's grain, as after a while they are.
  const earlier = new Date(at.getTime() - 1_000);
  for (const path of walk(worktree)) touch(path, earlier);
  for (const path of [...walk(adminDir), worktree, adminDir]) touch(path, at);
  if (existsSync(reflog)) touch(reflog, at);
  settle(repo, worktree, adminDir, at);
}

/** As any `git status` since then would have left it: the index knows its files by these times. */
function settle(repo: TestRepo, worktree: string, adminDir: string, at: Date): void {
  const index = join(adminDir, 'index');
  if (!existsSync(index)) return;
  try {
    repo.git(['-c', 'core.fsmonitor=false', 'update-index', '-q', '--refresh'], worktree, { stdio: 'ignore' });
  } catch {
    // A conflict, say: there is nothing to settle.
  }
  touch(index, at);
  touch(adminDir, at);
}

/** Sets times of everything below and including `path`. */
export function backdateTree(path: string, ageMs: number): void {
  const at = new Date(Date.now() - ageMs);
  for (const each of walk(path)) touch(each, at);
  touch(path, at);
}

function touch(path: string, at: Date): void {
  lutimesSync(path, at, at);
}

/** Every path below `directory`, depth first, links not followed. */
export function walk(directory: string): string[] {
  if (!lstatSync(directory).isDirectory()) return [];
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return [...walk(path), path];
  });
}

/** Content, kind and mode of every path below `directory`: equal snapshots are equal trees. */
export function snapshot(directory: string, skip: (path: string) => boolean = () => false): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const path of walk(directory)) {
    const name = relative(directory, path);
    if (skip(name)) continue;
    const info = lstatSync(path);
    const mode = (info.mode & 0o7777).toString(8);
    if (info.isSymbolicLink()) seen[name] = `link ${readlinkSync(path)}`;
    else if (info.isDirectory()) seen[name] = `dir ${mode}`;
    else seen[name] = `file ${mode} ${readFileSync(path).toString('base64')}`;
  }
  return seen;
}

/** Makes an executable shell script. */
export function script(path: string, text: string): string {
  guard(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function guard(path: string): void {
  const roots = [sandboxRoot, elsewhereRoot].filter((root) => root !== undefined);
  if (!roots.some((root) => path.startsWith(root))) throw new Error(`${path} is outside the sandbox`);
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
