/**
 * What a reflog says about a branch's own commits.
 *
 * Contract: pure. git does not translate reflog messages, but tools may set them
 * (GIT_REFLOG_ACTION), so only messages known to move HEAD without making a commit count as such.
 * Failure direction: an entry that is not understood counts as a commit of the branch's own,
 * which makes `empty` impossible and asks for a landing proof.
 */
import type { Oid } from './model.ts';

export interface ReflogEntry {
  readonly from: Oid;
  readonly to: Oid;
  /** Epoch seconds. */
  readonly at: number;
  readonly message: string;
}

const LINE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) .*? ?(\d+) [+-]\d{4}(?:\t(.*))?$/;

/** Entries, oldest first; null when a line is not understood. */
export function parseReflog(text: string): ReflogEntry[] | null {
  const entries: ReflogEntry[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, from, to, at, message = ''] = LINE.exec(line) ?? [];
    if (from === undefined || to === undefined) return null;
    entries.push({ from, to, at: Number(at), message });
  }
  return entries;
}

/** Messages of moves that make no commit: creation, checkout, reset, fast-forward, rename, fetch. */
const MOVES = [
  /^branch: (Created|Reset)/,
  /^Branch: renamed/,
  /^checkout: moving/,
  /^reset: moving/,
  /^clone: from/,
  /^fetch\b.*: (storing head|fast-forward)/,
  /^(merge|pull)\b.*: Fast-forward$/i,
  /^rebase\b.*\((start|finish|abort)\)/,
  /^pull\b.*\((start|finish)\)/,
  /^worktree\b/,
];

const isMove = ({ from, to, message }: ReflogEntry): boolean =>
  from === to || (/^0+$/.test(from) && message === '') || MOVES.some((pattern) => pattern.test(message));

/** Commits that were made here (commit, amend, merge, pick, revert, am), newest first, each once. */
export function ownCommits(entries: readonly ReflogEntry[]): Oid[] {
  const own = entries.filter((entry) => !isMove(entry) && !/^0+$/.test(entry.to));
  return [...new Set(own.map((entry) => entry.to).reverse())];
}

const REBASED = /^rebase\b.*\(finish\)/;

/** The newest commit made here, or what a rebase replaced it with; null when none was made. */
export function newestOwn(entries: readonly ReflogEntry[]): Oid | null {
  const own = new Set(ownCommits(entries));
  for (const { from, to, message } of [...entries].reverse()) {
    if (own.has(to) && from !== to) return to;
    if (REBASED.test(message) && own.has(from)) return to;
  }
  return null;
}

/** Moves that leave a commit behind; a rebase or an amend replaces it instead. */
const LEAVES = [/^reset: moving/, /^checkout: moving/, /^branch: Reset/];

/** Own commits that a reset or a checkout moved away from, newest first, each once. */
export function leftBehind(entries: readonly ReflogEntry[]): Oid[] {
  const own = new Set(ownCommits(entries));
  const left = entries.filter(({ from, to, message }) => {
    return from !== to && own.has(from) && LEAVES.some((pattern) => pattern.test(message));
  });
  return [...new Set(left.map(({ from }) => from).reverse())];
}

/** Every commit the reflog holds on to, each once. */
export function reflogCommits(entries: readonly ReflogEntry[]): Oid[] {
  const all = entries.flatMap((entry) => [entry.to, entry.from]).filter((oid) => !/^0+$/.test(oid));
  return [...new Set(all)];
}
