/**
 * A worktree's registration while it is being moved: our lock on it, and finding it again.
 *
 * Contract: only a lock with our own text for this very entry is ever changed or removed.
 */
import { dirname, join } from 'node:path';
import { type Entry, ourLock } from '../core/entry.ts';
import { type Actor, type Done, done, failed, outcome } from './context.ts';
import { sweepBeside } from './sweep.ts';

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
  if (entry.lockText !== null) return outcome(await io.disk.writeFile(path, entry.lockText), 'putting its lock back');
  return outcome(await io.disk.removeFile(path), 'unlocking its registration');
}

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

/** The holding directory of a tree on another file system lies beside it; ours go when empty. */
export async function removeHolding({ io, layout }: Actor, entry: Entry): Promise<void> {
  if (entry.tree === null || dirname(entry.tree) === layout.entry(entry.id).directory) return;
  await io.disk.removeEmptyDir(dirname(entry.tree));
  await io.disk.removeEmptyDir(dirname(dirname(entry.tree)));
}
