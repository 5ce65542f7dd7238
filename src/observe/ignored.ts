/**
 * Sorts a worktree's ignored content into what a tool can make again and what nobody can.
 *
 * Contract: every ignored path of `git status` ends up in exactly one of ballast, weak,
 * precious or nested. Directories are listed, never followed through a symbolic link.
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

/** Package managers put packages at depth 1 and, with a scope, 2; a checkout linked by hand stands there too. */
const NESTED_DEPTH = 3;

/** A node_modules of a large monorepo has some 20,000 directories in its first levels. */
const MAX_DIRECTORIES = 50_000;

export async function sortIgnored(
  disk: DiskReader,
  tree: string,
  ignored: readonly string[],
  index: Pick<IndexListing, 'hasTracked'>,
  names: readonly string[],
): Promise<Fact<Ignored>> {
  const nameSet = new Set(names);
  const roots = new Map<string, boolean>();
  const precious: string[] = [];
  const nested: string[] = [];
  const tagged: string[] = [];
  for (const path of ignored) {
    const found = rebuildableRoot(path, nameSet, index.hasTracked);
    if (found !== null) roots.set(found.root, found.isDirectory);
    else if (path.endsWith('/') && (await hasCacheTag(disk, join(tree, path)))) tagged.push(path.slice(0, -1));
    else precious.push(path);
  }
  const ballast: string[] = [];
  const weak: string[] = [];
  for (const [root, isDirectory] of [...roots, ...tagged.map((path) => [path, true] as const)]) {
    const looked = isDirectory ? await lookInto(disk, tree, root) : known({ strong: false, precious: [], nested: [] });
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
async function lookInto(disk: DiskReader, tree: string, root: string): Promise<Fact<Look>> {
  const info = await disk.lstat(join(tree, root));
  if (!info.ok) return unknown(`${root} could not be looked at: ${info.why}`);
  if (info.value.kind !== 'directory') return known({ strong: false, precious: [], nested: [] });
  const listing = await disk.list(join(tree, root));
  if (!listing.ok) return unknown(`${root} could not be listed: ${listing.why}`);
  const name = root.slice(root.lastIndexOf('/') + 1);
  const entries = listing.value.map((entry) => entry.name);
  const tag = entries.includes(CACHEDIR_TAG) && (await hasCacheTag(disk, join(tree, root)));
  const nested = await nestedRepositories(disk, tree, root, listing.value);
  if (!nested.known) return nested;
  return known({
    strong: hasStrongMark(name, entries, tag),
    precious: entries.filter((entry) => isOutOfPlace(name, entry, listing.value)).map((entry) => `${root}/${entry}`),
    nested: nested.value,
  });
}

/** A credential or database at the top, or a loose file where a package manager only puts packages. */
function isOutOfPlace(directory: string, entry: string, listing: readonly DirEntry[]): boolean {
  if (isPreciousName(entry)) return true;
  if (directory !== 'node_modules' || entry.startsWith('.')) return false;
  return listing.some((each) => each.name === entry && each.kind !== 'directory' && each.kind !== 'symlink');
}

/** Repositories (with a `.git`, or bare) at `root` or below it, to NESTED_DEPTH. */
async function nestedRepositories(
  disk: DiskReader,
  tree: string,
  root: string,
  top: readonly DirEntry[],
): Promise<Fact<string[]>> {
  const found: string[] = [];
  let level = [{ path: root, entries: top }];
  let seen = 0;
  for (let depth = 0; depth <= NESTED_DEPTH; depth++) {
    for (const { path, entries } of level) if (isRepository(entries)) found.push(path);
    if (depth === NESTED_DEPTH) break;
    const below = level.flatMap(({ path, entries }) =>
      entries.filter((entry) => entry.kind === 'directory').map((entry) => `${path}/${entry.name}`),
    );
    seen += below.length;
    if (seen > MAX_DIRECTORIES) return unknown(`${root} holds more than ${MAX_DIRECTORIES} directories`);
    const listings = await Promise.all(
      below.map(async (path) => ({ path, listing: await disk.list(join(tree, path)) })),
    );
    level = [];
    for (const { path, listing } of listings) {
      if (!listing.ok) return unknown(`${path} could not be listed: ${listing.why}`);
      level.push({ path, entries: listing.value });
    }
  }
  return known(found);
}

function isRepository(entries: readonly DirEntry[]): boolean {
  const has = (name: string) => entries.some((entry) => entry.name === name);
  return has('.git') || (has('HEAD') && has('objects') && has('refs'));
}

async function hasCacheTag(disk: DiskReader, directory: string): Promise<boolean> {
  const text = await disk.readText(join(directory, CACHEDIR_TAG));
  return text.ok && text.value.startsWith(CACHEDIR_SIGNATURE);
}
