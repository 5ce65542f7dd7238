/**
 * Directories outside the repository that the user's own configuration names, such as a tool's teams.
 *
 * Contract: found like staging entries, below a literal directory, through no symbolic link. What lies in
 * any git repository, is the current directory, or is not a directory is never one of them.
 * Failure direction: what cannot be looked at is no candidate and is reported, or is unknown and kept.
 */
import { dirname, join } from 'node:path';
import { type Fact, known, type Ownness, type StagingCandidate, unknown } from '../core/model.ts';
import { isInside } from '../core/paths.ts';
import { splitDirectoryPattern } from '../core/patterns-outside.ts';
import { type DirectoryPattern, FLOORS } from '../core/settings.ts';
import type { DiskReader, Io } from '../io/ports.ts';
import { isAbsent, matchesBelow, type StagingFound, stagingOwn } from './staging.ts';

/** Where a quarantine may lie that is not below the common directory. */
const OUR_OWN = '.reaper-quarantine';

/** Finds the directories that `patterns` name; with two patterns for one, the rules of both hold. */
export async function findDirectories(
  disk: DiskReader,
  patterns: readonly DirectoryPattern[],
  home: string,
  floorMs: number = FLOORS.stagingAgeWithoutPidMs,
): Promise<StagingFound> {
  const entries = new Map<string, StagingCandidate>();
  const problems: StagingFound['problems'] = [];
  for (const pattern of patterns) {
    const parsed = splitDirectoryPattern(pattern.path, home);
    if (!parsed.ok) {
      problems.push({ pattern: pattern.path, why: parsed.why });
      continue;
    }
    const walk = await matchesBelow(disk, parsed.base, parsed.segments);
    for (const why of walk.problems) problems.push({ pattern: pattern.path, why });
    for (const { path } of walk.found) {
      if (path.endsWith(`/${OUR_OWN}`)) continue;
      const info = await disk.lstat(path);
      if (!info.ok || info.value.kind !== 'directory') continue;
      const earlier = entries.get(path);
      const ageMs = Math.max(pattern.ageMs, floorMs, earlier?.ageMs ?? 0);
      const keepIf = [...(earlier?.keepIf ?? []), ...pattern.keepIf];
      const named = { id: path, path, worktree: parsed.base, pattern: pattern.path };
      entries.set(path, { kind: 'staging', ...named, ageMs, pid: null, keepIf });
    }
  }
  return { entries: [...entries.values()], problems };
}

/**
 * Whether a directory is one of those, and nobody stands in it.
 *
 * @param standing the directories of this program and of its caller
 * @param at where it lies now; differs from its path only in quarantine
 */
export async function directoryOwn(
  io: Pick<Io, 'disk'>,
  candidate: StagingCandidate,
  standing: readonly (string | null)[],
  at: string,
): Promise<Fact<Ownness>> {
  if (standing.some((place) => place !== null && (isInside(place, at) || isInside(place, candidate.path))))
    return known('current');
  const own = await stagingOwn(io, candidate, at);
  if (!own.known || own.value !== 'linked') return own;
  return (await repositoryAround(io.disk, candidate.worktree)) ?? known('linked');
}

/** A directory in a repository belongs to that repository, even where it is the home directory. */
async function repositoryAround(disk: DiskReader, directory: string): Promise<Fact<Ownness> | null> {
  const real = await disk.realpath(directory);
  if (!real.ok) return unknown(`${directory} could not be resolved: ${real.why}`);
  for (let at = real.value; ; at = dirname(at)) {
    const dotGit = await disk.lstat(join(at, '.git'));
    if (dotGit.ok) return known({ notOwn: `it lies in the repository at ${at}` });
    if (!isAbsent(dotGit.code)) return unknown(`${at} could not be looked into: ${dotGit.why}`);
    if (at === dirname(at)) return null;
  }
}
