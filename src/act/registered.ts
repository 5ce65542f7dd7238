/**
 * Which paths registrations name already.
 *
 * Contract: reads only. Two registrations of one path are what git's next prune calls duplicates, and it may
 * drop the one that somebody works in; so a restore never makes a second one. Paths are compared as they are
 * written and with their links resolved, because git does both.
 * Failure direction: a registration whose path cannot be read may name any path, so it is an obstacle.
 */
import { join, resolve } from 'node:path';
import type { Entry } from '../core/entry.ts';
import { resolveExisting } from '../io/claimfile.ts';
import type { DiskReader } from '../io/ports.ts';
import { type Actor, type Done, failed, isThere } from './context.ts';
import { ourAdminDir, registeredPath } from './registration.ts';

/** Why `target` cannot be registered for `entry`, as a sentence, or null. Its own registration, with our lock, does not count. */
export async function registeredAlready(actor: Actor, entry: Entry, target: string): Promise<Done<string | null>> {
  const { disk } = actor.io;
  const { worktrees } = actor.layout;
  const listing = await disk.list(worktrees);
  if (!listing.ok) return listing.code === 'ENOENT' ? FREE : failed(`listing the registrations: ${listing.why}`);
  const ours = await ourAdminDir(actor, entry);
  if (!ours.ok) return ours;
  const wanted = await spellings(disk, target);
  for (const { name, kind } of listing.value) {
    const adminDir = join(worktrees, name);
    if (kind === 'file' || kind === 'other' || adminDir === ours.value) continue;
    const path = await registeredPath(actor, adminDir);
    if (path === null) {
      // Without that file git has no path to compare, and nothing of it to prune by.
      const named = await isThere(actor, join(adminDir, 'gitdir'));
      if (named.ok && !named.value) continue;
      return failed(
        `which path the registration ${adminDir} names cannot be read, and it may be this one; see: git worktree prune --dry-run --verbose`,
      );
    }
    const theirs = await spellings(disk, path);
    if (theirs.some((each) => wanted.includes(each)))
      return { ok: true, value: `${target} is where the registration ${adminDir} has its worktree` };
  }
  return FREE;
}

/**
 * Why the worktree or repository that lies at `target` is not the one whose registration is being restored, or
 * null; also where nothing is there.
 */
export async function inhabited(actor: Actor, entry: Entry, target: string): Promise<Done<string | null>> {
  const dotGit = join(target, '.git');
  const there = await isThere(actor, dotGit);
  if (!there.ok || !there.value) return there.ok ? FREE : there;
  const { disk } = actor.io;
  const info = await disk.stat(dotGit);
  if (info.ok && info.value.kind === 'directory') return { ok: true, value: `${target} is a repository of its own` };
  const text = await disk.readText(dotGit);
  if (!text.ok) return failed(`reading ${dotGit}: ${text.why}`);
  const named = resolve(target, text.value.replace(/^gitdir: /, '').trimEnd());
  const home = join(actor.layout.worktrees, entry.registration ?? entry.id);
  const ours = await ourAdminDir(actor, entry);
  if (!ours.ok) return ours;
  const taken = await isThere(actor, home);
  if (!taken.ok) return taken;
  const [at, own] = [await resolveExisting(disk, named), await resolveExisting(disk, home)];
  const isItsOwn = at.real === own.real;
  return isItsOwn && (!taken.value || ours.value === home)
    ? FREE
    : { ok: true, value: `${target} holds the worktree of ${named}` };
}

const FREE: Done<null> = { ok: true, value: null };

/** A path as it is written and with its links resolved. */
export async function spellings(disk: DiskReader, path: string): Promise<string[]> {
  const literal = resolve(path);
  return [literal, (await resolveExisting(disk, literal)).real];
}
