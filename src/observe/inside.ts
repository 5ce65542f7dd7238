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

/**
 * @param root the directory to look through, relative to `tree`
 * @param top its own entries, already listed
 */
export async function lookThrough(
  disk: DiskReader,
  tree: string,
  root: string,
  top: readonly DirEntry[],
): Promise<Fact<Inside>> {
  const repositories: string[] = [];
  const data: string[] = [];
  let seen = 1;
  let level: { path: string; entries: readonly DirEntry[] }[] = [{ path: root, entries: top }];
  while (level.length > 0) {
    const below: string[] = [];
    for (const { path, entries } of level) {
      if (isRepository(entries)) repositories.push(path);
      const mayHoldData = path !== root && !isPackaged(`${path}/`);
      for (const { name, kind } of entries) {
        if (kind === 'directory') below.push(`${path}/${name}`);
        else if (mayHoldData && isPreciousBelow(name)) data.push(`${path}/${name}`);
      }
    }
    seen += below.length;
    if (seen > MAX_DIRECTORIES) return unknown(`${root} holds more than ${MAX_DIRECTORIES} directories`);
    const listed = await listAll(disk, tree, below);
    if (!listed.known) return listed;
    level = listed.value;
  }
  return known({ repositories, data });
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

async function listAll(
  disk: DiskReader,
  tree: string,
  paths: readonly string[],
): Promise<Fact<{ path: string; entries: readonly DirEntry[] }[]>> {
  const all: { path: string; entries: readonly DirEntry[] }[] = [];
  for (let start = 0; start < paths.length; start += SIDE_BY_SIDE) {
    const group = paths.slice(start, start + SIDE_BY_SIDE);
    const listings = await Promise.all(
      group.map(async (path) => ({ path, listing: await disk.list(join(tree, path)) })),
    );
    for (const { path, listing } of listings) {
      if (!listing.ok) return unknown(`${path} could not be listed: ${listing.why}`);
      all.push({ path, entries: listing.value });
    }
  }
  return known(all);
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
