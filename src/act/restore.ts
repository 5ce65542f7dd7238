/**
 * Puts a quarantined thing back.
 *
 * Contract: the inverse of `quarantine`: same path, index, HEAD, branch, reflogs and ignored
 * files, byte for byte but for ballast that was purged. Nothing is ever overwritten: where the
 * path, the registration's name or the branch is taken, it says so and changes nothing.
 * Failure direction: what cannot go back stays in quarantine, restorable.
 *
 * Why this order: the registration first (still locked by us, so that git keeps it while its
 * directory is absent), then branch, ballast and directory; unlock and unpin last. Each step is
 * skipped when its result is there, so a killed restore is finished by calling it again.
 */
import { dirname, join } from 'node:path';
import { ballastPlace, type Entry } from '../core/entry.ts';
import { branchAt, checkedOutBy, recreateBranch } from './branch.ts';
import { type Actor, type Done, done, failed, onRepository, outcome } from './context.ts';
import { dropEntry, writeEntry } from './entries.ts';
import { record } from './journal.ts';
import { unpin } from './pins.ts';
import { ourAdminDir, removeHolding, restoreLock } from './registration.ts';

export interface RestoreWish {
  /** Another path than the old one, absolute; or null. */
  readonly to: string | null;
  /** Restore with a detached HEAD when the branch is taken. */
  readonly detach: boolean;
}

export type Restored =
  | { readonly ok: true; readonly path: string; readonly rebuilt: boolean; readonly ballastGone: boolean }
  | { readonly ok: false; readonly problem: 'path-taken' | 'branch-taken' | 'gone' | 'failed'; readonly why: string };

/** Restores one entry. */
export async function restore(actor: Actor, entry: Entry, wish: RestoreWish): Promise<Restored> {
  const target = wish.to ?? entry.path;
  const problem = await obstacle(actor, entry, target, wish.detach);
  if (problem !== null) return problem;
  const rebuilt = entry.tree !== null && !(await isThere(actor, entry.tree));
  const branch = wish.detach ? null : entry.branch;
  const going: Entry = { ...entry, phase: 'restoring', restoreTo: target, branch, rebuild: rebuilt };
  const ballastGone =
    entry.tree !== null && entry.ballast.length > 0 && !(await isThere(actor, ballastPlace(entry.tree)));
  const announced = await writeEntry(actor, going);
  if (!announced.ok) return { ok: false, problem: 'failed', why: announced.why };
  const result = await finishRestore(actor, going);
  return result.ok
    ? { ok: true, path: target, rebuilt, ballastGone }
    : { ok: false, problem: 'failed', why: result.why };
}

/** Carries a restore through from wherever it was left. */
export async function finishRestore(actor: Actor, entry: Entry): Promise<Done> {
  const target = entry.restoreTo ?? entry.path;
  for (const step of [registrationBack, branchBack, ballastBack, treeBack, unlockAndUnpin]) {
    const result = await step(actor, entry, target);
    if (!result.ok) return result;
  }
  const journaled = await record(actor, 'restored', entry, target);
  if (!journaled.ok) return journaled;
  await removeHolding(actor, entry);
  return dropEntry(actor, entry);
}

/** What stands in the way, before anything is touched. */
async function obstacle(actor: Actor, entry: Entry, target: string, detach: boolean): Promise<Restored | null> {
  if (entry.phase === 'purging')
    return {
      ok: false,
      problem: 'gone',
      why: 'its files are being purged; once `reaper-hook purge` has finished, its commit can be restored',
    };
  if (entry.kind !== 'registration' && (await isThere(actor, target)))
    return { ok: false, problem: 'path-taken', why: `${target} exists` };
  if (entry.kind === 'staging') {
    const gone = entry.tree === null || !(await isThere(actor, entry.tree));
    return gone ? { ok: false, problem: 'gone', why: 'its files were purged' } : null;
  }
  if (entry.branch === null || detach) return null;
  const holder = await checkedOutBy(actor, entry.branch);
  if (!holder.ok) return { ok: false, problem: 'failed', why: holder.why };
  if (holder.value !== null)
    return { ok: false, problem: 'branch-taken', why: `${entry.branch} is checked out at ${holder.value}` };
  const present = await branchAt(actor, entry.branch);
  if (!present.ok) return { ok: false, problem: 'failed', why: present.why };
  if (present.value !== null && present.value !== entry.head)
    return { ok: false, problem: 'branch-taken', why: `${entry.branch} has moved to ${present.value.slice(0, 10)}` };
  return null;
}

/** The registration returns under its old name, or under a free one when that is taken. */
async function registrationBack(actor: Actor, entry: Entry, target: string): Promise<Done> {
  const { io, layout } = actor;
  const admin = layout.entry(entry.id).admin;
  if (entry.registration === null || !(await isThere(actor, admin))) return done;
  if (entry.branch === null && entry.head !== null) {
    const detached = await io.disk.writeFile(join(admin, 'HEAD'), `${entry.head}\n`);
    if (!detached.ok) return outcome(detached, 'detaching HEAD');
  }
  if (target !== entry.path) {
    const pointed = await io.disk.writeFile(join(admin, 'gitdir'), `${join(target, '.git')}\n`);
    if (!pointed.ok) return outcome(pointed, 'pointing the registration to its new place');
  }
  const made = await io.disk.makeDir(layout.worktrees);
  if (!made.ok) return outcome(made, 'making the worktrees directory');
  return outcome(await io.disk.rename(admin, await freeAdminDir(actor, entry)), 'moving its registration back');
}

async function freeAdminDir({ io, layout }: Actor, entry: Entry): Promise<string> {
  const wanted = join(layout.worktrees, entry.registration ?? entry.id);
  const taken = await io.disk.lstat(wanted);
  return taken.ok ? join(layout.worktrees, entry.id) : wanted;
}

async function branchBack(actor: Actor, entry: Entry): Promise<Done> {
  if (entry.branch === null || entry.head === null) return done;
  return recreateBranch(actor, entry, entry.branch, entry.deletedBranchAt ?? entry.head);
}

async function ballastBack(actor: Actor, entry: Entry): Promise<Done> {
  if (entry.tree === null || !(await isThere(actor, entry.tree))) return done;
  const place = ballastPlace(entry.tree);
  for (const [index, path] of entry.ballast.entries()) {
    const from = join(place, String(index));
    if (!(await isThere(actor, from)) || (await isThere(actor, join(entry.tree, path)))) continue;
    const moved = await actor.io.disk.rename(from, join(entry.tree, path));
    if (!moved.ok) return outcome(moved, `putting ${path} back`);
  }
  await actor.io.disk.removeEmptyDir(place);
  return done;
}

async function treeBack(actor: Actor, entry: Entry, target: string): Promise<Done> {
  const { io } = actor;
  if (entry.tree === null) return done;
  const adminDir = await ourAdminDir(actor, entry);
  if (entry.rebuild) return adminDir === null ? failed('its registration is gone') : rebuild(actor, adminDir, target);
  if (!(await isThere(actor, entry.tree))) return (await isThere(actor, target)) ? done : failed('its files are gone');
  const made = await io.disk.makeDir(dirname(target));
  if (!made.ok) return outcome(made, 'making its parent directory');
  const named = adminDir === null ? done : await nameAdminDir(actor, entry.tree, adminDir);
  if (!named.ok) return named;
  return outcome(await io.disk.rename(entry.tree, target), `moving it back to ${target}`);
}

/** Rewrites the `.git` file only when the registration came back under another name. */
async function nameAdminDir({ io }: Actor, tree: string, adminDir: string): Promise<Done> {
  const dotGit = join(tree, '.git');
  const text = await io.disk.readText(dotGit);
  if (!text.ok) return outcome(text, 'reading its .git file');
  if (text.value.trimEnd().endsWith(`/worktrees/${adminDir.slice(adminDir.lastIndexOf('/') + 1)}`)) return done;
  return outcome(await io.disk.writeFile(dotGit, `gitdir: ${adminDir}\n`), 'naming its registration');
}

/** After the files were purged: an empty directory, filled from the index that was kept. */
async function rebuild(actor: Actor, adminDir: string, target: string): Promise<Done> {
  const { io } = actor;
  const made = await io.disk.makeDir(target);
  if (!made.ok) return outcome(made, 'making its directory');
  const open = await io.disk.chmod(target, 0o755);
  if (!open.ok) return outcome(open, 'making its directory');
  if (!(await isThere(actor, join(target, '.git')))) {
    const named = await io.disk.createFile(join(target, '.git'), `gitdir: ${adminDir}\n`);
    if (!named.ok) return outcome(named, 'naming its registration');
  }
  const args = ['checkout-index', '--all', '--index', '--quiet'];
  const filled = await io.git.run({ args, cwd: target, gitDir: adminDir, workTree: target });
  return filled.ok || isResumed(filled) ? done : failed(`checking its files out: ${filled.why}`);
}

/** With --quiet, files that an earlier, killed rebuild wrote are passed over in silence, with this code. */
const isResumed = (answer: { code: number | null; stderr: string }): boolean =>
  answer.code === 128 && answer.stderr === '';

async function unlockAndUnpin(actor: Actor, entry: Entry): Promise<Done> {
  const unlocked = await restoreLock(actor, entry, await ourAdminDir(actor, entry));
  if (!unlocked.ok) return unlocked;
  if (entry.branch === null && entry.head !== null) {
    const held = await onRepository(actor, { args: ['cat-file', '-e', entry.head] });
    if (!held.ok) return failed(`its commit ${entry.head.slice(0, 10)} is missing`);
  }
  return entry.head === null ? done : unpin(actor, entry.id);
}

const isThere = async ({ io }: Actor, path: string): Promise<boolean> => (await io.disk.lstat(path)).ok;
