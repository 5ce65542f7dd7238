/**
 * Branches that a rebase or a bisect is at work on, in any worktree of the repository.
 *
 * Contract: files only, the ones that git itself reads before it deletes a branch: which branch a rebase or a
 * bisect began from, and which ones a rebase is to move at its end. While they last HEAD is detached, and
 * `%(worktreepath)` does not tell of all of them.
 * Failure direction: one that is there and cannot be read is a failure, so that every branch stays.
 */
import { join } from 'node:path';
import type { DiskReader } from '../io/ports.ts';
import { type Actor, type Done, failed } from './context.ts';

/** What stands in a registration meanwhile: the file that names branches, and what is done with them. */
const OPERATIONS: Readonly<Record<string, readonly (readonly [file: string, doing: string])[]>> = {
  'rebase-merge': [
    ['rebase-merge/head-name', 'being rebased'],
    ['rebase-merge/update-refs', 'to be moved by a rebase'],
  ],
  'rebase-apply': [['rebase-apply/head-name', 'being rebased']],
  BISECT_START: [['BISECT_START', 'being bisected']],
};

/** By the name of each such branch, what is done with it and where. */
export async function branchesAtWork({ io, layout }: Actor): Promise<Done<ReadonlyMap<string, string>>> {
  const listing = await io.disk.list(layout.worktrees);
  if (!listing.ok && listing.code !== 'ENOENT') return failed(`listing the worktrees: ${listing.why}`);
  const linked = listing.ok ? listing.value.filter(({ kind }) => kind !== 'file') : [];
  const answers = await Promise.all([
    namedIn(io.disk, layout.commonDir, 'the main worktree'),
    ...linked.map(({ name }) => namedIn(io.disk, join(layout.worktrees, name), `the worktree ${name}`)),
  ]);
  const all = new Map<string, string>();
  for (const answer of answers) {
    if (!answer.ok) return answer;
    for (const [branch, doing] of answer.value) all.set(branch, doing);
  }
  return { ok: true, value: all };
}

type Named = readonly (readonly [branch: string, doing: string])[];

/** Those that one registration names. */
async function namedIn(disk: DiskReader, adminDir: string, where: string): Promise<Done<Named>> {
  const listing = await disk.list(adminDir);
  // Another of those that go at the same time has just been moved.
  if (!listing.ok && listing.code === 'ENOENT') return { ok: true, value: [] };
  if (!listing.ok) return failed(`looking for a rebase or a bisect in ${where}: ${listing.why}`);
  const named: (readonly [string, string])[] = [];
  for (const [file, doing] of listing.value.flatMap(({ name }) => OPERATIONS[name] ?? [])) {
    const text = await disk.readText(join(adminDir, file));
    if (text.ok) for (const branch of branchesIn(text.value)) named.push([branch, `${doing} in ${where}`]);
    else if (text.code !== 'ENOENT' && text.code !== 'ENOTDIR')
      return failed(`reading ${file} of ${where}: ${text.why}`);
  }
  return { ok: true, value: named };
}

/** A line is a ref, a branch without `refs/heads/`, or something else that is the name of none. */
const branchesIn = (text: string): string[] => text.split('\n').map((line) => line.replace(/^refs\/heads\//, ''));
