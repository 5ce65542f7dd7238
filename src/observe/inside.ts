/**
 * Looks through directories for what must not be lost with them: repositories and data.
 *
 * Contract: names only, all depths, one file system's worth of listings; no symbolic link is
 * followed. Failure direction: a directory that cannot be listed, or one too large to look
 * through, makes the answer unknown.
 */
import { join } from 'node:path';
import { type Fact, known, unknown } from '../core/model.ts';
import { isPackaged, isPreciousBelow } from '../core/rebuildable.ts';
import type { DirEntry, DiskReader } from '../io/ports.ts';
import type { Walk, Walks } from './walks.ts';

/** The node_modules of the largest monorepos have some 100,000 directories. */
const MAX_DIRECTORIES = 300_000;

/** Listings under way at once. */
const SIDE_BY_SIDE = 64;

export interface Inside {
  /** Directories, relative to the tree, that are a repository or a worktree. */
  readonly repositories: readonly string[];
  /** Credential- and database-shaped names below the top that no package brought, relative to the tree. */
  readonly data: readonly string[];
}

/** A directory of one tree. */
export interface Below {
  readonly tree: string;
  /** The directory to look through, relative to `tree`. */
  readonly root: string;
}

/** Its own names and what is anywhere below it. */
export interface LookedThrough {
  readonly top: readonly DirEntry[];
  readonly inside: Inside;
}

/** Looks through a directory, or recalls what an earlier look found below it. */
export async function lookThrough(disk: DiskReader, { tree, root }: Below, walks: Walks): Promise<Fact<LookedThrough>> {
  const walk = walks.begin(disk, tree, root);
  await walk.note(root);
  const listing = await disk.list(join(tree, root));
  if (!listing.ok) return unknown(`${root} could not be listed: ${listing.why}`);
  const top = listing.value;
  const recalled = await walks.recall(disk, tree, root);
  if (recalled !== null) return known({ top, inside: recalled });
  const inside = await search(disk, { tree, root }, top, walk);
  if (!inside.known) return inside;
  walk.keep(inside.value);
  return known({ top, inside: inside.value });
}

/** A few directories at a time, so that of all their names only those that matter stay in memory. */
async function search(
  disk: DiskReader,
  { tree, root }: Below,
  top: readonly DirEntry[],
  walk: Walk,
): Promise<Fact<Inside>> {
  const found: Found = { repositories: [], data: [], directories: [] };
  lookAt(found, root, top, false);
  for (let seen = 0; seen < found.directories.length; ) {
    // What is found in these comes behind them.
    const group = found.directories.slice(seen, seen + SIDE_BY_SIDE);
    seen += group.length;
    const listings = await Promise.all(
      group.map(async (path) => {
        await walk.note(path);
        return { path, listing: await disk.list(join(tree, path)) };
      }),
    );
    for (const { path, listing } of listings) {
      if (!listing.ok) return unknown(`${path} could not be listed: ${listing.why}`);
      lookAt(found, path, listing.value, !isPackaged(`${path}/`));
    }
    if (found.directories.length >= MAX_DIRECTORIES)
      return unknown(`${root} holds more than ${MAX_DIRECTORIES} directories`);
  }
  return known({ repositories: found.repositories, data: found.data });
}

interface Found {
  readonly repositories: string[];
  readonly data: string[];
  /** All that were come by, in the order in which they are listed. */
  readonly directories: string[];
}

function lookAt(found: Found, path: string, entries: readonly DirEntry[], mayHoldData: boolean): void {
  if (isRepository(entries)) found.repositories.push(path);
  for (const { name, kind } of entries) {
    if (kind === 'directory') found.directories.push(`${path}/${name}`);
    else if (mayHoldData && isPreciousBelow(name)) found.data.push(`${path}/${name}`);
  }
}

/**
 * Repositories inside directories that git tracks something in: git passes over every `.git`, so
 * its status says nothing about them.
 */
export async function repositoriesAmongTracked(
  disk: DiskReader,
  tree: string,
  directories: readonly string[],
): Promise<Fact<string[]>> {
  const found: string[] = [];
  for (let start = 0; start < directories.length; start += SIDE_BY_SIDE) {
    const group = directories.slice(start, start + SIDE_BY_SIDE);
    const infos = await Promise.all(
      group.map(async (path) => ({ path, info: await disk.lstat(join(tree, path, '.git')) })),
    );
    for (const { path, info } of infos) {
      if (info.ok) found.push(path);
      else if (info.code !== 'ENOENT' && info.code !== 'ENOTDIR')
        return unknown(`${path} could not be looked at: ${info.why}`);
    }
  }
  return known(found);
}

/** What stands at the top of a working copy, git's and other systems'. */
const REPOSITORY_MARKS = new Set(['.git', '.hg', '.jj', '.svn', '.bzr', '_darcs', '.pijul', '.fslckout', '_FOSSIL_']);

/** What stands, all of it, at the top of a bare repository. */
const BARE_MARKS = new Set(['HEAD', 'objects', 'refs']);

function isRepository(entries: readonly DirEntry[]): boolean {
  let bareMarks = 0;
  for (const { name } of entries) {
    if (REPOSITORY_MARKS.has(name)) return true;
    if (BARE_MARKS.has(name)) bareMarks++;
  }
  return bareMarks === BARE_MARKS.size;
}
