/**
 * Which base commits could prove a branch, found by paths and lines before anything is merged.
 *
 * Contract: pure. Base commits are swept oldest first, so that progress is one place on the base's
 * first-parent line: all before it has been looked at. Every filter here only leaves out what a
 * merge would refute anyway; nothing is believed on the strength of a path or a line.
 * Failure direction: a candidate that is not found is a branch that is kept.
 *
 * Why so few candidates: a merge changes exactly the paths the branch changed, wherever the base
 * has not changed them since, and makes every change of lines that the branch made. So until the
 * base has touched every one of those paths, and those lines, it cannot hold the branch.
 */
import { type Change, type CommitRecord, pathsKey } from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';

/** Look-alikes of one commit that are compared in one run, and those in the same merge; a hot file can have hundreds. */
export const MAX_LIKES = 32;

/** A commit of the branch that is not a merge. */
export interface OwnCommit {
  readonly oid: Oid;
  readonly parent: Oid | null;
  readonly key: string;
  readonly changes: readonly Change[];
}

/** A base commit that may prove a branch, and the merge that decides it. */
export interface Candidate {
  readonly commit: Oid;
  readonly tree: Oid;
  readonly ours: string;
  readonly how: 'replayed' | 'adds-nothing';
  /** What is likelier to prove the branch has a lower rank, and is merged first. */
  readonly rank: number;
}

/** What is looked for, and how far the search has come. Grows while records are swept. */
export interface Search {
  readonly tip: Oid;
  /** What the branch changes against its merge base, by path. */
  readonly net: ReadonlyMap<string, Change>;
  /** Oldest first. */
  readonly own: readonly OwnCommit[];
  /** Index on the spine of the last commit already looked at. */
  readonly from: number;
  /**
   * The first index on the spine that has every merge base behind it. What the base did before that
   * could be what the branch undoes: it proves nothing.
   */
  readonly since: number;
  /** Base commits newer than `from` that the branch holds all the same. */
  readonly reached: ReadonlySet<Oid>;
  /** How many spine commits before `from` are newer than the merge base. */
  readonly behind: number;
  /** Index on the spine up to which this run has looked; less than asked when `budget` ran out. */
  until: number;
  /** Merges that this run may still spend on it. */
  budget: number;
  /** Paths of `net` that the base has not touched since the merge base. */
  readonly untouched: Set<string>;
  /** Index of the spine commit by which every path was touched. */
  readyAt: number;
  /** Lines the branch adds or removes at a path, and no base commit there; null when not looked at. */
  unheld: Map<string, Set<number>> | null;
  /** What the spine has at paths of `net` that it touched in this run. */
  readonly current: Map<string, string>;
  /** For each own commit, base commits that change the same paths. */
  readonly likes: Map<Oid, Oid[]>;
  /** Own commits with more look-alikes than are compared, and where on the spine the first was left out in this run. */
  readonly overflowed: Map<Oid, number>;
  /** Own commits of which earlier runs left look-alikes out. */
  readonly lost: ReadonlySet<Oid>;
  /** Where on the spine its newest look-alike of this run is. */
  readonly likedAt: Map<Oid, number>;
  /** Found in this chunk. */
  candidates: Candidate[];
  /** A base commit of this run touched a path of `net`. */
  isTouched: boolean;
}

export interface GroupedRecord {
  readonly record: CommitRecord;
  /** Index of the spine commit that brought it into the base. */
  readonly group: number;
  readonly isOnSpine: boolean;
}

/** Oldest first; what a merge brings in comes before it. */
export const oldestFirst = (records: readonly GroupedRecord[]): GroupedRecord[] =>
  records.toSorted((a, b) => a.group - b.group || Number(a.isOnSpine) - Number(b.isOnSpine));

/**
 * First sweep: which paths are touched, and which base commits look like own commits.
 *
 * @param records oldest first
 * @param last index of the newest spine commit among them
 */
export function sweepPaths(searches: readonly Search[], records: readonly GroupedRecord[], last: number): void {
  const byPath = new Map<string, Search[]>();
  const byKey = new Map<string, { search: Search; own: OwnCommit }[]>();
  for (const search of searches) {
    search.until = Math.max(search.from, last);
    for (const path of search.net.keys()) pushTo(byPath, path, search);
    for (const own of search.own) if (own.changes.length > 0) pushTo(byKey, own.key, { search, own });
  }
  for (const { record, group, isOnSpine } of records) {
    for (const { path, after } of record.changes) {
      for (const search of byPath.get(path) ?? []) {
        if (group <= search.from) continue;
        touch(search, path, group);
        if (isOnSpine) search.current.set(path, after);
      }
    }
    if (record.parents.length > 1) continue;
    for (const { search, own } of byKey.get(keyOf(record)) ?? []) {
      if (group >= search.since) like(search, own.oid, { twin: record.oid, group });
    }
  }
}

function pushTo<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

const keyOf = ({ changes }: CommitRecord): string => pathsKey(changes.map(({ path }) => path));

function touch(search: Search, path: string, group: number): void {
  search.isTouched = true;
  if (search.untouched.delete(path) && search.untouched.size === 0) search.readyAt = group;
}

/** A group is taken as a whole, so that the next run can go on behind it. */
function like(search: Search, own: Oid, { twin, group }: { readonly twin: Oid; readonly group: number }): void {
  const likes = search.likes.get(own) ?? [];
  if (likes.includes(twin) || search.reached.has(twin)) return;
  if (likes.length < MAX_LIKES || search.likedAt.get(own) === group) {
    search.likes.set(own, [...likes, twin]);
    search.likedAt.set(own, group);
  } else if (!search.overflowed.has(own)) search.overflowed.set(own, group);
}

/** Searches that may have candidates: the base has touched every path. */
export const isReady = ({ net, untouched }: Search): boolean => net.size > 0 && untouched.size === 0;

/** The spine commits that touch a path of a ready search; only their lines matter. */
export function worthReading(searches: readonly Search[], records: readonly GroupedRecord[]): GroupedRecord[] {
  const from = new Map<string, number>();
  for (const search of searches) {
    if (!isReady(search)) continue;
    for (const path of search.net.keys()) from.set(path, Math.min(search.from, from.get(path) ?? search.from));
  }
  return records.filter(
    ({ record, group, isOnSpine }) => isOnSpine && record.changes.some(({ path }) => group > (from.get(path) ?? group)),
  );
}

/** Numbers of the lines a commit adds and removes, by path; null, as a whole or at a path, where they are not known. */
export type LineChanges = ReadonlyMap<string, Iterable<number> | null> | null;

/**
 * Second sweep: candidates for the ready searches.
 *
 * @param records what `worthReading` gave
 */
export function sweepLines(
  searches: readonly Search[],
  records: readonly GroupedRecord[],
  lines: ReadonlyMap<Oid, LineChanges>,
): void {
  const byPath = new Map<string, Search[]>();
  for (const search of searches)
    if (isReady(search)) for (const path of search.net.keys()) pushTo(byPath, path, search);
  for (const { record, group } of records) {
    const overlaps = new Map<Search, number>();
    for (const { path, after } of record.changes) {
      for (const search of byPath.get(path) ?? []) {
        if (group <= search.from) continue;
        overlaps.set(search, (overlaps.get(search) ?? 0) + 1);
        // What is deleted may live on under another name, where its lines are not looked for.
        hold(search, path, isAbsent(after) ? null : (lines.get(record.oid) ?? null));
      }
    }
    for (const [search, overlap] of overlaps) {
      if (group >= search.readyAt && isHeld(search)) offerAll(search, record, group, overlap);
    }
  }
}

/** What could not be read counts as held, and merges decide. */
function hold({ unheld }: Search, path: string, changed: LineChanges): void {
  const lines = unheld?.get(path);
  if (lines === undefined) return;
  const there = changed?.get(path) ?? null;
  if (there === null) lines.clear();
  else for (const line of there) lines.delete(line);
  if (lines.size === 0) unheld?.delete(path);
}

/** Whether each line has been added, or removed, by some base commit, as far as that was looked at. */
export const isHeld = ({ unheld }: Search): boolean => unheld === null || unheld.size === 0;

function offerAll(search: Search, record: CommitRecord, group: number, overlap: number): void {
  offer(search, squash(search, record, overlap), group);
  offer(search, rebase(search, record, group), group);
  offer(search, holder(search, record), group);
}

function offer(search: Search, candidate: Candidate | null, group: number): void {
  if (candidate === null || group < search.since || group > search.until) return;
  if (search.candidates.length >= search.budget) search.until = group - 1;
  else search.candidates.push(candidate);
}

/**
 * A base commit as the squash of the branch: it changes the branch's paths, or fewer when the rest
 * was there before, as for a branch stacked on one that landed first. Where neither side moved,
 * contents must already agree, but for a new file that may be an old one renamed, with what the
 * base did to the old one.
 */
function squash(search: Search, { oid, tree, parents, changes }: CommitRecord, overlap: number): Candidate | null {
  const [parent] = parents;
  if (parent === undefined || overlap < changes.length) return null;
  const mayRename = [...search.net.values()].some(({ after }) => isAbsent(after));
  if (!changes.every((change) => couldBeMerged(search.net.get(change.path), change, mayRename))) return null;
  return { commit: oid, tree, ours: parent, how: 'replayed', rank: overlap === search.net.size ? 0 : 1 };
}

/** Contents are `<mode>:<oid>`; git gives what is not there the mode 000000. */
const isAbsent = (content: string): boolean => content.startsWith('000000:');

function couldBeMerged(wanted: Change | undefined, change: Change, mayRename: boolean): boolean {
  if (wanted === undefined || change.before === wanted.after) return false;
  if (mayRename && isAbsent(wanted.before)) return true;
  return change.before !== wanted.before || change.after === wanted.after;
}

/** A base commit as the last of the branch's commits, replayed one by one on top of each other. */
function rebase({ own, from, behind }: Search, record: CommitRecord, group: number): Candidate | null {
  if (own.length < 2 || group - own.length < from - behind || own.at(-1)?.key !== keyOf(record)) return null;
  const { oid, tree } = record;
  return { commit: oid, tree, ours: `${oid}~${own.length}`, how: 'replayed', rank: 1 };
}

/** A base commit after which merging the branch may add nothing: it brought the branch and more. */
function holder(search: Search, { oid, tree, changes }: CommitRecord): Candidate | null {
  let isEqual = false;
  for (const { path, after } of changes) {
    const wanted = search.net.get(path);
    if (wanted?.before === after) return null;
    isEqual ||= wanted?.after === after;
  }
  return { commit: oid, tree, ours: oid, how: 'adds-nothing', rank: isEqual ? 2 : 3 };
}
