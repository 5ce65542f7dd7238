/**
 * Files of which a content filter keeps something from git, such as the outputs of a notebook.
 *
 * Contract: compares the bytes on disk with the blob in the index; no filter is run. A file that
 * was added through a filter equals its blob in git's eyes, whatever the filter took away.
 * Failure direction: what cannot be compared makes the answer unknown.
 */
import { type Fact, known, unknown } from '../core/model.ts';
import type { Io } from '../io/ports.ts';
import { inWorktree, type Place } from './changes.ts';

/** These store all of a file elsewhere, or all of it encrypted: git-lfs, git-crypt, transcrypt. */
const LOSSLESS = /^(lfs|git-crypt(-.+)?|crypt(-.+)?)$/;

export const isLossless = (name: string): boolean => LOSSLESS.test(name);

/** A regular file in the index that is in no conflict. */
const REGULAR = /^100\d{3} ([0-9a-f]{40,64}) 0\t([\s\S]+)$/;

/**
 * Paths whose content on disk is not what git holds.
 *
 * @param filters names of the configured filters
 */
export async function strippedFiles(
  io: Pick<Io, 'git'>,
  place: Place,
  filters: readonly string[],
): Promise<Fact<string[]>> {
  const lossy = new Set(filters.filter((name) => !isLossless(name)));
  if (lossy.size === 0) return known([]);
  const staged = await io.git.run(inWorktree(place, ['ls-files', '--stage', '-z']));
  if (!staged.ok) return unknown(`git ls-files failed: ${staged.why}`);
  const blobs = new Map<string, string>();
  for (const record of staged.stdout.split('\0')) {
    const [, oid, path] = REGULAR.exec(record) ?? [];
    if (oid !== undefined && path !== undefined) blobs.set(path, oid);
  }
  const filtered = await filteredPaths(io, place, [...blobs.keys()], lossy);
  return filtered.known ? differing(io, place, filtered.value, blobs) : filtered;
}

/** The paths to which an attribute applies one of the filters. */
async function filteredPaths(
  io: Pick<Io, 'git'>,
  place: Place,
  paths: readonly string[],
  filters: ReadonlySet<string>,
): Promise<Fact<string[]>> {
  if (paths.length === 0) return known([]);
  const input = paths.map((path) => `${path}\0`).join('');
  const answer = await io.git.run({ ...inWorktree(place, ['check-attr', '-z', '--stdin', 'filter']), input });
  if (!answer.ok) return unknown(`its attributes could not be read: ${answer.why}`);
  const fields = answer.stdout.split('\0');
  if (fields.length !== 3 * paths.length + 1) return unknown('git check-attr printed something that is not understood');
  return known(paths.filter((_path, index) => filters.has(fields[3 * index + 2] ?? '')));
}

async function differing(
  io: Pick<Io, 'git'>,
  place: Place,
  paths: readonly string[],
  blobs: ReadonlyMap<string, string>,
): Promise<Fact<string[]>> {
  if (paths.length === 0) return known([]);
  if (paths.some((path) => path.includes('\n'))) return unknown('a filtered file has a line break in its name');
  const input = paths.map((path) => `${path}\n`).join('');
  const answer = await io.git.run({ ...inWorktree(place, ['hash-object', '--no-filters', '--stdin-paths']), input });
  if (!answer.ok) return unknown(`filtered files could not be compared: ${answer.why}`);
  const oids = answer.stdout.trimEnd().split('\n');
  if (oids.length !== paths.length) return unknown('git hash-object ended before its end');
  return known(paths.filter((path, index) => oids[index] !== blobs.get(path)));
}
