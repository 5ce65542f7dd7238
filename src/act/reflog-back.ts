/**
 * Puts the reflog of a deleted branch back, and tells whether the pin may go then.
 *
 * Contract: no line of a present reflog is dropped, and none is doubled. The saved lines are the older ones.
 * Failure direction: a reflog that git would not read, or that cannot be written as it was, is left as it is;
 * what is not seen to be held by a reflog keeps its pin.
 */
import { dirname, join } from 'node:path';
import { branchBackFor, type Entry } from '../core/entry.ts';
import type { Oid } from '../core/model.ts';
import { parseReflog, reflogCommits } from '../core/reflog.ts';
import { branchAt, MAX_REFLOG_BYTES, reflogOf } from './branch.ts';
import { type Actor, type Done, done, isThere, onRepository, outcome } from './context.ts';
import { GIT_DIRECTORY_MODE, registeredPath, rewrite } from './registration.ts';

/** Too long, or no file: git's own, and not ours to write anew. */
const NOT_OURS_TO_WRITE = new Set(['EFBIG', 'EINVAL', 'EISDIR', 'ENOTDIR', 'ELOOP']);

/** Puts the saved reflog before what the branch, which is at `oid`, has by now. */
export async function restoreReflog(actor: Actor, entry: Entry, branch: string, oid: Oid): Promise<Done> {
  const { disk } = actor.io;
  const path = reflogOf(actor, branch);
  const saved = await disk.readText(actor.layout.entry(entry.id).branchReflog, MAX_REFLOG_BYTES);
  if (!saved.ok) return saved.code === 'ENOENT' ? done : outcome(saved, 'reading the saved reflog');
  const reftable = await isThere(actor, `${actor.layout.commonDir}/reftable`);
  if (!reftable.ok || reftable.value) return reftable.ok ? done : reftable;
  const present = await disk.readText(path, MAX_REFLOG_BYTES);
  if (!present.ok && NOT_OURS_TO_WRITE.has(present.code)) return done;
  if (!present.ok && present.code !== 'ENOENT') return outcome(present, 'reading the reflog');
  const whole = joined(saved.value, present.ok ? present.value : '', oid);
  if (present.ok && whole === present.value) return done;
  const made = await disk.makeDir(dirname(path), GIT_DIRECTORY_MODE);
  if (!made.ok) return outcome(made, 'putting the reflog back');
  return rewrite(actor, path, whole, 'putting the reflog back');
}

/** The saved lines that are not there, and then the present ones; those of bytes that are no text stay alone. */
function joined(saved: string, present: string, oid: Oid): string {
  if (present.includes('\uFFFD')) return present;
  const lines = linesOf(present);
  if (lines.length === 0 || (lines.length === 1 && isCreation(lines[0] ?? '', oid))) return saved;
  const known = new Set(lines);
  const older = linesOf(saved).filter((line) => !known.has(line));
  return older.length === 0 ? present : [...older, ...lines, ''].join('\n');
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** The line that making the branch wrote, which holds nothing but the commit the branch is at. */
const isCreation = (line: string, oid: Oid): boolean => /^0+ /.test(line) && line.split(' ')[1] === oid;

/**
 * True when HEAD, its reflog and that of its branch hold all that the pin holds. Refs of others do not count:
 * they may be deleted tomorrow.
 *
 * @param target where the worktree is by now
 */
export async function reflogsHold(actor: Actor, entry: Entry, target: string): Promise<boolean> {
  const { head, pin } = entry;
  if (head === null || pin === null || pin === head) return true;
  // The reflog of a branch that we deleted, and that does not come back, held them for as long as the branch was there.
  const isLost = branchBackFor(entry) === null && entry.deletedBranchAt !== null;
  const held = isLost ? [head] : [...(await heldByHead(actor, entry, target)), ...(await heldByBranch(actor, entry))];
  const input = [`${pin}^@`, ...held.map((oid) => `^${oid}`), ''].join('\n');
  const answer = await onRepository(actor, { args: ['rev-list', '--ignore-missing', '--stdin', '--count'], input });
  return answer.ok && answer.stdout === '0\n';
}

/** Nothing, where the worktree was removed since. */
async function heldByHead(actor: Actor, entry: Entry, target: string): Promise<Oid[]> {
  for (const name of [entry.registration, entry.id]) {
    const adminDir = name === null ? null : join(actor.layout.worktrees, name);
    if (adminDir !== null && (await registeredPath(actor, adminDir)) === target)
      return [...(entry.head === null ? [] : [entry.head]), ...(await commitsIn(actor, join(adminDir, 'logs/HEAD')))];
  }
  return [];
}

/** A detached restore leaves a branch of that name to whoever has it. */
async function heldByBranch(actor: Actor, entry: Entry): Promise<Oid[]> {
  const branch = branchBackFor(entry);
  if (branch === null) return [];
  const at = await branchAt(actor, branch);
  return at.ok && at.value !== null ? [at.value, ...(await commitsIn(actor, reflogOf(actor, branch)))] : [];
}

async function commitsIn({ io }: Actor, path: string): Promise<Oid[]> {
  const text = await io.disk.readText(path, MAX_REFLOG_BYTES);
  return text.ok ? reflogCommits(parseReflog(text.value) ?? []) : [];
}
