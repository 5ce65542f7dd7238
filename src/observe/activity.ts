/**
 * Signs of recent use, and operations in progress, from a worktree's registration.
 *
 * Contract: stats and directory listings only; git is not asked, because `git status` itself
 * would rewrite the index and so reset the idleness being judged.
 * Failure direction: a sign that exists and cannot be read makes the fact unknown.
 */
import { join } from 'node:path';
import { type Fact, known, unknown, type WorktreeCandidate } from '../core/model.ts';
import type { DiskReader } from '../io/ports.ts';

/** What git writes on add, commit, checkout, reset, stash and fetch in this worktree. */
const SIGNS = ['HEAD', 'index', 'logs/HEAD', 'ORIG_HEAD', 'FETCH_HEAD', 'COMMIT_EDITMSG'];

/** Epoch milliseconds of the newest sign of activity. */
export async function lastActivity(
  disk: DiskReader,
  candidate: WorktreeCandidate,
  commonDir: string,
  at: string = candidate.path,
): Promise<Fact<{ lastActivityMs: number }>> {
  const paths = SIGNS.map((name) => join(candidate.adminDir, name));
  if (!candidate.isMissing) paths.push(at);
  if (candidate.branch !== null) paths.push(join(commonDir, 'logs/refs/heads', candidate.branch));
  const times: number[] = [];
  for (const info of await Promise.all(paths.map((path) => disk.lstat(path)))) {
    if (info.ok) times.push(info.value.mtimeMs);
    else if (info.code !== 'ENOENT') return unknown(`its last activity could not be read: ${info.why}`);
  }
  return times.length === 0
    ? unknown('it shows no sign of activity to judge by')
    : known({ lastActivityMs: Math.max(...times) });
}

/** What stands in a registration while an operation is unfinished, and what git calls it. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'rebase-merge': 'rebase',
  'rebase-apply': 'rebase or am',
  MERGE_HEAD: 'merge',
  MERGE_AUTOSTASH: 'merge with autostash',
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  REBASE_HEAD: 'rebase',
  BISECT_LOG: 'bisect',
  BISECT_START: 'bisect',
  sequencer: 'cherry-pick or revert sequence',
  SQUASH_MSG: 'squash merge, not committed',
  NOTES_MERGE_WORKTREE: 'notes merge',
  NOTES_MERGE_PARTIAL: 'notes merge',
};

/** The operation in progress, or null. A `*.lock` file is a git command at work, or one that died. */
export async function operationInProgress(disk: DiskReader, adminDir: string): Promise<Fact<string | null>> {
  const listing = await disk.list(adminDir);
  if (!listing.ok) return unknown(`its registration could not be read: ${listing.why}`);
  for (const { name } of listing.value) {
    const operation = OPERATIONS[name];
    if (operation !== undefined) return known(operation);
    if (name.endsWith('.lock')) return known(`a git command (${name})`);
  }
  return known(null);
}
