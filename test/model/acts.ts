/**
 * What agents and people do. Every act is two numbers that choose among what there is, so that a failing run
 * shrinks and prints well; an act that does not apply, or that git refuses, does nothing.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { releaseClaim, writeClaim } from '../../src/act/claims.ts';
import { DEAD_PID } from '../support/pids.ts';
import {
  endProcesses,
  git,
  machineOf,
  nowMs,
  standIn,
  type TokenKind,
  TRACKED,
  type Tree,
  type World,
  write,
} from './world.ts';

export interface Act {
  readonly kind: ActKind;
  readonly a: number;
  readonly b: number;
}

type Do = (world: World, act: Act) => void | Promise<void>;

/** By weight: how often an act is chosen. */
export const ACTS = {
  story: [16, (world, act) => story(world, act)],
  add: [2, (world, act) => void add(world, act)],
  commit: [3, onTree((world, tree, b) => commit(world, tree, b))],
  amend: [2, onTree(amend)],
  reset: [1, onTree((world, { path }, b) => void git(world, ['reset', '-q', '--hard', `HEAD~${1 + (b % 2)}`], path))],
  rebase: [1, onTree((world, { path }) => void git(world, ['rebase', '-q', 'main'], path))],
  stash: [1, onTree((world, { path }) => void git(world, ['stash', 'push', '-q', '-u'], path))],
  land: [3, onTree((world, tree, b) => land(world, tree, b))],
  revert: [1, (world) => void git(world, ['revert', '--no-edit', 'HEAD'])],
  dirty: [3, onTree(dirty)],
  hide: [1, onTree(hide)],
  stop: [1, onTree(stopHalfway)],
  resume: [1, onTree((world, { path }) => resume(world, path))],
  lock: [2, onTree(lock)],
  unlock: [1, onTree((world, { path }) => void git(world, ['worktree', 'unlock', path]))],
  move: [1, onTree(move)],
  unmount: [1, onTree(unmount)],
  open: [2, onTree((world, { path }) => standIn(world, path))],
  die: [1, endProcesses],
  detach: [1, onTree((world, { path }) => void git(world, ['checkout', '-q', '--detach'], path))],
  branch: [
    1,
    onTree((world, { path }) => void git(world, ['checkout', '-q', '-b', `agent/b${++world.counter}`], path)),
  ],
  remove: [1, onTree((world, { path }) => void git(world, ['worktree', 'remove', '--force', path]))],
  delete: [1, onTree((_world, { path }) => rmSync(path, { recursive: true, force: true }))],
  replace: [1, onTree(replace)],
  future: [1, onTree(future)],
  refs: [1, onTree((world, { path }) => void git(world, ['update-ref', 'refs/worktree/kept', 'HEAD'], path))],
  base: [2, (world, { a }) => commitIn(world, world.repo.root, a)],
  submodule: [1, onTree(submodule)],
  repository: [1, onTree((world, { path }) => void git(world, ['init', '-q', join(path, 'dist/repository')], path))],
  retake: [2, onTree(retake)],
  rebranch: [2, onTree((world, { name }) => void git(world, ['branch', `agent/${name}`, 'main~1']))],
  staging: [2, staging],
  claim: [1, onTree((world, { path }) => claim(world, path))],
  release: [1, onTree((world, { path }) => release(world, path))],
  sweep: [2, sweep],
} as const satisfies Record<string, readonly [number, Do]>;

export type ActKind = keyof typeof ACTS;

export const perform = async (world: World, act: Act): Promise<void> => {
  await (ACTS[act.kind][1] as Do)(world, act);
};

function onTree(work: (world: World, tree: Tree, b: number) => void | Promise<void>): Do {
  return (world, { a, b }) => {
    const tree = world.trees[a % Math.max(1, world.trees.length)];
    return tree === undefined ? undefined : work(world, tree, b);
  };
}

/** A whole life: a worktree, its commits, how it lands, and what is left lying around. */
function story(world: World, { a, b }: Act): void {
  const tree = add(world, { kind: 'add', a, b: a });
  for (let n = 0; n <= b % 3; n++) commit(world, tree, n === 0 ? a : b + n);
  if (a % 4 === 1) amend(world, tree);
  if (a % 5 < 3) write(world, tree.path, 'node_modules/.package-lock.json', 'ballast');
  if (a % 3 === 0) write(world, tree.path, 'dist/made.txt', 'weak');
  if (b % 8 !== 7) land(world, tree, b);
  if (b % 6 === 5) dirty(world, tree, a);
}

const NAMES = ['', '', '', 'p-', 'f-', 'vol', 'nested'];

/** Adds a worktree: managed by its branch, by its path, not at all, on a volume, or inside another's dist/. */
function add(world: World, { a, b }: Act): Tree {
  const n = ++world.counter;
  const manner = NAMES[b % NAMES.length] ?? '';
  const trees = join(world.place, 'trees');
  const host = world.trees[a % Math.max(1, world.trees.length)];
  const isNested = manner === 'nested' && host !== undefined && existsSync(host.path);
  const path = isNested
    ? join(host.path, `dist/nested${n}`)
    : manner === 'vol'
      ? join(trees, `vol${n}/t${n}`)
      : join(trees, `${manner === 'nested' ? '' : manner}t${n}`);
  const branch = manner === 'f-' ? `feature/t${n}` : manner === 'p-' ? `topic/t${n}` : `agent/t${n}`;
  git(world, ['worktree', 'add', '-q', '-b', branch, path, 'main']);
  const tree = { name: `t${n}`, path };
  world.trees.push(tree);
  return tree;
}

const commit = (world: World, { path, name }: Tree, b: number): void => commitIn(world, path, b, `${name}.txt`);

function commitIn(world: World, path: string, b: number, own = 'base.txt'): void {
  write(world, path, b % 3 === 0 ? `f${b % TRACKED}.txt` : own, 'tracked');
  git(world, ['add', '-A'], path);
  git(world, ['commit', '-qm', `work ${world.counter}`], path);
}

function amend(world: World, { path, name }: Tree): void {
  write(world, path, `${name}.txt`, 'tracked');
  git(world, ['commit', '-q', '--amend', '-am', `again ${world.counter}`], path);
}

/** Onto main: a merge, a squash, a fast-forward, or commit by commit. What conflicts is given up. */
function land(world: World, { path }: Tree, b: number): void {
  const head = git(world, ['rev-parse', 'HEAD'], path);
  if (head === null) return;
  const way = b % 4;
  const done =
    way === 0
      ? git(world, ['merge', '-q', '--no-ff', '--no-edit', head])
      : way === 1
        ? git(world, ['merge', '-q', '--squash', head])
        : way === 2
          ? git(world, ['merge', '-q', '--ff', '--no-edit', head])
          : git(world, ['cherry-pick', '--allow-empty', `main..${head}`]);
  if (done === null) git(world, ['reset', '-q', '--hard']);
  else if (way === 1) git(world, ['commit', '-qm', `squash ${world.counter}`]);
  if (way === 3 && done === null) git(world, ['cherry-pick', '--quit']);
}

const DIRT: readonly (readonly [string, TokenKind])[] = [
  ['f0.txt', 'tracked'],
  ['untracked.txt', 'untracked'],
  ['.env', 'precious'],
  ['notes.log', 'precious'],
  ['dist/out.txt', 'weak'],
  ['node_modules/.package-lock.json', 'ballast'],
  ['deep/er/untracked.txt', 'untracked'],
];

function dirty(world: World, { path }: Tree, b: number): void {
  const [name, kind] = DIRT[b % DIRT.length] ?? ['f0.txt', 'tracked'];
  write(world, path, name, kind);
  if (b % 11 === 0) git(world, ['add', '-A'], path);
}

function hide(world: World, { path }: Tree, b: number): void {
  const flag = b % 2 === 0 ? '--assume-unchanged' : '--skip-worktree';
  if (git(world, ['update-index', flag, 'f1.txt'], path) !== null) write(world, path, 'f1.txt', 'tracked');
}

function stopHalfway(world: World, { path }: Tree, b: number): void {
  const ways = [
    ['bisect', 'start'],
    ['merge', '--no-commit', '--no-ff', 'main'],
    ['cherry-pick', '--no-commit', 'main'],
    ['revert', '--no-edit', 'main~1'],
  ];
  git(world, ways[b % ways.length] ?? [], path);
}

function resume(world: World, path: string): void {
  for (const args of [
    ['bisect', 'reset'],
    ['merge', '--abort'],
    ['revert', '--abort'],
    ['rebase', '--abort'],
  ])
    git(world, args, path);
}

function lock(world: World, { path }: Tree, b: number): void {
  const reasons = [
    `claude agent a1 (pid ${DEAD_PID})`,
    `claude agent a1 (pid ${process.pid})`,
    'because',
    '',
    `agent pid=${DEAD_PID} session=s host=elsewhere ts=1`,
    `openclaw pid=${DEAD_PID}`,
  ];
  const reason = reasons[b % reasons.length] ?? '';
  git(world, ['worktree', 'lock', ...(reason === '' ? [] : ['--reason', reason]), path]);
}

function move(world: World, tree: Tree): void {
  const to = join(world.place, `trees/m${++world.counter}`);
  if (git(world, ['worktree', 'move', tree.path, to]) !== null) tree.path = to;
}

/** The directory above a worktree goes away, as a volume does, or comes back. */
function unmount(_world: World, { path }: Tree): void {
  const volume = /^(.*\/trees)\/(vol\d+)\//.exec(path);
  if (volume === null) return;
  const [on, off] = [join(volume[1] ?? '', volume[2] ?? ''), join(volume[1] ?? '', `off-${volume[2]}`)];
  if (existsSync(on) && !existsSync(off)) renameSync(on, off);
  else if (existsSync(off) && !existsSync(on)) renameSync(off, on);
}

/** The directory is somebody else's repository now. */
function replace(world: World, { path }: Tree): void {
  if (!existsSync(path)) return;
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  git(world, ['init', '-q'], path);
  write(world, path, 'theirs.txt', 'untracked');
}

/** Somebody makes a directory where a worktree was. */
function retake(world: World, { path }: Tree): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  write(world, path, 'theirs.txt', 'untracked');
}

function future(world: World, { path }: Tree): void {
  if (!existsSync(path)) return;
  const at = new Date(nowMs(world) + 48 * 3_600_000);
  utimesSync(path, at, at);
}

/** What git keeps for a worktree whose submodule was initialised. */
function submodule({ repo }: World, { path }: Tree): void {
  if (lstatSync(join(path, '.git'), { throwIfNoEntry: false })?.isFile() !== true) return;
  const admin = readFileSync(join(path, '.git'), 'utf8')
    .replace(/^gitdir: /, '')
    .trimEnd();
  if (admin.startsWith(join(repo.commonDir, 'worktrees/')) && existsSync(admin))
    repo.write('modules/sub/HEAD', 'ref: refs/heads/main\n', admin);
}

function staging(world: World, { a }: Act): void {
  const pid = a % 3 === 0 ? process.pid : DEAD_PID - (a % 50);
  write(world, world.repo.root, `.agent-config/pack-compose.staging-${pid}/part.txt`, 'staging');
}

async function claim(world: World, path: string): Promise<void> {
  const { layout } = world.workspace;
  await writeClaim({ io: machineOf(world), layout }, { path, owner: 'agent', pid: null, ttlMs: 7_200_000 });
}

async function release(world: World, path: string): Promise<void> {
  const { layout } = world.workspace;
  await releaseClaim({ io: machineOf(world), layout }, { path, owner: 'agent' });
}

/** What git's own housekeeping would do in the end: nothing unreachable survives. */
function sweep(world: World, { a }: Act): void {
  if (a % 4 === 0) git(world, ['worktree', 'prune']);
  git(world, ['prune', '--expire=now']);
}
