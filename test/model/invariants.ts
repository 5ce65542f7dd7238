/**
 * What must hold after every run of the program, whatever befell it.
 *
 * Contract: each check throws with what it saw. The first of them: every byte ever written is in a worktree,
 * in quarantine, in an object that something holds, or was removed by its author.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Entry } from '../../src/core/entry.ts';
import { snapshot } from '../support/repo.ts';
import { entriesOf } from './tool.ts';
import { missing, nowMs, reachable, type Scan, scan, type Token, type Tree, type World } from './world.ts';

/** What is remembered from before a run, to be compared after it. */
export interface Before {
  /** Tokens that this run may remove for good: their time has come. */
  readonly mayGo: ReadonlySet<number>;
  /** Files outside quarantine that hold ballast. */
  readonly ballast: readonly string[];
  /** Files outside quarantine that hold what exists nowhere else: they stay, and so does the worktree around them. */
  readonly onlyCopies: readonly string[];
  /** Where somebody stands, by process. */
  readonly standing: ReadonlyMap<number, string>;
  /** Worktrees that no pattern brings in, and the main one. */
  readonly bystanders: Record<string, Record<string, string>>;
  readonly refs: Map<string, string>;
  /** Every worktree's state, to be compared when it is restored. */
  readonly states: Map<string, Record<string, string>>;
}

/** @param purges an entry that a person asks to be purged now */
export async function lookBefore(world: World, purges: string | null = null): Promise<Before> {
  const seen = scan(world);
  return {
    mayGo: await dueTokens(world, seen, purges),
    ballast: filesAtHome(world, seen, ({ kind }) => kind === 'ballast'),
    onlyCopies: filesAtHome(world, seen, (token) => isOnlyCopy(token, seen)),
    standing: standingNow(world),
    bystanders: bystandersOf(world),
    refs: refsOf(world),
    states: new Map(world.trees.flatMap((tree) => stateOf(world, tree))),
  };
}

/** All of it. `isOver`: the run came to its end, undisturbed. */
export async function check(world: World, before: Before, isOver: boolean): Promise<void> {
  nothingLost(world, scan(world), before.mayGo);
  if (world.interrupted !== true) {
    const after = bystandersOf(world);
    for (const [path, state] of Object.entries(before.bystanders)) same(`the bystander ${path}`, state, after[path]);
    refsKept(world, before.refs);
    ballastKept(before.ballast);
    for (const path of before.onlyCopies)
      if (!existsSync(path)) throw new Error(`${path} is gone, and holds what exists nowhere else`);
    same('where somebody stands', [...before.standing], [...standingNow(world)]);
  }
  const said = execFileSync('git', ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], {
    cwd: world.repo.root,
    env: world.repo.env(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (said.trim() !== '') throw new Error(`git fsck: ${said}`);
  if (isOver) await settled(world);
}

/** Throws with the tokens that are nowhere. Ballast that an agent made in the middle of the run may be gone by its end. */
export function nothingLost(world: World, seen: Scan, mayGo: ReadonlySet<number>): void {
  const isNewBallast = (n: number) => world.interrupted === true && world.tokens.get(n)?.kind === 'ballast';
  const lost = missing(world, seen).filter((n) => !mayGo.has(n) && !isNewBallast(n));
  const words = lost.map((n) => `${n} (${world.tokens.get(n)?.kind})`);
  if (lost.length > 0) throw new Error(`lost: ${words.join(', ')}`);
  for (const n of missing(world, seen)) world.alive.delete(n);
}

/** Ballast may go at once, weak ignored files and staging entries after `keep`, a pin's commits after `forget`. */
async function dueTokens(world: World, seen: Scan, purges: string | null): Promise<Set<number>> {
  const due = new Set<number>();
  const entries = await entriesOf(world);
  for (const { n, kind } of world.tokens.values()) {
    const places = seen.inFiles.get(n) ?? [];
    if (kind === 'ballast') due.add(n);
    const holder = entries.find(({ id }) => places.some((path) => path.includes(`/quarantine/${id}/`)));
    const isDue = holder !== undefined && (holder.id === purges || isPurgeable(world, holder));
    if (isDue && (kind === 'weak' || kind === 'staging')) due.add(n);
  }
  const pins = refsOf(world);
  for (const entry of entries.filter((each) => isForgettable(world, each) && pins.has(`refs/reaper/${each.id}`))) {
    const held = reachable(world, [`refs/reaper/${entry.id}`]);
    for (const { n, oid } of world.tokens.values()) if (held.has(oid)) due.add(n);
  }
  return due;
}

const isPurgeable = (world: World, entry: Entry): boolean =>
  !entry.unverified && (entry.phase === 'purging' || nowMs(world) >= entry.keepUntilMs);

const isForgettable = (world: World, entry: Entry): boolean =>
  entry.pin !== null && !entry.unverified && nowMs(world) >= entry.forgetAtMs;

function filesAtHome(world: World, { inFiles }: Scan, isMeant: (token: Token) => boolean): string[] {
  const tokens = [...world.tokens.values()].filter(isMeant);
  const paths = tokens.flatMap(({ n }) => inFiles.get(n) ?? []);
  return paths.filter((path) => !path.includes('/reaper/quarantine/'));
}

/** Precious; or untracked, or changed, and in no commit or index that git still reaches. */
const isOnlyCopy = ({ n, kind }: Token, { inObjects }: Scan): boolean =>
  kind === 'precious' || ((kind === 'untracked' || kind === 'tracked') && !inObjects.has(n));

/** The kernel knows where somebody stands, whatever was renamed around them. */
function standingNow({ processes }: World): Map<number, string> {
  return new Map([...processes].map((pid) => [pid, readlinkSync(`/proc/${pid}/cwd`)]));
}

/** Ballast goes with its worktree and never out of one that stays. */
function ballastKept(before: readonly string[]): void {
  for (const path of before) {
    const stays = existsSync(join(path.replace(/\/node_modules\/.*$/, ''), '.git'));
    if (stays && !existsSync(path)) throw new Error(`${path} was taken out of a worktree that stays`);
  }
}

function bystandersOf(world: World): Record<string, Record<string, string>> {
  const isTheirs = ({ path }: Tree) => existsSync(path) && !isInsideOther(world, path) && !isManaged(path);
  const theirs = world.trees.filter(isTheirs);
  const { repo } = world;
  const isOurs = (name: string) => name.startsWith('.git') || name.startsWith('.agent-config');
  const seen: Record<string, Record<string, string>> = { main: snapshot(repo.root, isOurs) };
  for (const { path } of theirs) seen[path] = snapshot(path, (name) => /^dist\/nested/.test(name));
  seen['config'] = { config: readFileSync(join(repo.commonDir, 'config'), 'utf8') };
  return seen;
}

/** A worktree inside another goes where that one goes; the program keeps both, which the tokens show. */
const isInsideOther = (world: World, path: string): boolean =>
  world.trees.some((other) => other.path !== path && path.startsWith(`${other.path}/`));

/** By path, or by the branch that its registration names. What cannot be told counts as managed. */
function isManaged(path: string): boolean {
  if (/\/trees\/p-[^/]*$/.test(path)) return true;
  const dotGit = join(path, '.git');
  if (!existsSync(dotGit)) return true;
  try {
    const admin = readFileSync(dotGit, 'utf8')
      .replace(/^gitdir: /, '')
      .trimEnd();
    return /^ref: refs\/heads\/agent\//.test(readFileSync(join(admin, 'HEAD'), 'utf8'));
  } catch {
    return true;
  }
}

function refsOf(world: World): Map<string, string> {
  const text = world.repo.git(['for-each-ref', '--format=%(refname) %(objectname)']);
  return new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
}

/** Nothing moves; only pins come and go, and branches that the program may delete, by the rule it was given. */
function refsKept(world: World, before: Map<string, string>): void {
  const after = refsOf(world);
  for (const [ref, oid] of before) {
    if (ref.startsWith('refs/reaper/')) continue;
    const now = after.get(ref);
    if (now === oid) continue;
    if (now !== undefined) throw new Error(`${ref} moved from ${oid} to ${now}`);
    if (!ref.startsWith('refs/heads/agent/')) throw new Error(`${ref} was deleted`);
    const rule = world.workspace.settings?.worktrees.branch;
    if (rule === 'keep') throw new Error(`${ref} was deleted, though branches are kept`);
    const isMerged = world.repo.git(['merge-base', '--all', oid, 'main']).split('\n').includes(oid);
    if (rule === 'merged' && !isMerged) throw new Error(`${ref} was deleted and is not merged`);
  }
  for (const ref of after.keys())
    if (!before.has(ref) && !/^refs\/(reaper|heads\/agent)\//.test(ref)) throw new Error(`${ref} appeared`);
}

/** What a worktree's owner has there: files without what can be made again, and the registration without its lock. */
export function stateOf(world: World, { path }: Tree): [string, Record<string, string>][] {
  const dotGit = join(path, '.git');
  if (!existsSync(dotGit)) return [];
  try {
    const admin = readFileSync(dotGit, 'utf8')
      .replace(/^gitdir: /, '')
      .trimEnd();
    if (dirname(admin) !== join(world.repo.commonDir, 'worktrees')) return [];
    const files = snapshot(path, (name) => /(^|\/)node_modules(\/|$)/.test(name));
    const own = snapshot(admin, (name) => name === 'locked' || name.startsWith('refs'));
    return [[path, { ...files, ...Object.fromEntries(Object.entries(own).map(([k, v]) => [`admin/${k}`, v])) }]];
  } catch {
    return [];
  }
}

/** After a run that nothing disturbed: no intent is left open, and every pin and lock of ours has its note. */
async function settled(world: World): Promise<void> {
  const entries = await entriesOf(world);
  const open = entries.filter(({ phase, unverified }) => phase === 'intent' && !unverified);
  const isStuck = (entry: Entry) => existsSync(entry.path) || !existsSync(dirname(entry.path));
  if (open.some((entry) => !isStuck(entry))) throw new Error(`left open: ${JSON.stringify(open)}`);
  const ids = new Set(entries.map(({ id }) => id));
  for (const ref of refsOf(world).keys()) {
    const id = /^refs\/reaper\/(.*)$/.exec(ref)?.[1];
    if (id !== undefined && !ids.has(id)) throw new Error(`${ref} has no entry`);
  }
  if (existsSync(join(world.repo.commonDir, 'reaper/lock'))) throw new Error('the lock is still there');
  const list = world.repo.git(['worktree', 'list', '--porcelain']);
  for (const [, id = ''] of list.matchAll(/^locked reaper-hook is moving this worktree to quarantine as (.*)$/gm))
    if (!ids.has(id)) throw new Error(`locked for ${id}, which has no entry`);
}

function same(what: string, before: unknown, after: unknown): void {
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)];
  if (one !== other) throw new Error(`${what} changed: ${firstDifference(before, after)}`);
}

function firstDifference(before: unknown, after: unknown, path = ''): string {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return `${path}: ${String(before).slice(0, 200)} -> ${String(after).slice(0, 200)}`;
  const [one, other] = [before as Record<string, unknown>, after as Record<string, unknown>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
    if (JSON.stringify(one[key]) !== JSON.stringify(other[key]))
      return firstDifference(one[key], other[key], `${path}/${key}`);
  return `${path}: nothing`;
}

export { same };
