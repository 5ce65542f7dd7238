/**
 * A worktree's registration while it is being moved: our lock on it, and finding it again.
 *
 * Contract: only a lock with our own text for this very entry is ever changed or removed.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { branchBackFor, type Entry, ourLock } from '../core/entry.ts';
import { type Actor, type Done, done, failed, isThere, outcome } from './context.ts';
import { sweepBeside } from './sweep.ts';
import { keepingTime } from './times.ts';

/** The lock as it was before: the dead owner's text, or none. Somebody else's lock is not touched. */
export async function restoreLock(actor: Actor, entry: Entry, adminDir: string | null): Promise<Done> {
  if (adminDir === null) return done;
  const { io } = actor;
  const path = join(adminDir, 'locked');
  await sweepBeside(actor, path);
  const present = await io.disk.readText(path);
  if (!present.ok)
    return present.code === 'ENOENT' || present.code === 'ENOTDIR' ? done : outcome(present, 'reading its lock');
  if (present.value !== ourLock(entry.id)) return done;
  const { lockText } = entry;
  return keepingTime(io.disk, adminDir, async () => {
    if (lockText !== null) return rewriteLock(actor, path, lockText, 'putting its lock back');
    return outcome(await io.disk.removeFile(path), 'unlocking its registration');
  });
}

/** Writes or replaces one of git's own files, which keeps the mode it has. */
export async function rewrite(actor: Actor, path: string, text: string, what: string): Promise<Done> {
  const { disk } = actor.io;
  await sweepBeside(actor, path);
  const info = await disk.lstat(path);
  return outcome(await disk.writeFile(path, text, info.ok ? info.value.mode & 0o777 : GIT_FILE_MODE), what);
}

/** Replaces a lock's text. It keeps its time, by which a later process that was given its owner's number is told apart. */
export async function rewriteLock(actor: Actor, path: string, text: string, what: string): Promise<Done> {
  const { disk } = actor.io;
  const info = await disk.lstat(path);
  const written = await rewrite(actor, path, text, what);
  return written.ok && info.ok ? outcome(await disk.setModified(path, info.value.mtimeMs), what) : written;
}

/** What git gives its files under the usual umask. */
const GIT_FILE_MODE = 0o644;

/** What git asks for when it makes a directory; the umask takes its part. */
export const GIT_DIRECTORY_MODE = 0o777;

/** The registration that carries our lock for this entry, the only proof of which one is ours; or null. */
export async function ourAdminDir({ io, layout }: Actor, entry: Entry): Promise<Done<string | null>> {
  for (const name of [entry.registration, entry.id]) {
    if (name === null) continue;
    const adminDir = join(layout.worktrees, name);
    const lock = await io.disk.readText(join(adminDir, 'locked'));
    if (lock.ok && lock.value === ourLock(entry.id)) return { ok: true, value: adminDir };
    if (!lock.ok && lock.code !== 'ENOENT' && lock.code !== 'ENOTDIR') return failed(`reading its lock: ${lock.why}`);
  }
  return { ok: true, value: null };
}

/** Where a registration's `gitdir` says the worktree is, or null when it cannot be read. */
export async function registeredPath({ io }: Actor, adminDir: string): Promise<string | null> {
  const text = await io.disk.readText(join(adminDir, 'gitdir'));
  return text.ok ? dirname(resolve(adminDir, text.value.replace(/\n$/, ''))) : null;
}

/**
 * Where the registration goes: to its old name or, when that is taken, to the entry's; or where it already
 * is with our lock on it. Fails when it is nowhere.
 *
 * @param isWaiting whether it is in quarantine
 */
export async function homeOfRegistration(actor: Actor, entry: Entry, isWaiting: boolean): Promise<Done<string>> {
  const { layout } = actor;
  if (isWaiting) {
    const wanted = join(layout.worktrees, entry.registration ?? entry.id);
    const taken = await isThere(actor, wanted);
    if (!taken.ok) return taken;
    return { ok: true, value: taken.value ? join(layout.worktrees, entry.id) : wanted };
  }
  const ours = await ourAdminDir(actor, entry);
  if (!ours.ok) return ours;
  if (ours.value !== null) return { ok: true, value: ours.value };
  return failed(`its registration is gone${entry.tree === null ? '' : `; its files are in ${entry.tree}`}`);
}

/** What HEAD is to say: another restore may have detached it before it failed, and this one is not to be detached. */
function headFor(entry: Entry, present: string): string {
  const branch = branchBackFor(entry);
  if (entry.head === null) return present;
  if (branch === null) return present.startsWith('ref:') ? `${entry.head}\n` : present;
  return present.trimEnd() === entry.head ? `ref: refs/heads/${branch}\n` : present;
}

/** Makes the registration name the path it goes to, and no branch where the restore is to be detached. */
export function pointRegistration(
  actor: Actor,
  entry: Entry,
  to: { readonly at: string; readonly target: string },
): Promise<Done> {
  return keepingTime(actor.io.disk, to.at, () => point(actor, entry, to));
}

async function point(
  actor: Actor,
  entry: Entry,
  { at, target }: { readonly at: string; readonly target: string },
): Promise<Done> {
  const { disk } = actor.io;
  const head = await disk.readText(join(at, 'HEAD'));
  if (!head.ok) return outcome(head, 'reading its HEAD');
  const wantedHead = headFor(entry, head.value);
  if (wantedHead !== head.value) {
    const written = await rewrite(actor, join(at, 'HEAD'), wantedHead, 'writing its HEAD');
    if (!written.ok) return written;
  }
  const gitdir = await disk.readText(join(at, 'gitdir'));
  if (!gitdir.ok) return outcome(gitdir, 'reading its registration');
  /** A relative path starts from the registration's home, whatever it is called there. */
  const home = join(actor.layout.worktrees, basename(at));
  const wanted = join(target, '.git');
  if (resolve(home, gitdir.value.replace(/\n$/, '')) === wanted) return done;
  return rewrite(actor, join(at, 'gitdir'), `${wanted}\n`, 'pointing the registration to its new place');
}
