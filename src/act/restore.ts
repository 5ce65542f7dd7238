/**
 * Puts a quarantined thing back.
 *
 * Contract: the inverse of `quarantine`: same path, index, HEAD, branch, reflogs and ignored
 * files, byte for byte but for ballast that was purged. Nothing is ever overwritten: where the
 * path, the registration's name or the branch is taken, it says so and changes nothing.
 * Failure direction: what cannot go back stays in quarantine, restorable; a place that cannot be
 * looked at ends the restore, because "not there" would be acted on.
 *
 * Why this order: the registration first (still locked by us, so that git keeps it while its
 * directory is absent), then branch, ballast and directory; unlock and unpin last. Each step is
 * skipped when its result is there, so a killed restore is finished by calling it again. Our lock
 * is what says that it is not finished: once that is off, the worktree is its owner's again.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { ballastPlace, branchBackFor, type Entry } from '../core/entry.ts';
import { PIN_NAMESPACE } from '../core/layout.ts';
import { foreignPlace, removePlace } from './beside.ts';
import { recreateBranch } from './branch.ts';
import { type Actor, type Done, done, failed, isThere, onRepository, outcome } from './context.ts';
import { dropEntry, readEntry, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { obstacle } from './obstacle.ts';
import { pinnedAt, unpin } from './pins.ts';
import { rebuildTree } from './rebuild.ts';
import { reflogsHold, restoreReflog } from './reflog-back.ts';
import { registeredAlready } from './registered.ts';
import {
  GIT_DIRECTORY_MODE,
  homeOfRegistration,
  ourAdminDir,
  pointRegistration,
  restoreLock,
  rewrite,
} from './registration.ts';
import { keepingTime } from './times.ts';

export interface RestoreWish {
  /** Another path than the old one, absolute; or null. */
  readonly to: string | null;
  /** Restore with a detached HEAD when the branch is taken. */
  readonly detach: boolean;
}

export type Restored =
  | {
      readonly ok: true;
      readonly path: string;
      /** True when its files had been purged and were checked out from its commit. */
      readonly rebuilt: boolean;
      readonly ballastGone: boolean;
      /** The branch that a detached restore left as it is; null otherwise. */
      readonly leftBranch: string | null;
      /** The ref that keeps commits which no reflog of the worktree holds now, until they are forgotten; or null. */
      readonly stillPinned: string | null;
    }
  | { readonly ok: false; readonly problem: 'path-taken' | 'branch-taken' | 'gone' | 'failed'; readonly why: string };

/**
 * Restores one entry, as its note says it is now: the one handed in was read without the lock.
 * A restore that was cut short after its files arrived is finished where they are.
 */
export async function restore(actor: Actor, { id }: Pick<Entry, 'id'>, wish: RestoreWish): Promise<Restored> {
  const entry = await readEntry(actor, id);
  if (entry === null)
    return { ok: false, problem: 'gone', why: 'its note cannot be read, or it was restored meanwhile' };
  const foreign = await foreignPlace(actor, entry);
  if (foreign !== null) return { ok: false, problem: 'failed', why: foreign };
  const waiting = await isThere(actor, entry.tree);
  if (!waiting.ok) return { ok: false, problem: 'failed', why: waiting.why };
  const begun = entry.phase === 'restoring' ? await progressOf(actor, entry) : BEFORE;
  if (!begun.ok) return { ok: false, problem: 'failed', why: begun.why };
  const { hasArrived, isHandedOver } = begun.value;
  const isTheirs = hasArrived || isHandedOver;
  const target = (isTheirs ? entry.restoreTo : wish.to) ?? entry.path;
  const problem = isTheirs ? null : await obstacle(actor, entry, target, wish.detach);
  if (problem !== null) return problem;
  const rebuild = entry.rebuild || (entry.tree !== null && !waiting.value && !isTheirs);
  const detach = isTheirs ? entry.detach === true : wish.detach;
  const going: Entry = { ...entry, phase: 'restoring', restoreTo: target, detach, rebuild, unverified: false };
  const announced = await writeEntry(actor, going);
  const result = announced.ok ? await finishRestore(actor, going) : announced;
  if (!result.ok) return { ok: false, problem: 'failed', why: result.why };
  if (isHandedOver && !hasArrived && entry.tree !== null)
    return { ok: false, problem: 'gone', why: `it was put back at ${target}, and is not there any more` };
  const back = await Promise.all(entry.ballast.map((path) => isThere(actor, join(target, path))));
  const ballastGone = back.some((there) => there.ok && !there.value);
  const leftBranch = detach ? entry.branch : null;
  return {
    ok: true,
    path: target,
    rebuilt: rebuild,
    ballastGone,
    leftBranch,
    stillPinned: await pinLeft(actor, entry),
  };
}

async function pinLeft(actor: Actor, entry: Entry): Promise<string | null> {
  const left = entry.pin === entry.head ? null : await pinnedAt(actor, entry.id);
  return left?.ok && left.value !== null ? `${PIN_NAMESPACE}${entry.id}` : null;
}

/** How far a restore has come. From either on, HEAD, branch and files are their owner's. */
interface Progress {
  readonly hasArrived: boolean;
  readonly isHandedOver: boolean;
}

const BEFORE: Done<Progress> = { ok: true, value: { hasArrived: false, isHandedOver: false } };

/** Files come last: once they are at their place and the registration at its own, only the lock is left to take off. */
async function progressOf(actor: Actor, entry: Entry): Promise<Done<Progress>> {
  const over = await isHandedOver(actor, entry);
  if (!over.ok) return over;
  const admin = await isThere(actor, actor.layout.entry(entry.id).admin);
  if (!admin.ok) return admin;
  const target = entry.restoreTo ?? entry.path;
  const arrived = entry.tree === null || admin.value ? no : await haveArrived(actor, entry, target);
  if (!arrived.ok) return arrived;
  return { ok: true, value: { hasArrived: arrived.value, isHandedOver: over.value } };
}

const no: Done<boolean> = { ok: true, value: false };

/** Carries a restore through from wherever it was left. */
export async function finishRestore(actor: Actor, entry: Entry): Promise<Done> {
  const target = entry.restoreTo ?? entry.path;
  const progress = await progressOf(actor, entry);
  if (!progress.ok) return progress;
  const rest = progress.value.hasArrived ? [handOver] : [registrationBack, branchBack, ballastBack, treeBack, handOver];
  for (const step of progress.value.isHandedOver ? [] : rest) {
    const result = await step(actor, entry, target);
    if (!result.ok) return result;
  }
  return closeEntry(actor, entry, target);
}

/** True when nothing of it is in quarantine and no registration carries our lock: the rest is our own affair. */
async function isHandedOver(actor: Actor, entry: Entry): Promise<Done<boolean>> {
  for (const path of [entry.tree, actor.layout.entry(entry.id).admin]) {
    const waiting = await isThere(actor, path);
    if (!waiting.ok) return waiting;
    if (waiting.value) return { ok: true, value: false };
  }
  const ours = await ourAdminDir(actor, entry);
  return ours.ok ? { ok: true, value: ours.value === null } : ours;
}

/** The registration returns under its old name, or under a free one when that is taken. */
async function registrationBack(actor: Actor, entry: Entry, target: string): Promise<Done> {
  const { io, layout } = actor;
  if (entry.registration === null) return done;
  const admin = layout.entry(entry.id).admin;
  const waiting = await isThere(actor, admin);
  if (!waiting.ok) return waiting;
  const home = await homeOfRegistration(actor, entry, waiting.value);
  if (!home.ok) return home;
  // Asked again, because a killed restore may be finished long after it was asked for.
  const taken = await registeredAlready(actor, entry, target);
  if (!taken.ok) return taken;
  if (taken.value !== null) return failed(taken.value);
  const pointed = await pointRegistration(actor, entry, { at: waiting.value ? admin : home.value, target });
  if (!pointed.ok || !waiting.value) return pointed;
  const made = await io.disk.makeDir(layout.worktrees, GIT_DIRECTORY_MODE);
  if (!made.ok) return outcome(made, 'making the worktrees directory');
  return outcome(await io.disk.rename(admin, home.value), 'moving its registration back');
}

async function branchBack(actor: Actor, entry: Entry): Promise<Done> {
  const branch = branchBackFor(entry);
  if (branch === null || entry.head === null) return done;
  const oid = entry.deletedBranchAt ?? entry.head;
  const recreated = await recreateBranch(actor, branch, oid);
  return recreated.ok ? restoreReflog(actor, entry, branch, oid) : recreated;
}

async function ballastBack(actor: Actor, entry: Entry): Promise<Done> {
  const waiting = await isThere(actor, entry.tree);
  if (!waiting.ok || entry.tree === null || !waiting.value) return waiting.ok ? done : waiting;
  const place = ballastPlace(entry.tree);
  for (const [index, path] of entry.ballast.entries()) {
    const from = join(place, String(index));
    const to = join(entry.tree, path);
    const [away, back] = [await isThere(actor, from), await isThere(actor, to)];
    if (!away.ok) return away;
    if (!back.ok) return back;
    if (!away.value || back.value) continue;
    const moved = await keepingTime(actor.io.disk, dirname(to), () => actor.io.disk.rename(from, to));
    if (!moved.ok) return outcome(moved, `putting ${path} back`);
  }
  return done;
}

async function treeBack(actor: Actor, entry: Entry, target: string): Promise<Done> {
  const { io } = actor;
  if (entry.tree === null) return done;
  const arrived = await haveArrived(actor, entry, target);
  if (!arrived.ok || arrived.value) return arrived.ok ? done : arrived;
  const adminDir = await ourAdminDir(actor, entry);
  if (!adminDir.ok) return adminDir;
  if (entry.registration !== null) {
    if (adminDir.value === null) return failed('its registration is gone');
    const ready = entry.rebuild
      ? await rebuildTree(actor, entry, adminDir.value)
      : await nameRegistration(actor, { tree: entry.tree, target }, adminDir.value);
    if (!ready.ok) return ready;
  }
  const made = await io.disk.makeDir(dirname(target), GIT_DIRECTORY_MODE);
  if (!made.ok) return outcome(made, 'making its parent directory');
  return outcome(await io.disk.rename(entry.tree, target), `moving it back to ${target}`);
}

/** True when the files have left quarantine and are what lies at `target`. */
async function haveArrived(actor: Actor, entry: Entry, target: string): Promise<Done<boolean>> {
  const waiting = await isThere(actor, entry.tree);
  const there = await isThere(actor, target);
  if (!waiting.ok) return waiting;
  if (!there.ok) return there;
  if (waiting.value || !there.value || entry.registration === null)
    return { ok: true, value: !waiting.value && there.value };
  const text = await actor.io.disk.readText(join(target, '.git'));
  if (!text.ok && text.code !== 'ENOENT') return failed(`reading its .git file: ${text.why}`);
  const named = text.ok ? basename(text.value.trimEnd()) : null;
  return { ok: true, value: named === entry.registration || named === entry.id };
}

/** Rewrites the `.git` file only when it would not lead to the registration: under another name, or from another place. */
async function nameRegistration(
  actor: Actor,
  { tree, target }: { readonly tree: string; readonly target: string },
  adminDir: string,
): Promise<Done> {
  const { disk } = actor.io;
  const dotGit = join(tree, '.git');
  const text = await disk.readText(dotGit);
  if (!text.ok) return outcome(text, 'reading its .git file');
  const named = text.value.replace(/^gitdir: /, '').trimEnd();
  if (resolve(target, named) === adminDir) return done;
  const write = () => rewrite(actor, dotGit, `gitdir: ${adminDir}\n`, 'naming its registration');
  return keepingTime(disk, tree, write);
}

/** Unlocking is the moment from which the worktree is its owner's again. */
async function handOver(actor: Actor, entry: Entry): Promise<Done> {
  if (branchBackFor(entry) === null && entry.head !== null) {
    const held = await onRepository(actor, { args: ['cat-file', '-e', entry.head] });
    if (!held.ok) return failed(`its commit ${entry.head.slice(0, 10)} is missing`);
  }
  const adminDir = await ourAdminDir(actor, entry);
  return adminDir.ok ? restoreLock(actor, entry, adminDir.value) : adminDir;
}

/**
 * Pin and note go. What stays, stays noted: commits that no reflog holds now, because a detached restore does
 * not bring the branch's back or because it could not be put back, until `forget`; ballast whose purge had
 * begun, until the purge is done.
 */
async function closeEntry(actor: Actor, entry: Entry, target: string): Promise<Done> {
  const branch = branchBackFor(entry);
  const holdsReflog = !(await reflogsHold(actor, entry, target));
  const unpinned = entry.head === null || holdsReflog ? done : await unpin(actor, entry.id);
  if (!unpinned.ok) return unpinned;
  const journaled = await record(actor, 'restored', { ...entry, branch }, target);
  if (!journaled.ok) return journaled;
  const rest: Entry = { ...entry, branch, phase: 'purged', registration: null, restoreTo: null };
  if (entry.tree !== null) {
    const emptied = await actor.io.disk.removeEmptyDir(ballastPlace(entry.tree));
    if (!emptied.ok && emptied.code !== 'ENOENT')
      return writeEntry(actor, { ...rest, phase: 'purging', ...(holdsReflog ? {} : { forgetAtMs: entry.atMs }) });
  }
  await removePlace(actor, entry);
  return holdsReflog ? writeEntry(actor, { ...rest, branch: null, tree: null }) : dropEntry(actor, entry);
}
