/**
 * Which base commits could prove a branch, found by paths and contents before anything is merged.
 *
 * Contract: pure. Base commits are swept oldest first, so that progress is one place on the base's
 * first-parent line: all before it has been looked at. Every filter here only leaves out what a
 * merge would refute anyway; nothing is believed on the strength of a path.
 * Failure direction: a candidate that is not found is a branch that is kept.
 *
 * Why so few candidates: merging a branch changes exactly the paths the branch changed, wherever
 * the base has not changed them since. So until the base has touched every one of those paths it
 * cannot hold the branch's changes, and a commit that touches any other path is no squash of it.
 */
import type { Change, CommitRecord } from '../../core/landing.ts';
import { pathsKey } from '../../core/landing.ts';
import type { Oid } from '../../core/model.ts';
import type { LineCheck } from './lines.ts';

/** Look-alikes of one commit that are remembered; those that lack its lines are not among them. */
export const MAX_LIKES = 32;

/** Files of one commit whose lines are looked at; one that lacks a line is enough. */
const MAX_CHECKS = 8;

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
  /** Index of the commit on the spine. */
  readonly group: number;
  /** What its files must hold. */
  readonly checks: readonly LineCheck[];
}

/** A base commit that changes the same paths as an own commit. */
export interface Like {
  readonly own: Oid;
  readonly twin: Oid;
  readonly group: number;
  readonly checks: readonly LineCheck[];
}

/** What is looked for, and how far the search has come. Grows while records are swept. */
export interface Search {
  readonly tip: Oid;
  /** What the branch changes against its merge base, by path. */
  readonly net: ReadonlyMap<string, Change>;
  /** Content of the paths the branch deletes: some may have been renamed. */
  readonly deleted: readonly string[];
  /** Oldest first. */
  readonly own: readonly OwnCommit[];
  /** Index on the spine of the last commit already looked at. */
  readonly from: number;
  /** Base commits newer than `from` that the branch holds all the same. */
  readonly reached: ReadonlySet<Oid>;
  /** How many spine commits before `from` are newer than the merge base. */
  readonly behind: number;
  /** Index on the spine up to which this run has looked. */
  until: number;
  /** Paths of `net` that the base has not touched since the merge base. */
  readonly untouched: Set<string>;
  /** For each own commit, base commits that change the same paths. */
  readonly likes: Map<Oid, Oid[]>;
  /** Found in this chunk. */
  candidates: Candidate[];
  newLikes: Like[];
  /** A base commit of this run touched a path of `net`. */
  isTouched: boolean;
}

export interface GroupedRecord {
  readonly record: CommitRecord;
  /** Index of the spine commit that brought it into the base. */
  readonly group: number;
  readonly isOnSpine: boolean;
}

/**
 * Looks through base commits for all searches at once.
 *
 * @param records in any order
 * @param last index of the newest spine commit among them
 */
export function sweep(searches: readonly Search[], records: readonly GroupedRecord[], last: number): void {
  const seekers = indexSearches(searches);
  for (const search of searches) search.until = Math.max(search.from, last);
  const oldestFirst = records.toSorted((a, b) => a.group - b.group || Number(a.isOnSpine) - Number(b.isOnSpine));
  for (const each of oldestFirst) {
    const overlaps = touch(seekers.byPath, each);
    const key = pathsKey(each.record.changes.map(({ path }) => path));
    const twins = (seekers.byKey.get(key) ?? []).filter(({ search }) => isAhead(search, each.group));
    if (each.record.parents.length < 2) for (const { search, own } of twins) like(search, own, each);
    if (!each.isOnSpine || each.record.changes.length === 0) continue;
    const rebased = new Set(twins.filter(({ search, own }) => own === search.own.at(-1)).map(({ search }) => search));
    for (const search of new Set([...overlaps.keys(), ...rebased])) {
      if (search.untouched.size > 0) continue;
      const overlap = overlaps.get(search) ?? 0;
      const asWhole = overlap === 0 ? [] : [squash(search, each.record, overlap), holder(search, each.record)];
      offer(search, each, rebased.has(search) ? [...asWhole, rebase(search, each)] : asWhole);
    }
  }
}

interface Seekers {
  readonly byPath: ReadonlyMap<string, readonly Search[]>;
  readonly byKey: ReadonlyMap<string, readonly { readonly search: Search; readonly own: OwnCommit }[]>;
}

function indexSearches(searches: readonly Search[]): Seekers {
  const byPath = new Map<string, Search[]>();
  const byKey = new Map<string, { search: Search; own: OwnCommit }[]>();
  for (const search of searches) {
    for (const path of search.net.keys()) pushTo(byPath, path, search);
    for (const own of search.own) if (own.changes.length > 0) pushTo(byKey, own.key, { search, own });
  }
  return { byPath, byKey };
}

function pushTo<T>(map: Map<string, T[]>, key: string, item: T): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

const isAhead = (search: Search, group: number): boolean => group > search.from && group <= search.until;

/** Marks the paths a base commit touches; returns how many of each search's paths those are. */
function touch(byPath: Seekers['byPath'], { record, group }: GroupedRecord): Map<Search, number> {
  const overlaps = new Map<Search, number>();
  for (const { path } of record.changes) {
    for (const search of byPath.get(path) ?? []) {
      if (!isAhead(search, group)) continue;
      search.untouched.delete(path);
      search.isTouched = true;
      overlaps.set(search, (overlaps.get(search) ?? 0) + 1);
    }
  }
  return overlaps;
}

const NOTHING: readonly string[] = [];

function like(search: Search, own: OwnCommit, { record, group }: GroupedRecord): void {
  if (search.reached.has(record.oid)) return;
  const wanted = new Map(own.changes.map((change) => [change.path, change]));
  const checks = record.changes.flatMap(({ path, after: held }) => {
    const change = wanted.get(path);
    return change === undefined ? [] : [{ before: change.before, after: change.after, held, deleted: NOTHING }];
  });
  search.newLikes.push({ own: own.oid, twin: record.oid, group, checks });
}

/** What is offered before the line checks are known. */
type Offer = Pick<Candidate, 'ours' | 'how' | 'rank'>;

/** All ways in which one base commit may prove the branch have the same files to hold. */
function offer(search: Search, { record, group }: GroupedRecord, found: readonly (Offer | null)[]): void {
  const offers = found.filter((each) => each !== null);
  if (offers.length === 0) return;
  const { oid: commit, tree } = record;
  const checks: LineCheck[] = [];
  for (const { path, after: held } of record.changes) {
    const wanted = search.net.get(path);
    if (wanted === undefined) continue;
    checks.push({ before: wanted.before, after: wanted.after, held, deleted: search.deleted });
    if (checks.length === MAX_CHECKS) break;
  }
  for (const each of offers) search.candidates.push({ ...each, commit, tree, group, checks });
}

/**
 * A base commit as the squash of the branch: it changes the branch's paths, or fewer when the rest
 * was there before, as for a branch stacked on one that landed first. Where neither side moved,
 * contents must already agree.
 */
function squash(search: Search, record: CommitRecord, overlap: number): Offer | null {
  const { parents, changes } = record;
  const [parent] = parents;
  if (parent === undefined || overlap < changes.length) return null;
  if (!changes.every((change) => couldBeMerged(search.net.get(change.path), change))) return null;
  return { ours: parent, how: 'replayed', rank: overlap === search.net.size ? 0 : 1 };
}

function couldBeMerged(wanted: Change | undefined, change: Change): boolean {
  if (wanted === undefined || change.before === wanted.after) return false;
  return change.before !== wanted.before || change.after === wanted.after;
}

/** A base commit after which merging the branch may add nothing: it brought the branch and more. */
function holder(search: Search, { oid, changes }: CommitRecord): Offer | null {
  let isEqual = false;
  for (const { path, after } of changes) {
    const wanted = search.net.get(path);
    if (wanted?.before === after) return null;
    isEqual ||= wanted?.after === after;
  }
  return { ours: oid, how: 'adds-nothing', rank: isEqual ? 2 : 3 };
}

/** A base commit as the last of the branch's commits, replayed one by one on top of each other. */
function rebase(search: Search, { record, group }: GroupedRecord): Offer | null {
  const count = search.own.length;
  if (count < 2 || group - count < search.from - search.behind) return null;
  return { ours: `${record.oid}~${count}`, how: 'replayed', rank: 1 };
}
