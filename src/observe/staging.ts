/**
 * Per-process leftovers in the worktrees: finding them by pattern, and the facts about each.
 *
 * Contract: every step from a worktree's root to an entry is looked at without following symbolic links.
 * Everything is bounded; what a limit cut off is said by name.
 * Failure direction: what is reached through a link, or cannot be listed, is no candidate and is reported;
 * a fact about a candidate that cannot be read to the end is unknown.
 */
import { join, relative } from 'node:path';
import {
  type Fact,
  known,
  type Owner,
  type Ownness,
  type StagingCandidate,
  unknown,
  type WorktreeCandidate,
} from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import { matchSegment, parseStagingPattern, type StagingSegment } from '../core/patterns.ts';
import { FLOORS, type StagingPattern } from '../core/settings.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import { ownerNow } from './owner.ts';
import { look } from './staging-tree.ts';

/** A directory of leftovers has hundreds of entries; one with more than this is not looked through by a hook. */
const MAX_LISTED = 20_000;

/** A wildcard in the middle of a pattern multiplies the directories; real patterns have one or two. */
const MAX_DIRECTORIES = 2_000;

export interface StagingSearch {
  readonly io: Pick<Io, 'disk'>;
  readonly worktrees: readonly { readonly path: string }[];
  readonly patterns: readonly StagingPattern[];
  /** The least age of an entry without a process in its name; a day when absent. */
  readonly floorMs?: number;
}

export interface StagingFound {
  readonly entries: StagingCandidate[];
  /** What could not be looked through, and why. */
  readonly problems: { readonly pattern: string; readonly why: string }[];
}

/** Finds what the patterns name, in each worktree; an entry that two of them name once, with the longer age. */
export async function findStaging({ io, worktrees, patterns, floorMs }: StagingSearch): Promise<StagingFound> {
  const entries = new Map<string, StagingCandidate>();
  const problems: StagingFound['problems'] = [];
  for (const pattern of patterns) {
    const parsed = parseStagingPattern(pattern.path);
    if (!parsed.ok) {
      problems.push({ pattern: pattern.path, why: parsed.why });
      continue;
    }
    for (const { path: worktree } of worktrees) {
      const walk = await matchesBelow(io.disk, worktree, parsed.segments);
      for (const why of walk.problems) problems.push({ pattern: pattern.path, why });
      for (const each of walk.found) keepOlder(entries, candidateOf(each, worktree, pattern, floorMs));
    }
  }
  return { entries: [...entries.values()], problems };
}

/** Everything below `directory` that the segments name, and what could not be looked at. */
export async function matchesBelow(
  disk: DiskReader,
  directory: string,
  segments: readonly StagingSegment[],
): Promise<{ readonly found: readonly Found[]; readonly problems: readonly string[] }> {
  const walk: Walk = { disk, directories: 0, problems: [], found: [] };
  await follow(walk, directory, segments);
  return walk;
}

interface Found {
  readonly path: string;
  readonly pid: number | null;
}

interface Walk {
  readonly disk: DiskReader;
  directories: number;
  readonly problems: string[];
  readonly found: Found[];
}

function candidateOf(
  { path, pid }: Found,
  worktree: string,
  pattern: StagingPattern,
  floorMs: number = FLOORS.stagingAgeWithoutPidMs,
): StagingCandidate {
  const ageMs = pid === null ? Math.max(pattern.ageMs, floorMs) : pattern.ageMs;
  return { kind: 'staging', id: relative(worktree, path), path, worktree, pattern: pattern.path, ageMs, pid };
}

/** Two patterns that disagree about the owner leave the entry with the one that has an owner to ask about. */
function keepOlder(entries: Map<string, StagingCandidate>, candidate: StagingCandidate): void {
  const earlier = entries.get(candidate.path);
  if (earlier === undefined) entries.set(candidate.path, candidate);
  else
    entries.set(candidate.path, {
      ...earlier,
      ageMs: Math.max(earlier.ageMs, candidate.ageMs),
      pid: earlier.pid ?? candidate.pid,
    });
}

/** One step of the pattern at a time; the last one names entries. */
async function follow(walk: Walk, directory: string, segments: readonly StagingSegment[]): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  for (const { name, pid } of await namesFor(walk, directory, segment)) {
    const path = join(directory, name);
    const info = await walk.disk.lstat(path);
    if (!info.ok) {
      if (!isAbsent(info.code)) walk.problems.push(`${path} could not be looked at: ${info.why}`);
    } else if (info.value.kind === 'symlink') {
      walk.problems.push(`${path} is a symbolic link, which is not followed`);
    } else if (rest.length > 0) {
      if (info.value.kind === 'directory') await follow(walk, path, rest);
    } else if (info.value.kind !== 'other') {
      walk.found.push({ path, pid });
    }
  }
}

async function namesFor(
  walk: Walk,
  directory: string,
  segment: StagingSegment,
): Promise<{ name: string; pid: number | null }[]> {
  if (segment.literal !== null) return [{ name: segment.literal, pid: null }];
  if (++walk.directories > MAX_DIRECTORIES) {
    if (walk.directories === MAX_DIRECTORIES + 1)
      walk.problems.push(`it leads into more than ${MAX_DIRECTORIES} directories; the rest was not looked through`);
    return [];
  }
  const listing = await walk.disk.list(directory);
  if (!listing.ok) {
    if (!isAbsent(listing.code)) walk.problems.push(`${directory} could not be listed: ${listing.why}`);
    return [];
  }
  if (listing.value.length > MAX_LISTED)
    walk.problems.push(`${directory} has more than ${MAX_LISTED} entries; the rest was not looked at`);
  return listing.value.slice(0, MAX_LISTED).flatMap(({ name }) => {
    const match = matchSegment(segment, name);
    return match.matches ? [{ name, pid: match.pid }] : [];
  });
}

/** Nothing is there, which is an answer. */
export const isAbsent = (code: string): boolean => code === 'ENOENT' || code === 'ENOTDIR';

/**
 * Whether the entry is the worktree's own: inside it through no symbolic link and through no other repository.
 *
 * @param at where it lies now; differs from its path only in quarantine
 */
export async function stagingOwn(
  { disk }: Pick<Io, 'disk'>,
  candidate: StagingCandidate,
  at: string = candidate.path,
): Promise<Fact<Ownness>> {
  const info = await disk.lstat(at);
  if (!info.ok) return unknown(`it could not be looked at: ${info.why}`);
  if (info.value.kind !== 'file' && info.value.kind !== 'directory')
    return known({ notOwn: 'it is neither a file nor a directory' });
  const { path, worktree } = candidate;
  if (path === worktree || !isInside(path, worktree)) return known({ notOwn: `it is not inside ${worktree}` });
  if (at !== path) return known('linked');
  const [root, real] = await Promise.all([disk.realpath(worktree), disk.realpath(path)]);
  if (!root.ok) return unknown(`its worktree could not be resolved: ${root.why}`);
  if (!real.ok) return unknown(`its path could not be resolved: ${real.why}`);
  const expected = join(root.value, relative(worktree, path));
  if (real.value !== expected) return known({ notOwn: `its path leads through a symbolic link to ${real.value}` });
  return (await repositoryOnTheWay(disk, candidate)) ?? known('linked');
}

/** A `.git` between the worktree's root and the entry: a submodule, or somebody else's repository. */
async function repositoryOnTheWay(
  disk: DiskReader,
  { path, worktree }: StagingCandidate,
): Promise<Fact<Ownness> | null> {
  const steps = relative(worktree, path).split('/').slice(0, -1);
  let directory = worktree;
  for (const step of steps) {
    if (step.toLowerCase() === '.git') return known({ notOwn: 'it lies in a git directory' });
    directory = join(directory, step);
    const dotGit = await disk.lstat(join(directory, '.git'));
    if (dotGit.ok) return known({ notOwn: `it belongs to the repository at ${directory}` });
    if (!isAbsent(dotGit.code)) return unknown(`${directory} could not be looked into: ${dotGit.why}`);
  }
  return null;
}

/** Why git has a part in the entry, or null when it is untracked throughout. */
export async function stagingTracked(
  { git }: Pick<Io, 'git'>,
  candidate: StagingCandidate,
  worktrees: readonly WorktreeCandidate[],
  commonDir: string,
): Promise<Fact<string | null>> {
  const worktree = worktrees.find(({ path }) => path === candidate.worktree);
  if (worktree === undefined) return unknown(`${candidate.worktree} is not a registered worktree`);
  const gitDir = worktree.isMain ? commonDir : worktree.adminDir;
  if (gitDir === '') return unknown(`the registration of ${candidate.worktree} is not known`);
  const name = relative(candidate.worktree, candidate.path);
  const args = ['ls-files', '-z', '--cached', '--', name];
  const answer = await git.run({ args, cwd: worktree.path, gitDir, workTree: worktree.path, strict: true });
  if (!answer.ok) return unknown(`whether git tracks it could not be asked: ${answer.why}`);
  const tracked = answer.stdout.split('\0').filter((path) => path !== '');
  return known(tracked.length === 0 ? null : `git tracks ${tracked[0]}`);
}

/**
 * The process in the entry's name, and whether it lives. A live process that started after the entry was last
 * written to is another one, to which the number was given again.
 */
export async function stagingOwner(
  io: Pick<Io, 'disk' | 'processes'>,
  candidate: StagingCandidate,
  at: string = candidate.path,
  clockWasSet = false,
): Promise<Fact<Owner | null>> {
  const { pid } = candidate;
  if (pid === null) return known(null);
  const owner = (recordedMs: number | null): Owner => {
    const { liveness, why } = ownerNow(io, { pid, startedMs: null, host: null, recordedMs }, clockWasSet);
    return { label: `process ${pid}`, pid, liveness, why, deadSinceMs: null };
  };
  // Only a number that is in use again needs the entry's age, for which the whole tree is walked.
  const first = owner(null);
  if (first.liveness === 'dead') return known(first);
  const tree = await look(io.disk, at);
  return tree.known ? known(owner(tree.value.newestMs)) : tree;
}

/** Epoch milliseconds of the newest time in the tree. */
export async function stagingIdle({ disk }: Pick<Io, 'disk'>, at: string): Promise<Fact<{ lastActivityMs: number }>> {
  const tree = await look(disk, at);
  return tree.known ? known({ lastActivityMs: tree.value.newestMs }) : tree;
}

/** A repository or registered worktree that the entry is, or holds; or null. */
export async function stagingNested(
  { disk }: Pick<Io, 'disk'>,
  candidate: StagingCandidate,
  at: string = candidate.path,
  worktrees: readonly WorktreeCandidate[] = [],
): Promise<Fact<string | null>> {
  const registered = worktrees.find(({ path }) => isInside(path, candidate.path) || isInside(path, at));
  if (registered !== undefined) return known(registered.path);
  const tree = await look(disk, at);
  return tree.known ? known(tree.value.repository) : tree;
}
