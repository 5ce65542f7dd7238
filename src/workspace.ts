/**
 * Opens a repository for a command: git found, repository discovered, configuration loaded.
 *
 * Contract: everything a command needs is here or is a problem with its own sentence; nothing
 * is written. Failure direction: a configuration that is in error leaves `settings` null, and
 * without settings nothing can be reclaimed.
 */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { LoadedConfig } from './config/load.ts';
import { loadSettings } from './config/load.ts';
import { type Layout, layout } from './core/layout.ts';
import type { WorktreeCandidate } from './core/model.ts';
import type { Settings } from './core/settings.ts';
import { createMachine } from './io/machine.ts';
import type { Io } from './io/ports.ts';
import { findProgram, workingTreesAround } from './io/program.ts';
import { type Watch, watching } from './io/watching.ts';
import { discover, gitVersion, isGitNewEnough, OLDEST_GIT, type Repository } from './observe/repository.ts';
import { listWorktrees } from './observe/worktrees.ts';

export interface Workspace {
  readonly io: Io;
  readonly repository: Repository;
  readonly layout: Layout;
  /** Root of the main worktree, or null when the repository is bare. */
  readonly mainRoot: string | null;
  readonly worktrees: readonly WorktreeCandidate[];
  /** Epoch milliseconds at which they were listed. */
  readonly listedAtMs: number;
  readonly config: LoadedConfig;
  readonly settings: Settings | null;
  readonly home: string;
  /** What its configuration and its candidates were found by, as it looked then. */
  readonly watch: Watch;
  /** The directory the command was started from, symbolic links resolved. */
  readonly from: string;
}

export interface WorkspaceWish {
  /** Any directory of the repository. */
  readonly cwd: string;
  /** Where the caller stands, when that is not `cwd`. */
  readonly from?: string;
  readonly home?: string;
  /** Epoch milliseconds after which git is not waited for. */
  readonly deadlineMs?: () => number;
  /** The machine to use; tests wrap it. */
  readonly io?: Io;
}

export type Opened =
  | { readonly ok: true; readonly value: Workspace }
  | { readonly ok: false; readonly problem: 'no-git' | 'old-git' | 'no-repository' | 'no-list'; readonly why: string };

/** Opens the repository that `cwd` belongs to. */
export async function openWorkspace(wish: WorkspaceWish): Promise<Opened> {
  const io = wish.io ?? realMachine(wish);
  if (io === null) return { ok: false, problem: 'no-git', why: 'git was not found on PATH' };
  const cwd = await io.disk.realpath(wish.cwd);
  if (!cwd.ok) return { ok: false, problem: 'no-repository', why: cwd.why };
  const [version, found] = await Promise.all([gitVersion(io.git, cwd.value), discover(io, cwd.value)]);
  if (!version.ok) return { ok: false, problem: 'no-git', why: version.why };
  if (!isGitNewEnough(version.value)) return { ok: false, problem: 'old-git', why: tooOld(version.value) };
  if (!found.ok) return { ok: false, problem: 'no-repository', why: found.why };
  const places = layout(found.value.commonDir);
  const listedAtMs = io.clock.nowMs();
  const watch = watching(io.disk);
  await watch.disk.lstat(places.worktrees);
  const worktrees = await listWorktrees(io, found.value.commonDir);
  if (!worktrees.known) return { ok: false, problem: 'no-list', why: worktrees.why };
  const main = worktrees.value[0];
  const mainRoot = main === undefined || main.isBare ? null : main.path;
  const home = wish.home ?? homedir();
  const configHome = wish.home === undefined ? userConfigHome(home) : join(home, '.config');
  await watchSettings(watch, found.value.commonDir, home, configHome);
  const config = await loadSettings({
    configHome,
    io: { ...io, disk: { ...io.disk, ...watch.disk } },
    root: mainRoot,
    gitDir: found.value.commonDir,
    home,
    layout: places,
    worktreeRoots: worktrees.value.map(({ path }) => path),
  });
  const settings = config.ok ? config.settings : null;
  return {
    ok: true,
    value: {
      io,
      repository: found.value,
      layout: places,
      mainRoot,
      worktrees: worktrees.value,
      listedAtMs,
      config,
      settings,
      home,
      watch,
      from: wish.from ?? cwd.value,
    },
  };
}

/** The files in which git keeps what `git config reaper.*` says; one that they include is not among them. */
async function watchSettings({ disk }: Watch, commonDir: string, home: string, configHome: string): Promise<void> {
  const own = [join(commonDir, 'config'), join(commonDir, 'config.worktree')];
  const users = [join(home, '.gitconfig'), join(configHome, 'git', 'config'), '/etc/gitconfig'];
  for (const path of [...own, ...users]) await disk.lstat(path);
}

/** As the XDG base directories have it: a relative value counts as unset. */
function userConfigHome(home: string): string {
  const named = process.env['XDG_CONFIG_HOME'];
  return named !== undefined && isAbsolute(named) ? named : join(home, '.config');
}

function realMachine(wish: WorkspaceWish): Io | null {
  const git = findProgram('git', workingTreesAround(wish.from ?? wish.cwd));
  return git === null ? null : createMachine(git, wish.deadlineMs);
}

const tooOld = (version: readonly number[]): string =>
  `git ${version.join('.')} is older than ${OLDEST_GIT.join('.')}, with which nothing can be proven landed`;
