/**
 * The readings that several facts share: what changed in a worktree, and what git tracks there.
 *
 * Contract: each is made once for a candidate and place. Where a look at the files shows that git could only
 * say "nothing changed", git is not asked.
 * Failure direction: whatever that look cannot show, git is asked about.
 */
import type { GitIndex } from '../core/gitindex.ts';
import { type Fact, known, type WorktreeCandidate } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import type { Io } from '../io/ports.ts';
import { type IndexListing, ignoredAmong, type Place, readIndex, readStatus, type Status } from './changes.ts';
import { isLossless } from './filtered.ts';
import { configuredFilters, type Filters, repositoryFilters } from './filters.ts';
import { once } from './once.ts';
import { type Pristine, readPristine } from './pristine.ts';
import { changedUnseen } from './same-second.ts';
import { createWalks, type Walks } from './walks.ts';

export interface Readings {
  readonly status: (candidate: WorktreeCandidate, at: string) => Promise<Fact<Status>>;
  readonly index: (candidate: WorktreeCandidate, at: string) => Promise<Fact<IndexListing>>;
  /** Lets go of what was read there: the names of all its files, which nobody needs once it is decided. */
  readonly forget: (at: string) => void;
}

/** What lasts from the first look to the second: git's own objects, and what was judged. */
export interface Memory {
  /** The id of a commit's tree, or null when it could not be read. */
  readonly treeOf: (commit: string) => Promise<string | null>;
  /** Reads the trees of many commits in one go. */
  readonly readTrees: (commits: readonly string[]) => Promise<void>;
  /** The paths that git called ignored, by registration. */
  readonly ignored: Map<string, ReadonlySet<string>>;
  /** By registration, whether its index keeps something of resolved conflicts; only where it was read here. */
  readonly resolved: Map<string, boolean>;
  /** The filters of the repository, read once. */
  readonly shared: () => Promise<Fact<Filters>>;
  /** Those of a worktree, read once where they may be others. */
  readonly filters: (place: Place) => Promise<Fact<readonly string[]>>;
  /** What was found below its ignored directories, by registration. */
  readonly walks: (adminDir: string) => Walks;
}

const NOTHING: Status = { changes: { tracked: [], untracked: [] }, ignored: [] };

/** Readings for one look. */
export function createReadings(io: Io, memory: Memory): Readings {
  const noting =
    ({ adminDir }: Place) =>
    ({ hasResolveUndo }: GitIndex) =>
      void memory.resolved.set(adminDir, hasResolveUndo);
  const pristine = remembering(async (candidate, at) => {
    const place = placeOf(candidate, at);
    const filters = await memory.filters(place);
    // A filter that takes something away hides it from the index too.
    if (candidate.head === null || !filters.known || !filters.value.every(isLossless)) return null;
    const tree = await memory.treeOf(candidate.head);
    if (tree === null) return null;
    return readPristine(io.disk, place, tree, (paths) => areIgnored(io, memory, place, paths), noting(place));
  });
  const asked = remembering(async (candidate, at): Promise<Fact<Status>> => {
    const status = await readStatus(io, placeOf(candidate, at));
    if (!status.known) return status;
    const { changes, ignored } = status.value;
    memory.ignored.set(candidate.adminDir, new Set(ignored));
    const place = placeOf(candidate, at);
    const unseen = await changedUnseen(io.disk, place, candidate.head?.length === 64 ? 32 : 20, noting(place));
    if (!unseen.known) return unseen;
    const tracked = [...new Set([...changes.tracked, ...unseen.value])];
    return known({ changes: { ...changes, tracked }, ignored });
  });
  const listed = remembering((candidate, at) => readIndex(io, placeOf(candidate, at)));
  const or = async <T>(
    seen: Promise<Pristine | null>,
    take: (pristine: Pristine) => T,
    ask: () => Promise<Fact<T>>,
  ): Promise<Fact<T>> => {
    const value = await seen;
    return value === null ? ask() : known(take(value));
  };
  return {
    forget: (at) => {
      for (const each of [pristine, asked, listed]) each.forget(at);
    },
    status: (candidate, at) =>
      or(
        pristine.read(candidate, at),
        ({ ignored }) => ({ ...NOTHING, ignored }),
        () => asked.read(candidate, at),
      ),
    index: (candidate, at) =>
      or(
        pristine.read(candidate, at),
        ({ index }) => index,
        () => listed.read(candidate, at),
      ),
  };
}

/** Git is asked about those that it was not asked about before. */
async function areIgnored(
  io: Pick<Io, 'git'>,
  { ignored }: Memory,
  place: Place,
  paths: readonly string[],
): Promise<boolean> {
  const known = ignored.get(place.adminDir) ?? new Set();
  const others = paths.filter((path) => !known.has(path));
  const among = others.length === 0 ? null : await ignoredAmong(io, place, others);
  ignored.set(place.adminDir, new Set([...known, ...(among ?? [])]));
  return others.every((path) => among?.has(path) === true);
}

/** Where a worktree's files lie, and its registration. */
export const placeOf = (candidate: WorktreeCandidate, at: string): Place => ({
  adminDir: candidate.adminDir,
  tree: at,
});

function remembering<T>(read: (candidate: WorktreeCandidate, at: string) => Promise<T>) {
  const answers = new Map<string, Promise<T>>();
  return {
    read: (candidate: WorktreeCandidate, at: string): Promise<T> => {
      const answer = answers.get(at) ?? read(candidate, at);
      answers.set(at, answer);
      return answer;
    },
    forget: (at: string) => void answers.delete(at),
  };
}

/** A memory for one pass over a repository. */
export function createMemory(io: Pick<Io, 'git' | 'clock' | 'disk'>, commonDir: string): Memory {
  const trees = new Map<string, string>();
  const shared = once(() => repositoryFilters(io, commonDir));
  const own = new Map<string, Promise<Fact<readonly string[]>>>();
  const readTrees = async (commits: readonly string[]): Promise<void> => {
    const wanted = [...new Set(commits)].filter((commit) => !trees.has(commit));
    if (wanted.length === 0) return;
    const input = wanted.map((commit) => `${commit}^{tree}\n`).join('');
    const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
    const answer = await io.git.run({ args, cwd: commonDir, gitDir: commonDir, input, strict: true });
    const lines = answer.ok ? answer.stdout.split('\n').slice(0, -1) : [];
    if (lines.length !== wanted.length) return;
    for (const [index, commit] of wanted.entries()) {
      const [tree, type] = (lines[index] ?? '').split(' ');
      if (tree !== undefined && type === 'tree' && tree.length === commit.length) trees.set(commit, tree);
    }
  };
  return {
    ignored: new Map(),
    resolved: new Map(),
    walks: createWalks(io.clock).of,
    readTrees,
    treeOf: async (commit) => {
      await readTrees([commit]);
      return trees.get(commit) ?? null;
    },
    shared,
    filters: async (place) => {
      const common = await shared();
      if (!common.known) return common;
      // Through a link, it may lie where a condition about directories holds for it alone.
      const real = await io.disk.realpath(place.adminDir);
      const liesThere = real.ok && isInside(real.value, commonDir);
      if (common.value.areSameEverywhere && liesThere) return known(common.value.names);
      const filters = own.get(place.adminDir) ?? configuredFilters(io, place);
      own.set(place.adminDir, filters);
      return filters;
    },
  };
}
