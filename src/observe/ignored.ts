/**
 * Sorts a worktree's ignored content into what a tool can make again and what nobody can.
 *
 * Contract: every ignored path of `git status` ends up in exactly one of ballast, weak,
 * precious or nested. Directories are listed, never followed through a symbolic link.
 * A link in place of a rebuildable directory, and directories without a file, are weak.
 * Failure direction: a directory that cannot be listed, or that is too large to look through,
 * makes the fact unknown; a name in no table is precious.
 */
import { join } from 'node:path';
import { type Fact, type Ignored, known, unknown } from '../core/model.ts';
import {
  CACHEDIR_SIGNATURE,
  CACHEDIR_TAG,
  hasStrongMark,
  isPreciousName,
  rebuildableRoot,
} from '../core/rebuildable.ts';
import type { DirEntry, DiskReader } from '../io/ports.ts';
import type { IndexListing } from './changes.ts';
import { lookThrough, repositoriesAmongTracked } from './inside.ts';
import type { Walks } from './walks.ts';

export async function sortIgnored(
  disk: DiskReader,
  tree: string,
  ignored: readonly string[],
  index: Pick<IndexListing, 'hasTracked' | 'directories'>,
  names: readonly string[],
  walks: Walks,
): Promise<Fact<Ignored>> {
  const amongTracked = await repositoriesAmongTracked(disk, tree, index.directories);
  if (!amongTracked.known) return amongTracked;
  const nested = [...amongTracked.value];
  const nameSet = new Set(names);
  const roots = new Map<string, boolean>();
  const precious: string[] = [];
  const ballast: string[] = [];
  const weak: string[] = [];
  const tags = createTagReader(disk, tree, index.hasTracked);
  for (const path of ignored) {
    const found = rebuildableRoot(path, nameSet, index.hasTracked);
    const tag = found === null ? await tags.rootOf(path) : null;
    if (found !== null) roots.set(found.root, found.isDirectory);
    else if (tag !== null) roots.set(tag, true);
    else if (await isExpendable(disk, tree, path, nameSet)) weak.push(path.replace(/\/$/, ''));
    else precious.push(path);
  }
  for (const [root, isDirectory] of roots) {
    const looked = isDirectory
      ? await lookInto(disk, tree, root, walks)
      : known({ strong: false, precious: [], nested: [] });
    if (!looked.known) return looked;
    precious.push(...looked.value.precious);
    nested.push(...looked.value.nested);
    (looked.value.strong ? ballast : weak).push(root);
  }
  return known({ ballast, weak, precious, nested });
}

interface Look {
  readonly strong: boolean;
  readonly precious: readonly string[];
  readonly nested: readonly string[];
}

/** Looks at the top of a rebuildable directory for its mark and for names that never go. */
async function lookInto(disk: DiskReader, tree: string, root: string, walks: Walks): Promise<Fact<Look>> {
  const info = await disk.lstat(join(tree, root));
  if (!info.ok) return unknown(`${root} could not be looked at: ${info.why}`);
  if (info.value.kind !== 'directory') return known({ strong: false, precious: [], nested: [] });
  const looked = await lookThrough(disk, { tree, root }, walks);
  if (!looked.known) return looked;
  const { top, inside } = looked.value;
  const name = root.slice(root.lastIndexOf('/') + 1);
  const entries = top.map((entry) => entry.name);
  const tag = entries.includes(CACHEDIR_TAG) && (await hasCacheTag(disk, join(tree, root)));
  const isMarked = hasStrongMark(name, entries, tag);
  const misplaced = top.filter((entry) => isOutOfPlace(name, entry)).map((entry) => `${root}/${entry.name}`);
  return known({
    // Data below the top of what bears its tool's mark is not purged first; elsewhere it keeps the worktree.
    strong: isMarked && inside.data.length === 0,
    precious: isMarked ? misplaced : [...misplaced, ...inside.data],
    nested: inside.repositories,
  });
}

/** Where pnpm lets a person edit a dependency before the patch is committed. */
const PNPM_PATCHES = '.pnpm_patches';

/** A credential or database at the top, or a loose file where a package manager only puts packages. */
function isOutOfPlace(directory: string, { name, kind }: DirEntry): boolean {
  const isPackage = (kind === 'directory' || kind === 'symlink') && !name.startsWith('.');
  if (directory === 'node_modules' && isPackage) return false;
  if (isPreciousName(name) || name === PNPM_PATCHES) return true;
  return directory === 'node_modules' && !name.startsWith('.');
}

/** Finds the directory on the way to a path, or that itself, that bears a cache tag; each is read once. */
function createTagReader(disk: DiskReader, tree: string, hasTracked: (directory: string) => boolean) {
  const seen = new Map<string, boolean>();
  const isTagged = async (directory: string): Promise<boolean> => {
    const answer = seen.get(directory) ?? (!hasTracked(directory) && (await hasCacheTag(disk, join(tree, directory))));
    seen.set(directory, answer);
    return answer;
  };
  return {
    /** The outermost one, or null. A tool that ignores its own cache has every entry of it listed. */
    async rootOf(path: string): Promise<string | null> {
      for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
        if (await isTagged(path.slice(0, end))) return path.slice(0, end);
      return null;
    },
  };
}

async function hasCacheTag(disk: DiskReader, directory: string): Promise<boolean> {
  const text = await disk.readText(join(directory, CACHEDIR_TAG));
  return text.ok && text.value.startsWith(CACHEDIR_SIGNATURE);
}

/** A directory with more directories than this in it, and no file, is not looked through. */
const MAX_EMPTY_DIRECTORIES = 1_000;

/** A link in place of a rebuildable directory, or directories without a single file in them. */
async function isExpendable(
  disk: DiskReader,
  tree: string,
  path: string,
  names: ReadonlySet<string>,
): Promise<boolean> {
  if (!path.endsWith('/')) {
    if (!names.has(path.slice(path.lastIndexOf('/') + 1))) return false;
    const info = await disk.lstat(join(tree, path));
    return info.ok && info.value.kind === 'symlink';
  }
  const pending = [join(tree, path)];
  let seen = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const here = directory;
    const listing = await disk.list(here);
    if (!listing.ok || ++seen > MAX_EMPTY_DIRECTORIES) return false;
    if (listing.value.some(({ kind }) => kind !== 'directory')) return false;
    pending.push(...listing.value.map(({ name }) => join(here, name)));
  }
  return true;
}
