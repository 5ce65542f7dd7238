/**
 * Deletes and recreates the branch of a reclaimed worktree.
 *
 * Contract: compare-and-swap on the value that was judged; the branch's reflog is saved first.
 * Failure direction: a branch that moved, is checked out, rebased or bisected elsewhere, or whose reflog
 * cannot be saved stays.
 */
import type { Entry } from '../core/entry.ts';
import type { Oid } from '../core/model.ts';
import { branchesAtWork } from './at-work.ts';
import { type Actor, type Done, done, failed, onRepository, outcome } from './context.ts';
import { readRef, updateRefs, valueOfRef } from './pins.ts';

/** A reflog this long is not copied, so its branch is not deleted. */
export const MAX_REFLOG_BYTES = 4 * 1024 * 1024;

/** Where git keeps the reflog of a branch. */
export const reflogOf = (actor: Actor, branch: string): string => `${actor.layout.commonDir}/logs/refs/heads/${branch}`;

/** Copies the branch's reflog beside the entry. A branch without one is fine. */
export async function saveReflog(actor: Actor, entry: Entry, branch: string): Promise<Done> {
  const text = await actor.io.disk.readText(reflogOf(actor, branch), MAX_REFLOG_BYTES);
  if (!text.ok) return text.code === 'ENOENT' ? done : outcome(text, 'saving the reflog');
  // A name in an old encoding would come back as another.
  if (text.value.includes('\uFFFD')) return failed('saving the reflog: it is not all UTF-8');
  return outcome(
    await actor.io.disk.writeFile(actor.layout.entry(entry.id).branchReflog, text.value),
    'saving the reflog',
  );
}

/**
 * Deletes the branch if it still is at `oid` and no worktree has it checked out, rebases it or bisects it.
 *
 * @param base a ref that must still reach `oid`, by git's own rule for `branch -d`; null for none
 */
export async function deleteBranch(actor: Actor, branch: string, oid: Oid, base: string | null): Promise<Done> {
  const holder = await readRef(actor, `refs/heads/${branch}`, 'worktreepath');
  if (!holder.ok) return holder;
  if (holder.value === null) return failed('it is gone already');
  if (holder.value !== '') return failed(`it is checked out at ${holder.value}`);
  // Asked in this order: a rebase that begins in between leaves its files before it leaves the branch.
  const atWork = await (actor.branchesAtWork?.() ?? branchesAtWork(actor));
  if (!atWork.ok) return atWork;
  const doing = atWork.value.get(branch);
  if (doing !== undefined) return failed(`it is ${doing}`);
  const merged = base === null ? done : await isReached(actor, oid, base);
  return merged.ok ? updateRefs(actor, [`delete refs/heads/${branch} ${oid}`]) : merged;
}

/** The base may have been rewound since it was looked at. */
async function isReached(actor: Actor, oid: Oid, base: string): Promise<Done> {
  const answer = await onRepository(actor, { args: ['merge-base', oid, base], okCodes: [1] });
  if (!answer.ok) return outcome(answer, `asking whether ${base} still reaches it`);
  return answer.stdout.trim() === oid ? done : failed(`${base} does not reach it any more`);
}

/** Puts the branch back; fine when it is there at the same commit. */
export async function recreateBranch(actor: Actor, branch: string, oid: Oid): Promise<Done> {
  const present = await branchAt(actor, branch);
  if (!present.ok) return present;
  if (present.value !== null && present.value !== oid)
    return failed(`${branch} exists and is at ${present.value.slice(0, 10)}`);
  return present.value === null ? updateRefs(actor, [`create refs/heads/${branch} ${oid}`]) : done;
}

/** What a branch points at, or null. */
export const branchAt = (actor: Actor, branch: string): Promise<Done<Oid | null>> =>
  valueOfRef(actor, `refs/heads/${branch}`, 'objectname');

/** Path of a worktree that has the branch checked out, or null; of a rebase git tells only in most cases. */
export const checkedOutBy = (actor: Actor, branch: string): Promise<Done<string | null>> =>
  valueOfRef(actor, `refs/heads/${branch}`, 'worktreepath');

/** Whether there is a branch of this very name; others below it, which may be damaged, are not looked at. */
export async function isBranch(actor: Actor, branch: string): Promise<Done<boolean>> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}`];
  const answer = await onRepository(actor, { args, okCodes: [1] });
  return answer.ok ? { ok: true, value: answer.stdout !== '' } : failed(`reading refs/heads/${branch}: ${answer.why}`);
}

/** A branch that has this one's name as a directory, or null. */
export async function branchBelow(actor: Actor, branch: string): Promise<Done<string | null>> {
  const args = ['for-each-ref', '--count=1', '--format=%(refname)%00', `refs/heads/${branch}/`];
  const answer = await onRepository(actor, { args, strict: true });
  if (!answer.ok) return failed(`looking for branches below ${branch}: ${answer.why}`);
  const [name = ''] = answer.stdout.split('\0');
  return { ok: true, value: name === '' ? null : name.replace(/^refs\/heads\//, '') };
}
