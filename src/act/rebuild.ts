/**
 * Fills a purged tree's place in quarantine again, from the index that was kept.
 *
 * Contract: works in quarantine, where nobody else does, so that the target only ever sees a rename.
 * Safe to call again: what a killed attempt wrote is checked against the index, and what does not agree
 * is written anew.
 * Failure direction: a tree that git does not call clean in the end is not handed over.
 */
import { join } from 'node:path';
import type { Entry } from '../core/entry.ts';
import { makePlace } from './beside.ts';
import { type Actor, type Done, done, failed, isThere, outcome } from './context.ts';
import { GIT_DIRECTORY_MODE, rewrite } from './registration.ts';

/** git writes an index in seconds; a lock this old has lost its process. */
const STALE_LOCK_MS = 10 * 60_000;

/** Fills the place of `entry`'s tree from the index of `adminDir`, which carries our lock. */
export async function rebuildTree(actor: Actor, entry: Entry, adminDir: string): Promise<Done> {
  const { tree } = entry;
  if (tree === null) return done;
  const isResumed = await isThere(actor, tree);
  if (!isResumed.ok) return isResumed;
  const place = await makePlace(actor, entry);
  if (!place.ok) return place;
  const made = await actor.io.disk.makeDir(tree, GIT_DIRECTORY_MODE);
  if (!made.ok) return outcome(made, 'making its directory');
  const named = await nameRegistration(actor, tree, adminDir);
  if (!named.ok) return named;
  const cleared = isResumed.value ? await clearHalfWritten(actor, tree, adminDir) : done;
  if (!cleared.ok) return cleared;
  const args = ['checkout-index', '--all', '--index', '--quiet'];
  const filled = await actor.io.git.run({ args, cwd: tree, gitDir: adminDir, workTree: tree });
  const left = await differing(actor, tree, adminDir);
  if (!left.ok) return left;
  const [first] = left.value;
  return first === undefined ? done : failed(`checking its files out: ${filled.ok ? `${first} differs` : filled.why}`);
}

/** What a killed attempt left half written would be passed over, so it goes. */
async function clearHalfWritten(actor: Actor, tree: string, adminDir: string): Promise<Done> {
  await dropStaleLock(actor, adminDir);
  const half = await differing(actor, tree, adminDir);
  if (!half.ok) return half;
  for (const path of half.value) {
    const removed = await actor.io.disk.removeFile(join(tree, path));
    if (!removed.ok && removed.code !== 'ENOENT') return outcome(removed, `writing ${path} anew`);
  }
  return done;
}

async function nameRegistration(actor: Actor, tree: string, adminDir: string): Promise<Done> {
  const dotGit = join(tree, '.git');
  const named = await isThere(actor, dotGit);
  if (!named.ok || named.value) return named.ok ? done : named;
  return rewrite(actor, dotGit, `gitdir: ${adminDir}\n`, 'naming its registration');
}

/** Nobody but a killed attempt of ours can have locked the index of a registration that carries our lock. */
async function dropStaleLock({ io }: Actor, adminDir: string): Promise<void> {
  const path = join(adminDir, 'index.lock');
  const info = await io.disk.lstat(path);
  if (info.ok && io.clock.nowMs() - info.value.mtimeMs > STALE_LOCK_MS) await io.disk.removeFile(path);
}

/** Paths that are not as the index has them; an answer that is not whole is a failure. */
async function differing(actor: Actor, tree: string, adminDir: string): Promise<Done<string[]>> {
  const args = ['status', '--porcelain=v2', '-z', '--branch', '--untracked-files=no', '--no-renames'];
  const call = { args, cwd: tree, gitDir: adminDir, workTree: tree, strict: true };
  const answer = await actor.io.git.run(call);
  if (!answer.ok) return failed(`comparing its files with its index: ${answer.why}`);
  if (!answer.stdout.startsWith('# branch.oid ') || !answer.stdout.endsWith('\0'))
    return failed('comparing its files with its index: git status ended before its end');
  const records = answer.stdout.split('\0').filter((record) => /^[12u] /.test(record));
  return {
    ok: true,
    value: records.map((record) =>
      record
        .split(' ')
        .slice(record.startsWith('u ') ? 10 : 8)
        .join(' '),
    ),
  };
}
