/**
 * One rich repository that a thousand crashes can start from: kept as a copy, put back at the same path.
 *
 * Contract: `reset` gives back the same bytes, modes and times at the same absolute paths. `pass`, `restore`
 * and `purge` run the real program in this process on the machine that is handed in. `worktreeState` is all
 * that a person could lose: files, index, HEAD, branch, reflogs and the commits that only reflogs hold.
 */
import './swift.ts';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEntries } from '../../src/act/entries.ts';
import { purge as purgeEntries } from '../../src/act/purge.ts';
import type { Entry } from '../../src/core/entry.ts';
import { layout } from '../../src/core/layout.ts';
import { EMPTY_LEDGER } from '../../src/core/ledger.ts';
import type { Settings } from '../../src/core/settings.ts';
import type { Io } from '../../src/io/ports.ts';
import { editedByHand } from '../../src/observe/edited.ts';
import { quietSince } from '../../src/observe/quiet.ts';
import { openView } from '../../src/observe/view.ts';
import { type Passed, runPass } from '../../src/pass.ts';
import { type RestoredByName, restoreByName, withPassLock } from '../../src/restoring.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { buryHolder } from './bury.ts';
import { REAL } from './machine.ts';
import { DEAD_PID } from './pids.ts';
import { backdate, backdateTree, DAY, makeRepo, sandboxElsewhere, snapshot, type TestRepo } from './repo.ts';

export { buryHolder, REAL };

/** A machine whose clock shows `ms` more. */
export const later = (io: Io, ms: number): Io => ({ ...io, clock: { nowMs: () => Date.now() + ms } });

/** A machine that sees no change times: those of a copy say when it was copied, which is after everything. */
export const copied = (io: Io): Io => ({
  ...io,
  disk: {
    ...io.disk,
    lstat: async (path) => {
      const info = await io.disk.lstat(path);
      return info.ok ? { ...info, value: { ...info.value, ctimeMs: info.value.mtimeMs } } : info;
    },
  },
});

export interface Case {
  readonly repo: TestRepo;
  /** Puts everything back as it was when the copy was made. */
  reset(): void;
  /** Makes the copy anew from what is there now. */
  keep(): void;
  /** Opened once: what it holds of the repository is read again by every pass. */
  workspace(io: Io): Promise<Workspace>;
  pass(io: Io, options?: PassWish): Promise<Passed>;
  restore(io: Io, name: string, wish?: { to?: string | null; detach?: boolean }): Promise<RestoredByName>;
  /** What `purge --now <id>` does. */
  purge(io: Io, id: string): Promise<unknown>;
  entries(): Promise<readonly Entry[]>;
}

export interface PassWish {
  readonly limit?: number;
  readonly budgetMs?: number;
  readonly settings?: (settings: Settings) => Settings;
}

/** A repository that can be put back, over and over. */
export function makeCase(repo: TestRepo = makeRepo(), elsewhere: string | null = null): Case {
  const places = [dirname(repo.root), elsewhere].filter((place) => place !== null);
  process.env.HOME = repo.home;
  process.env.XDG_CONFIG_HOME = join(repo.home, '.config');
  const clone = (from: string, to: string) => {
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to]);
  };
  let first: Workspace | undefined;
  const workspace = async (io: Io): Promise<Workspace> => {
    if (first !== undefined) return { ...first, io };
    const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io: REAL });
    if (!opened.ok) throw new Error(opened.why);
    first = opened.value;
    return { ...first, io };
  };
  return {
    repo,
    reset: () => {
      for (const place of places) clone(`${place}.copy`, place);
    },
    keep: () => {
      for (const place of places) clone(place, `${place}.copy`);
    },
    workspace,
    async pass(io, { limit = 100, budgetMs = Number.POSITIVE_INFINITY, settings } = {}) {
      const opened = await workspace(io);
      const chosen = opened.settings === null || settings === undefined ? opened.settings : settings(opened.settings);
      const wish = { dryRun: false, budgetMs, limit, from: null, announce: false };
      return runPass({ ...opened, settings: chosen }, wish);
    },
    restore: async (io, name, wish = {}) =>
      restoreByName(await workspace(io), name, { to: wish.to ?? null, detach: wish.detach ?? false }),
    async purge(io, id) {
      const opened = await workspace(io);
      const { settings, mainRoot, home } = opened;
      if (settings === null) throw new Error('no settings');
      const ledger = EMPTY_LEDGER;
      const seen = {
        io,
        layout: opened.layout,
        mainRoot,
        home,
        settings,
        ledger,
        from: null,
        isOutOfTime: () => false,
      };
      const view = await openView(seen);
      if (!view.known) throw new Error(view.why);
      const isQuiet = (tree: string, sinceMs: number) => quietSince(io, view.value, tree, sinceMs);
      return withPassLock(opened, (actor) =>
        purgeEntries(actor, {
          isOutOfTime: () => false,
          isQuiet,
          editedByHand: (directory) => editedByHand(io.disk, directory),
          lastPassMs: null,
          only: (entry) => entry.id === id,
          early: true,
        }),
      );
    },
    entries: async () => (await readEntries({ io: REAL, layout: layout(repo.commonDir) })).entries,
  };
}

/** What the rich repository is made of. */
export interface Rich {
  readonly at: Case;
  /** Landed, amended, with ballast, weak ignored files, a link and a mode: everything a reclaim has to carry. */
  readonly fix: string;
  /** A staging entry whose process is dead. */
  readonly staging: string;
  /** Registered, and its directory gone. */
  readonly missing: string;
  /** Bystanders: unmanaged and dirty; managed and with work of its own. */
  readonly others: readonly string[];
}

export interface RichWish {
  /** `agent/fix` is locked by an agent that has died. */
  readonly lock?: boolean;
  /** The worktree has no branch, and its commits are nowhere else. */
  readonly detached?: boolean;
  /** Without the staging entry and the registration whose directory is gone. */
  readonly alone?: boolean;
  /** Worktrees lie on another file system than the repository. */
  readonly elsewhere?: boolean;
}

export async function richCase(wish: RichWish = {}): Promise<Rich> {
  const repo = makeRepo();
  const elsewhere = wish.elsewhere === true ? sandboxElsewhere() : null;
  const trees = join(elsewhere ?? dirname(repo.root), 'trees');
  repo.write('.gitignore', 'node_modules/\ndist/\n');
  repo.write('src/keep.txt', 'kept\n');
  repo.git(['add', '.']);
  repo.git(['commit', '-qm', 'ignore']);
  const fix = repo.worktree('agent/fix', join(trees, 'fix'));
  fillFix(repo, fix);
  if (wish.detached === true) repo.git(['checkout', '-q', '--detach'], fix);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land', 'agent/fix']);
  if (wish.detached === true) repo.git(['branch', '-q', '-D', 'agent/fix']);
  const missing = join(trees, 'gone');
  const staging = join(repo.root, `.agent-config/pack-compose.staging-${DEAD_PID}`);
  if (wish.alone !== true) {
    makeMissing(repo, missing);
    repo.write('a/one.txt', 'one\n', staging);
    repo.write('two.txt', 'two\n', staging);
    backdateTree(staging, 3 * DAY);
  }
  const others = [repo.worktree('feature/mine', join(trees, 'mine')), repo.worktree('agent/work', join(trees, 'work'))];
  for (const other of others) {
    repo.commit('own.txt', `own of ${other}\n`, other);
    repo.write('untracked.txt', `untracked of ${other}\n`, other);
    backdate(repo, other, 3 * DAY);
  }
  if (wish.lock === true) repo.git(['worktree', 'lock', '--reason', `claude agent agent-1 (pid ${DEAD_PID})`, fix]);
  backdate(repo, fix, 3 * DAY);
  rmSync(join(repo.commonDir, 'hooks'), { recursive: true });
  const at = makeCase(repo, elsewhere);
  // A first look, so that what has not landed is known and no later run has to prove it again.
  await at.pass(REAL, { limit: 0 });
  at.keep();
  return { at, fix, staging, missing, others };
}

function makeMissing(repo: TestRepo, missing: string): void {
  repo.worktree('agent/gone', missing);
  repo.commit('gone.txt', 'gone\n', missing);
  repo.git(['merge', '-q', '--no-ff', '-m', 'land gone', 'agent/gone']);
  backdate(repo, missing, 9 * DAY);
  rmSync(missing, { recursive: true });
}

function fillFix(repo: TestRepo, fix: string): void {
  repo.commit('src/new.txt', 'first try\n', fix);
  repo.write('src/new.txt', 'second try, longer\n', fix);
  repo.write('run.sh', '#!/bin/sh\n', fix);
  execFileSync('chmod', ['755', join(fix, 'run.sh')]);
  symlinkSync('src/new.txt', join(fix, 'link'));
  repo.git(['add', '.'], fix);
  repo.git(['commit', '-q', '--amend', '-m', 'amended'], fix);
  repo.write('node_modules/.package-lock.json', '{}\n', fix);
  repo.write('node_modules/dep/index.js', 'module.exports = 1\n', fix);
  mkdirSync(join(fix, 'packages/a'), { recursive: true });
  repo.write('packages/a/node_modules/.package-lock.json', '{}\n', fix);
  repo.write('dist/made-by-hand.txt', 'weak, so it stays\n', fix);
  mkdirSync(join(fix, 'dist/sealed'), { mode: 0o555 });
}

/** The registration that a worktree's `.git` file names. */
export const adminOf = (repo: TestRepo, path: string): string =>
  existsSync(join(path, '.git'))
    ? readFileSync(join(path, '.git'), 'utf8')
        .replace(/^gitdir: /, '')
        .trimEnd()
    : join(repo.commonDir, 'worktrees', path.slice(path.lastIndexOf('/') + 1));

/** All that a person could miss of one worktree, wherever it is. */
export interface WorktreeState {
  readonly files: Record<string, string>;
  readonly admin: Record<string, string>;
  readonly branch: string | null;
  readonly branchReflog: string | null;
}

const isBallast = (path: string): boolean => /(^|\/)node_modules(\/|$)/.test(path);

/** `withBallast: false` leaves out what may be purged at once. */
export function worktreeState(
  repo: TestRepo,
  places: { tree: string | null; admin: string | null },
  branch: string | null,
  withBallast = true,
): WorktreeState {
  const { tree, admin } = places;
  const files = tree === null || !existsSync(tree) ? {} : filesOf(tree, withBallast);
  return {
    files,
    admin: admin === null ? {} : snapshot(admin, (name) => name === 'locked' || name.endsWith('.tmp')),
    branch: branch === null ? null : refAt(repo, `refs/heads/${branch}`),
    branchReflog: branch === null ? null : textOr(join(repo.commonDir, 'logs/refs/heads', branch)),
  };
}

/** Directories that hold nothing but ballast are not part of a tree without it. */
function filesOf(tree: string, withBallast: boolean): Record<string, string> {
  if (!lstatSync(tree).isDirectory()) return { '': readFileSync(tree).toString('base64') };
  return snapshot(tree, (path) => !withBallast && isBallast(path));
}

export const refAt = (repo: TestRepo, ref: string): string | null => {
  try {
    return repo.git(['rev-parse', '--verify', '--quiet', ref]);
  } catch {
    return null;
  }
};

export const textOr = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null);

/** Everything of ours but what every pass rewrites. */
export function ownState(repo: TestRepo): Record<string, string> {
  const changing = /^(state\.json|journal\.jsonl|stamp|due)/;
  const root = join(repo.commonDir, 'reaper');
  return existsSync(root) ? snapshot(root, (name) => changing.test(name)) : {};
}

/** The same without what differs between two runs that did the same: random ids, times, object ids, process ids. */
export function ownShape(repo: TestRepo): string {
  const shape = Object.entries(ownState(repo)).map(([name, seen]) => {
    const text = /(^|\/)(entry\.json|branch-reflog|locked)$/.test(name)
      ? Buffer.from(seen.replace(/^file \d+ /, ''), 'base64').toString('utf8')
      : /\/(index|ORIG_HEAD|COMMIT_EDITMSG)$|\/logs\//.test(name)
        ? ''
        : seen;
    return `${name} ${text}`.replace(/-[0-9a-f]{8}\b/g, '-ID').replace(/\d{5,}|[0-9a-f]{40}/g, 'N');
  });
  const pins = leftovers(repo).pins.map((pin) => pin.replace(/-[0-9a-f]{8}$/, '-ID'));
  return JSON.stringify([shape.sort(), pins, repo.git(['for-each-ref', '--format=%(refname)', 'refs/heads/'])]);
}

/** Names in quarantine, and pins: what must not pile up. */
export function leftovers(repo: TestRepo): { quarantine: string[]; pins: string[]; root: string[] } {
  const root = join(repo.commonDir, 'reaper');
  const names = (path: string) => (existsSync(path) ? readdirSync(path).sort() : []);
  return {
    quarantine: names(join(root, 'quarantine')),
    pins: repo.git(['for-each-ref', '--format=%(refname)', 'refs/reaper/']).split('\n').filter(Boolean),
    root: names(root),
  };
}

/** git finds nothing wrong, and every listed object is there. */
export function assertSound(repo: TestRepo): void {
  const said = execFileSync('git', ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], {
    cwd: repo.root,
    env: repo.env(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (said.trim() !== '') throw new Error(`git fsck: ${said}`);
  repo.git(['worktree', 'list']);
}

/** Every commit a list names is reachable from a ref, a HEAD or a reflog of a registered worktree. */
export function unreachable(repo: TestRepo, oids: readonly string[]): string[] {
  const held = new Set(
    execFileSync('git', ['rev-list', '--objects', '--no-object-names', '--all', '--reflog'], {
      cwd: repo.root,
      env: repo.env(),
      encoding: 'utf8',
    }).split('\n'),
  );
  return oids.filter((oid) => !held.has(oid));
}
