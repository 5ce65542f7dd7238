/**
 * A repository in which agents and people work, and every byte they write is known by a token.
 *
 * Contract: `scan` finds each token that is in a file of a worktree or of quarantine, or in an object that a
 * ref, a pin or a registered worktree's HEAD, index or reflog reaches. What an author's own act removes is
 * the author's affair; whatever else goes missing is lost. The clock is this world's own: real time and an
 * offset that only grows, and what an act touches carries that time.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '../../src/core/settings.ts';
import type { Io } from '../../src/io/ports.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { REAL } from '../support/machine.ts';
import { makeRepo, repoAt, sandbox, type TestRepo } from '../support/repo.ts';

/** What a token's file is to git, and so what may happen to it. */
export type TokenKind = 'tracked' | 'untracked' | 'precious' | 'weak' | 'ballast' | 'staging';

export interface Token {
  readonly n: number;
  readonly kind: TokenKind;
  /** The blob that `git add` would make of it. */
  readonly oid: string;
}

export interface Tree {
  readonly name: string;
  path: string;
}

export interface World {
  readonly repo: TestRepo;
  readonly place: string;
  readonly trees: Tree[];
  readonly workspace: Workspace;
  readonly tokens: Map<number, Token>;
  /** Tokens that must be somewhere. */
  alive: Set<number>;
  /** What the clock shows beyond real time, in milliseconds. */
  offsetMs: number;
  readonly processes: Set<number>;
  counter: number;
  /** True when an agent acted in the middle of the program's last run. */
  interrupted?: boolean;
  /** Worktrees as they were when they were reclaimed, by entry. */
  readonly reclaimed: Map<string, Record<string, string>>;
}

/** Settings that differ from run to run. */
export interface WorldWish {
  readonly branch: Settings['worktrees']['branch'];
}

let template: TestRepo | undefined;

/** A fresh world: a main worktree with a few commits, and no other. */
export async function makeWorld(wish: WorldWish): Promise<World> {
  template ??= makeTemplate();
  const place = sandbox('world-');
  execFileSync('cp', ['-a', `${dirname(template.root)}/.`, place]);
  const repo = repoAt(join(place, 'repo'), join(place, 'home'));
  process.env.HOME = repo.home;
  process.env.XDG_CONFIG_HOME = join(repo.home, '.config');
  const opened = await openWorkspace({ cwd: repo.root, home: repo.home, io: REAL });
  if (!opened.ok || opened.value.settings === null) throw new Error('the world could not be opened');
  const { settings } = opened.value;
  const worktrees = { ...settings.worktrees, branch: wish.branch, paths: [`${place}/trees/p-*`] };
  return {
    repo,
    place,
    trees: [],
    workspace: { ...opened.value, settings: { ...settings, worktrees } },
    tokens: new Map(),
    alive: new Set(),
    offsetMs: 0,
    processes: new Set(),
    counter: 0,
    reclaimed: new Map(),
  };
}

function makeTemplate(): TestRepo {
  const repo = makeRepo();
  repo.write('.gitignore', 'node_modules/\ndist/\n.env\n*.log\n.agent-config/\n');
  for (let n = 0; n < TRACKED; n++) repo.write(`f${n}.txt`, `the first text of ${n}\n`);
  repo.git(['add', '.']);
  repo.git(['commit', '-qm', 'files']);
  repo.git(['config', 'gc.auto', '0']);
  execFileSync('rm', ['-rf', join(repo.commonDir, 'hooks')]);
  return repo;
}

/** Files that commits change. */
export const TRACKED = 4;

export const nowMs = (world: World): number => Date.now() + world.offsetMs;

/** The machine as this world sees it. `tickMs` makes every look at the clock take that long. */
export function machineOf(world: World, tickMs = 0): Io {
  let ticks = 0;
  return { ...REAL, clock: { nowMs: () => nowMs(world) + tickMs * ticks++ } };
}

/** git at the world's time; null when it refuses. */
export function git(world: World, args: readonly string[], cwd: string = world.repo.root): string | null {
  if (!existsSync(cwd)) return null;
  const date = `@${Math.floor(nowMs(world) / 1000)} +0000`;
  try {
    return world.repo.git([...args], cwd, {
      env: world.repo.env({ GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_EDITOR: 'true' }),
    });
  } catch {
    return null;
  }
}

/** Writes a file that holds a new token; nothing when its directory's root has gone. */
export function write(world: World, root: string, name: string, kind: TokenKind): void {
  if (!existsSync(root)) return;
  const n = ++world.counter;
  const text = `tok${n} ${'x'.repeat(n % 97)}\n`;
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const oid = createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');
  world.tokens.set(n, { n, kind: isBuilt(root) ? 'weak' : kind, oid });
  world.alive.add(n);
}

/** A directory where a worktree inside another's dist/ has been: all that it holds can be built again. */
const isBuilt = (root: string): boolean => root.includes('/dist/') && !existsSync(join(root, '.git'));

/** Everything an act has touched since `sinceMs` (real time) gets the world's time. */
export function date(world: World, sinceMs: number): void {
  const at = new Date(nowMs(world));
  const touch = (path: string) => {
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info !== undefined && info.ctimeMs >= sinceMs - GRAIN_MS && !info.isSymbolicLink()) utimesSync(path, at, at);
  };
  const admins = join(world.repo.commonDir, 'worktrees');
  for (const name of namesIn(admins)) {
    const signs = ['index', 'logs/HEAD', 'ORIG_HEAD', 'COMMIT_EDITMSG'].map((sign) => join(admins, name, sign));
    const isTouched = signs.some(
      (sign) => (lstatSync(sign, { throwIfNoEntry: false })?.ctimeMs ?? 0) >= sinceMs - GRAIN_MS,
    );
    if (isTouched) utimesSync(join(admins, name, 'HEAD'), at, at);
    else touch(join(admins, name, 'HEAD'));
  }
  for (const { path } of world.trees) touch(path);
  for (const { path } of filesBelow(join(world.repo.root, '.agent-config'))) touch(path);
}

/** File times lag behind the clock by the kernel's tick. */
const GRAIN_MS = 10;

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

export interface Scan {
  /** Tokens in files, and where. */
  readonly inFiles: Map<number, string[]>;
  /** Tokens in objects that something reaches. */
  readonly inObjects: Set<number>;
}

/** Where every token is now. */
export function scan(world: World): Scan {
  const inFiles = new Map<number, string[]>();
  const { repo, place } = world;
  const quarantine = join(repo.commonDir, 'reaper/quarantine');
  const roots = [repo.root, join(place, 'trees'), ...namesIn(quarantine).flatMap((id) => partsOf(quarantine, id))];
  for (const root of roots) {
    for (const { path, text } of filesBelow(root)) {
      const n = Number(/^tok(\d+) /.exec(text)?.[1] ?? 0);
      if (n > 0) inFiles.set(n, [...(inFiles.get(n) ?? []), path]);
    }
  }
  const held = reachable(world, ['--all', '--reflog', '--indexed-objects']);
  const inObjects = new Set([...world.tokens.values()].filter(({ oid }) => held.has(oid)).map(({ n }) => n));
  return { inFiles, inObjects };
}

const partsOf = (quarantine: string, id: string): string[] =>
  ['tree', 'ballast'].map((part) => join(quarantine, id, part)).filter((path) => existsSync(path));

/** Objects that `tips` reach. */
export function reachable(world: World, tips: readonly string[]): Set<string> {
  const text = world.repo.git(['rev-list', '--objects', '--no-object-names', ...tips]);
  return new Set(text.split('\n'));
}

function filesBelow(path: string): { path: string; text: string }[] {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined || info.isSymbolicLink()) return [];
  if (info.isFile()) return [{ path, text: readFileSync(path, 'latin1') }];
  return readdirSync(path).flatMap((name) => (name === '.git' ? [] : filesBelow(join(path, name))));
}

/** Tokens that are nowhere. */
export function missing(world: World, { inFiles, inObjects }: Scan): number[] {
  return [...world.alive].filter((n) => !inFiles.has(n) && !inObjects.has(n));
}

/** Starts a process that stands in `path`, and is nobody's child. */
export function standIn(world: World, path: string): void {
  if (!existsSync(path)) return;
  const script = 'cd "$1" && { sleep 600 </dev/null >/dev/null 2>&1 & echo $!; }';
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', path], { encoding: 'utf8' });
  const pid = Number(stdout.trim());
  if (pid > 0) world.processes.add(pid);
}

/** Ends every process of this world. */
export function endProcesses(world: World): void {
  for (const pid of world.processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  world.processes.clear();
}
