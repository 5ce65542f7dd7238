/**
 * Landing proofs, the pure part: what a question, a base and a proof are, and the shape of history.
 *
 * Contract: plain data and graph walks over commits that were read elsewhere. Nothing here knows git.
 * Failure direction: a walk that leaves the part of history that was read stops there, which can
 * hide a proof and never make one.
 */
import type { Evidence, Oid } from './model.ts';

/** A ref whose history counts as landed, and what it points at. */
export interface Base {
  /** Full name: `refs/remotes/origin/main`. */
  readonly ref: string;
  readonly oid: Oid;
}

/** Is this commit in a base? `branch` is the short name whose own refs must not be the baseline. */
export interface Question {
  readonly head: Oid;
  readonly branch: string | null;
}

/** The ladder's answer for one commit. Unknown is a `Fact`, not a third case. */
export type Proof =
  | { readonly landed: true; readonly evidence: Evidence }
  | { readonly landed: false; readonly why: string };

/** Every bound of a run. A bound that is hit is unknown, by name, and goes on next time where it can. */
export interface Limits {
  /** Bases judged in one run: each costs about eight git processes, 30 ms, and every branch once more. */
  readonly bases: number;
  /** Commits of its own that one branch may have; longer ones are other projects' histories. */
  readonly ownCommits: number;
  /** Commits between the oldest merge base and the base: 50,000 take about 25 MB and a second. */
  readonly baseCommits: number;
  /** Base commits whose changes are read at once; the time limit is looked at after each. */
  readonly chunkCommits: number;
  /** Paths one branch may change; every one is held in memory for as long as the search runs. */
  readonly paths: number;
  /** Merges tried for one branch in one run, 1 to 3 ms each; a hot file is behind it. */
  readonly merges: number;
  /** Own commits compared one by one for rung `patches`; longer branches are squashed, not picked. */
  readonly patches: number;
  /** Branches remembered from run to run, about 300 bytes each. */
  readonly remembered: number;
}

export const LIMITS: Limits = {
  bases: 16,
  ownCommits: 5_000,
  baseCommits: 50_000,
  chunkCommits: 2_000,
  paths: 20_000,
  merges: 256,
  patches: 64,
  remembered: 4_000,
};

/** Commits with their parents, children before parents. */
export type CommitGraph = ReadonlyMap<Oid, readonly Oid[]>;

/** What a branch has and the base has not. */
export interface OwnHistory {
  readonly commits: ReadonlySet<Oid>;
  /** Commits of the base that own commits stand on. Empty: nothing in common. */
  readonly frontier: readonly Oid[];
}

/**
 * The commits reachable from `head` inside `graph`, which holds only what the base lacks.
 *
 * @returns null when there are more than `maxCommits`
 */
export function ownHistory(graph: CommitGraph, head: Oid, maxCommits: number): OwnHistory | null {
  const commits = new Set<Oid>();
  const frontier = new Set<Oid>();
  const queue = [head];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (commits.has(oid)) continue;
    const parents = graph.get(oid);
    if (parents === undefined) {
      frontier.add(oid);
      continue;
    }
    commits.add(oid);
    if (commits.size > maxCommits) return null;
    queue.push(...parents);
  }
  return { commits, frontier: [...frontier].sort() };
}

/** The first-parent line of a base inside a graph, oldest commit first. */
export interface Spine {
  readonly commits: readonly Oid[];
  readonly indexOf: ReadonlyMap<Oid, number>;
  /** For every commit of the graph, the index of the spine commit that brought it in. */
  readonly groupOf: ReadonlyMap<Oid, number>;
}

/** A commit that is older than everything in the graph counts as this index. */
export const BELOW = -1;

export function spineOf(graph: CommitGraph, tip: Oid): Spine {
  const commits: Oid[] = [];
  for (let oid: Oid | undefined = tip; oid !== undefined; oid = graph.get(oid)?.[0]) {
    if (!graph.has(oid)) break;
    commits.push(oid);
  }
  commits.reverse();
  const groupOf = new Map<Oid, number>();
  for (const [index, commit] of commits.entries()) {
    const queue = [commit];
    for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
      const parents = graph.get(oid);
      if (parents === undefined || groupOf.has(oid)) continue;
      groupOf.set(oid, index);
      queue.push(...parents);
    }
  }
  return { commits, indexOf: new Map(commits.map((oid, index) => [oid, index])), groupOf };
}

/** The index of the newest spine commit that one of `points` is or descends from. */
export function newestOnSpine(graph: CommitGraph, spine: Spine, points: readonly Oid[]): number {
  let newest = BELOW;
  for (const oid of reachable(graph, points, (each) => spine.indexOf.has(each)))
    newest = Math.max(newest, spine.indexOf.get(oid) ?? BELOW);
  return newest;
}

/** The index of the first spine commit that descends from `point`, a parent of commits of the graph. */
export function firstAbove(graph: CommitGraph, { commits, groupOf }: Spine, point: Oid | null): number {
  let first = commits.length;
  for (const [oid, parents] of graph)
    if (point !== null && parents.includes(point)) first = Math.min(first, groupOf.get(oid) ?? first);
  return first;
}

/** The points that no other point descends from: of a branch's frontier, its merge bases. */
export function independent(graph: CommitGraph, spine: Spine, points: readonly Oid[]): Oid[] {
  if (points.length < 2) return [...points];
  const onSpine = points.filter((oid) => spine.indexOf.has(oid));
  const newest = onSpine.toSorted((a, b) => (spine.indexOf.get(b) ?? BELOW) - (spine.indexOf.get(a) ?? BELOW))[0];
  if (newest !== undefined && onSpine.length === points.length) return [newest];
  const parents = points.flatMap((oid) => graph.get(oid) ?? []);
  const older = reachable(graph, parents, () => false);
  return points.filter((oid) => !older.has(oid));
}

/** `points` and what they descend from, as far as the graph goes; a walk ends at commits that `isEnd`. */
export function reachable(graph: CommitGraph, points: readonly Oid[], isEnd: (oid: Oid) => boolean): Set<Oid> {
  const seen = new Set<Oid>();
  const queue = [...points];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.has(oid)) continue;
    seen.add(oid);
    if (!isEnd(oid)) queue.push(...(graph.get(oid) ?? []));
  }
  return seen;
}

/** One path in a commit: content and mode before and after, as `<mode>:<oid>`. */
export interface Change {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** A commit with what it changed against its first parent. */
export interface CommitRecord {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly changes: readonly Change[];
}

/**
 * One of its twins for every commit, no twin for two of them.
 *
 * @returns null when there are too few; the commits of `twins` that then have none are not told apart
 */
export function pairUp(twins: ReadonlyMap<Oid, readonly Oid[]>): Map<Oid, Oid> | null {
  const ownOf = new Map<Oid, Oid>();
  const find = (own: Oid, tried: Set<Oid>): boolean => {
    for (const twin of twins.get(own) ?? []) {
      if (tried.has(twin)) continue;
      tried.add(twin);
      const holder = ownOf.get(twin);
      if (holder !== undefined && !find(holder, tried)) continue;
      ownOf.set(twin, own);
      return true;
    }
    return false;
  };
  for (const own of twins.keys()) if (!find(own, new Set())) return null;
  return new Map([...ownOf].map(([twin, own]) => [own, twin]));
}

/**
 * Equal for equal sets of paths. Different sets can collide; a key only finds what is then proven.
 */
export function pathsKey(paths: readonly string[]): string {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (const path of paths.toSorted()) {
    for (let at = 0; at <= path.length; at++) {
      const unit = at === path.length ? 0 : path.charCodeAt(at);
      one = Math.imul(one ^ unit, 2654435761);
      two = Math.imul(two ^ unit, 1597334677);
    }
  }
  return `${paths.length}:${(one >>> 0).toString(36)}${(two >>> 0).toString(36)}`;
}
